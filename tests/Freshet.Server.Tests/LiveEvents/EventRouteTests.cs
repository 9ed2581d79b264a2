using System.Text.Json.Nodes;
using Freshet.Server.LiveEvents;

namespace Freshet.Server.Tests.LiveEvents;

public sealed class EventRouteTests
{
    [Fact]
    public async Task A_watcher_sees_the_latest_first_and_then_what_comes()
    {
        await using var server = await ServerFixture.StartAsync();
        await TrackAsync(server, "First", "u1");
        using var watch = await OpenAsync(server, "");
        var line = await NextAsync(watch);
        Assert.Equal((1, 1, "First"), ((int)line["came"]!, (int)line["fitted"]!, (string?)line["events"]![0]!["event"]!["event"]));
        await TrackAsync(server, "Second", "u2");
        line = await NextAsync(watch);
        Assert.Equal((1, "Second"), ((int)line["came"]!, (string?)line["events"]![0]!["event"]!["event"]));
    }

    [Theory]
    [InlineData("name=Wanted")]
    [InlineData("identifier=user_id:u1")]
    [InlineData("identifier=u1&type=track")]
    [InlineData("source=default&name=Wanted")]
    public async Task Filters_choose(string filter)
    {
        await using var server = await ServerFixture.StartAsync();
        await TrackAsync(server, "Wanted", "u1");
        await TrackAsync(server, "Other", "u12");
        using var watch = await OpenAsync(server, filter);
        var line = await NextAsync(watch);
        Assert.Equal((2, 1), ((int)line["looked"]!, (int)line["fitted"]!));
        Assert.Equal("Wanted", (string?)line["events"]!.AsArray().Single()!["event"]!["event"]);
    }

    [Fact]
    public async Task However_many_come_few_are_looked_at_and_shown()
    {
        await using var server = await ServerFixture.StartAsync();
        using var watch = await OpenAsync(server, "name=E");
        await NextAsync(watch);
        var batch = new JsonArray([.. Enumerable.Range(0, 2000).Select(i => (JsonNode)new JsonObject { ["type"] = "track", ["event"] = "E", ["userId"] = "u" + i })]);
        Assert.Equal(200, (await server.PostAsync("/v1/batch", new JsonObject { ["batch"] = batch }.ToJsonString())).Status);
        var line = await NextAsync(watch);
        Assert.Equal((2000, EventTail.LookMax, EventTail.ShowMax), ((int)line["came"]!, (int)line["looked"]!, line["events"]!.AsArray().Count));
        Assert.Equal("u1999", (string?)line["events"]!.AsArray()[^1]!["event"]!["userId"]);
    }

    [Fact]
    public async Task A_rejected_event_comes_with_its_reason_and_as_it_was_sent()
    {
        await using var server = await ServerFixture.StartAsync(plan: "CREATE EVENT 'Paid' (amount INT NOT NULL);");
        Assert.Equal(400, (await server.PostAsync("/v1/track", """{"event":"Paid","userId":"u1"}""")).Status);
        Assert.Equal(400, (await server.PostAsync("/v1/track", """{"event":"<b>","nobody":true}""")).Status);
        using var watch = await OpenAsync(server, "rejected=true");
        var rejections = (await NextAsync(watch))["rejections"]!.AsArray();
        Assert.Equal(["block", "invalid"], rejections.Select(r => (string?)r!["action"]));
        Assert.Contains("amount is missing", (string?)rejections[0]!["reason"], StringComparison.Ordinal);
        Assert.Equal(("Paid", "<b>"), ((string?)rejections[0]!["event"]!["event"], (string?)rejections[1]!["event"]!["event"]));
    }

    private static async Task TrackAsync(ServerFixture server, string name, string user) =>
        Assert.Equal(200, (await server.PostAsync("/v1/track", $$"""{"event":"{{name}}","userId":"{{user}}"}""")).Status);

    private static async Task<StreamReader> OpenAsync(ServerFixture server, string query) =>
        new(await server.Client.GetStreamAsync(server.Url("/api/events?" + query), TestContext.Current.CancellationToken));

    /// <summary>The next line that says something.</summary>
    private static async Task<JsonNode> NextAsync(StreamReader watch) =>
        JsonNode.Parse((await watch.ReadLineAsync(TestContext.Current.CancellationToken))!)!;
}
