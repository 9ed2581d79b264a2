using System.Text.Json.Nodes;
using Freshet.Server.Tests.Subscriptions;

namespace Freshet.Server.Tests.Pipelines;

public sealed class PipelineRouteTests
{
    [Fact]
    public async Task The_circuit_hangs_together_and_counts()
    {
        await using var server = await SubscriptionServer.StartAsync();
        var before = await ReadAsync(server);
        Assert.Equal("No rows have come yet.", before.Single(n => Text(n, "kind") == "source")["why"]!.GetValue<string>());
        Assert.StartsWith("Nothing comes from Source events", Text(before.Single(n => Text(n, "name") == "totals"), "why"), StringComparison.Ordinal);

        await server.SendAsync(("a", "E", 1), ("b", "E", 2), ("a", "F", 3));
        await server.ReadAsync("totals");
        var nodes = await ReadAsync(server);
        Assert.Equal(before.Select(n => (int)n["id"]!), nodes.Select(n => (int)n["id"]!));
        var seen = new HashSet<int>();
        foreach (var node in nodes)
        {
            Assert.All(node["inputs"]!.AsArray(), i => Assert.Contains((int)i!, seen));
            Assert.Equal(Text(node, "kind") == "source", node["inputs"]!.AsArray().Count == 0);
            Assert.True(seen.Add((int)node["id"]!));
        }

        Assert.Equal(3, (long)nodes.Single(n => Text(n, "kind") == "source")["rowsOut"]!);
        var view = nodes.Single(n => Text(n, "name") == "totals");
        Assert.Equal(("view", 2, null), (Text(view, "kind"), (long)view["stateRows"]!, Text(view, "why")));
        Assert.StartsWith("CREATE MATERIALIZED VIEW totals", Text(view, "sql"), StringComparison.Ordinal);
        var aggregate = nodes.Single(n => Text(n, "title")!.StartsWith("Aggregate by user_id", StringComparison.Ordinal));
        Assert.Contains("key: user_id", aggregate["notes"]!.AsArray().Select(n => (string?)n));
        Assert.Equal((3, 2), ((long)aggregate["rowsIn"]!, (long)aggregate["stateRows"]!));
    }

    private static async Task<List<JsonNode>> ReadAsync(SubscriptionServer server) =>
        [.. JsonNode.Parse(await server.Http.GetStringAsync(new Uri(server.Url, "/api/pipelines")))!["nodes"]!.AsArray().Select(n => n!)];

    private static string? Text(JsonNode node, string member) => (string?)node[member];
}
