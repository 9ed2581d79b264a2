using System.Net.Http.Headers;
using Freshet.Server.Tests.Api;

namespace Freshet.Server.Tests.Profiles;

/// <summary>Who may read profiles. The server here has none, so that who may read is told so.</summary>
public sealed class ProfileAccessTests
{
    private const string Token = "0123456789abcdef";

    private const string Settings = """{"keys":["wk1",{"key":"srv","source":"shop","kind":"server"}],"api":{"token":"0123456789abcdef"}}""";

    [Theory]
    [InlineData(null, null, 401)]
    [InlineData("Basic", "wk1", 403)]
    [InlineData("Basic", "nobody", 401)]
    [InlineData("Bearer", "wrong", 401)]
    [InlineData("Basic", "srv", 404)]
    [InlineData("Basic", Token, 404)]
    [InlineData("Bearer", Token, 404)]
    public async Task Server_keys_and_the_token_read_profiles_and_browser_keys_do_not(string? scheme, string? credential, int status)
    {
        await using var server = await ServerFixture.StartAsync(Settings, new TableViews());
        foreach (var (method, path) in new[] { ("GET", "/api/profiles/user_id:u1"), ("POST", "/api/profiles/user_id:u1/split"), ("GET", "/v1/spaces/s/collections/users/profiles/user_id:u1/traits") })
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            if (scheme is not null) request.Headers.Authorization = scheme == "Basic" ? ServerFixture.Basic(credential!) : new AuthenticationHeaderValue(scheme, credential);
            Assert.Equal(status, (await server.SendAsync(request)).Status);
        }
    }

    [Fact]
    public async Task Without_a_token_anyone_on_the_machine_reads()
    {
        await using var server = await ServerFixture.StartAsync(views: new TableViews());
        var (status, body) = await server.GetAsync("/api/profiles/user_id:u1");
        Assert.Equal(404, status);
        Assert.Contains("no_profiles", body, StringComparison.Ordinal);
        Assert.Equal(400, (await server.PostAsync("/v1/track?return=profile", """{"userId":"u","event":"e"}""")).Status);
    }
}
