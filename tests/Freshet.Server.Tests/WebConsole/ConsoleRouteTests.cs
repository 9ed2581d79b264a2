using Freshet.Server.WebConsole;

namespace Freshet.Server.Tests.WebConsole;

public sealed class ConsoleRouteTests
{
    [Fact]
    public async Task The_page_allows_nothing_inline_and_nothing_from_elsewhere()
    {
        await using var server = await ServerFixture.StartAsync();
        using var answer = await server.Client.GetAsync(server.Url("/"), TestContext.Current.CancellationToken);
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_foreign_host_gets_nothing()
    {
        await using var server = await ServerFixture.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Url("/")) { Headers = { Host = "evil.example" } };
        Assert.Equal(403, (await server.SendAsync(request)).Status);
    }

    [Fact]
    public async Task Other_paths_stay_unknown_and_files_know_their_version()
    {
        await using var server = await ServerFixture.StartAsync();
        Assert.Equal(404, (await server.GetAsync("/nothing")).Status);
        Assert.Equal(404, (await server.GetAsync("/console/nothing.js")).Status);
        using var first = await server.Client.GetAsync(server.Url("/console/console.js"), TestContext.Current.CancellationToken);
        using var again = new HttpRequestMessage(HttpMethod.Get, server.Url("/console/console.js"));
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        Assert.Equal(304, (await server.SendAsync(again)).Status);
    }

    [Fact]
    public void All_files_together_are_small() => Assert.InRange(ConsoleRoutes.TotalBytes, 20_000, 300_000);
}
