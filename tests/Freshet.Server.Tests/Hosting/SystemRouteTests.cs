using System.Text.Json.Nodes;
using Freshet.Server.Hosting;

namespace Freshet.Server.Tests.Hosting;

public sealed class SystemRouteTests
{
    [Fact]
    public async Task The_configuration_shows_no_secret()
    {
        const string Token = "0123456789abcdef0123456789abcdef";
        await using var server = await ServerFixture.StartAsync($$"""{"keys":[{"key":"wk_long_secret_key","source":"web","kind":"server"},"wk1"],"api":{"token":"{{Token}}"},"events":{"watermarkDelay":"3s" } }""");
        Assert.Equal(401, (await server.GetAsync("/api/config")).Status);
        Assert.Equal(401, (await server.GetAsync("/api/logs")).Status);
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Url("/api/config"));
        request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", Token);
        var (status, body) = await server.SendAsync(request);
        Assert.Equal(200, status);
        Assert.DoesNotContain(Token, body, StringComparison.Ordinal);
        Assert.DoesNotContain("wk_long", body, StringComparison.Ordinal);
        Assert.DoesNotContain("wk1", body, StringComparison.Ordinal);
        var settings = JsonNode.Parse(body)!["settings"]!.AsArray();
        Assert.Equal(("3s", "freshet.json"), Of("events.watermarkDelay"));
        Assert.Equal(("(set)", "freshet.json"), Of("api.token"));
        Assert.Equal(("500KiB", "default"), Of("limits.batchBytes"));

        (string?, string?) Of(string name)
        {
            var setting = settings.Single(s => (string?)s!["name"] == name)!;
            return ((string?)setting["value"], (string?)setting["from"]);
        }
    }

    [Fact]
    public void Lines_are_passed_on_and_the_last_are_kept()
    {
        using var passed = new StringWriter();
        using var lines = new RecentLines(passed);
        lines.Write("a");
        lines.WriteLine("b");
        for (var i = 0; i < 600; i++) lines.WriteLine("line " + i);
        Assert.StartsWith("ab", passed.ToString(), StringComparison.Ordinal);
        Assert.Equal(500, lines.Lines.Count);
        Assert.Equal("line 599", lines.Lines[^1].Text);
    }
}
