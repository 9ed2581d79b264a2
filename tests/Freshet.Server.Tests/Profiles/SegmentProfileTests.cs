using System.Text.Json.Nodes;

namespace Freshet.Server.Tests.Profiles;

/// <summary>Segment's Profile API: pages of the whole history, and accounts with their members.</summary>
public sealed class SegmentProfileTests
{
    private const string Users = "/v1/spaces/s/collections/users/profiles/user_id:u1/";
    private const string Accounts = "/v1/spaces/s/collections/accounts/profiles/group_id:acme/";

    [Fact]
    public async Task Events_are_paged_through_the_whole_history()
    {
        await using var server = await StartAsync();
        foreach (var limit in new[] { 1, 4, 10, 25 })
        {
            var seen = new List<string>();
            var next = "";
            do
            {
                var (status, body) = await server.GetAsync($"{Users}events?limit={limit}{(next.Length > 0 ? "&next=" + next : "")}");
                Assert.True(status == 200, body.ToJsonString());
                seen.AddRange(body["data"]!.AsArray().Select(e => e!["message_id"]!.ToString()));
                Assert.Equal(body["cursor"]!["has_more"]!.GetValue<bool>(), body["cursor"]!["next"]!.ToString().Length > 0);
                next = body["cursor"]!["next"]!.ToString();
            }
            while (next.Length > 0);
            Assert.Equal(Enumerable.Range(0, 30).Reverse().Select(i => $"m{i}").Append("g2"), seen);
        }

        Assert.Equal(["g2", "m0"], await IdsAsync(server, "events?sort=asc&limit=2"));
        Assert.Equal(["m27", "m24"], await IdsAsync(server, "events?include=e0&limit=2"));
        Assert.Equal(["m29", "m28", "m26"], await IdsAsync(server, "events?exclude=e0&limit=3"));
        Assert.Equal(["m4", "m3"], await IdsAsync(server, "events?start=2026-01-01T00:03:00Z&end=2026-01-01T00:05:00Z"));
        Assert.Equal([], await IdsAsync(server, "events?include=it's"));
        Assert.Equal(400, (await server.GetAsync(Users + "events?start=yesterday")).Status);
    }

    [Fact]
    public async Task Accounts_have_traits_members_and_their_calls()
    {
        await using var server = await StartAsync();
        Assert.Equal("""{"name":"Acme","seats":5}""", (await server.GetAsync(Accounts + "traits")).Body["traits"]!.ToJsonString());
        Assert.Equal("""{"seats":5}""", (await server.GetAsync(Accounts + "traits?include=seats")).Body["traits"]!.ToJsonString());
        var members = (await server.GetAsync(Accounts + "links?limit=1")).Body;
        Assert.Equal("u1", members["data"]![0]!["external_ids"]![0]!["id"]!.ToString());
        Assert.Equal("users", members["data"]![0]!["to_collection"]!.ToString());
        members = (await server.GetAsync(Accounts + "links?limit=1&next=" + members["cursor"]!["next"])).Body;
        Assert.Equal("u2", members["data"]![0]!["external_ids"]![0]!["id"]!.ToString());
        Assert.False(members["cursor"]!["has_more"]!.GetValue<bool>());
        var metadata = (await server.GetAsync(Accounts + "metadata")).Body["metadata"]!;
        Assert.Equal("g1", metadata["first_message_id"]!.ToString());
        Assert.Equal("g2", metadata["last_message_id"]!.ToString());
        Assert.Equal("acme", (await server.GetAsync(Accounts + "external_ids")).Body["data"]![0]!["id"]!.ToString());
        Assert.Equal(["g1", "g2"], (await server.GetAsync(Accounts + "events")).Body["data"]!.AsArray().Select(e => e!["message_id"]!.ToString()));
        Assert.Equal("acme", (await server.GetAsync(Users + "links")).Body["data"]![0]!["external_ids"]![0]!["id"]!.ToString());
        Assert.Equal(404, (await server.GetAsync("/v1/spaces/s/collections/accounts/profiles/group_id:nobody/traits")).Status);
        Assert.Equal(400, (await server.GetAsync("/v1/spaces/s/collections/accounts/profiles/user_id:u1/traits")).Status);
        Assert.Equal(404, (await server.GetAsync("/v1/spaces/s/collections/things/profiles/user_id:u1/traits")).Status);
    }

    [Fact]
    public async Task A_profile_that_was_erased_is_gone()
    {
        await using var server = await StartAsync();
        Assert.Equal(200, (await server.PostAsync("/api/profiles/user_id:u1/erase", new JsonObject())).Status);
        var (status, body) = await server.GetAsync(Users + "traits");
        Assert.Equal((410, "gone"), (status, body["error"]!["code"]!.ToString()));
        Assert.Equal(404, (await server.GetAsync("/v1/spaces/s/collections/users/profiles/user_id:u9/traits")).Status);
    }

    private static async Task<IEnumerable<string>> IdsAsync(ProjectServer server, string path)
    {
        var (status, body) = await server.GetAsync(Users + path);
        Assert.True(status == 200, body.ToJsonString());
        return body["data"]!.AsArray().Select(e => e!["message_id"]!.ToString());
    }

    private static async Task<ProjectServer> StartAsync()
    {
        var server = await ProjectServer.StartAsync("CREATE TRAIT n AS SELECT profile_id, COUNT(*) FROM events GROUP BY profile_id;");
        await server.SendAsync([.. Enumerable.Range(0, 29).Select(i => $$"""{"type":"track","messageId":"m{{i}}","userId":"u1","event":"e{{i % 3}}","timestamp":"2026-01-01T00:{{i:00}}:00Z"}""")]);
        await server.SendAsync(
            """{"type":"track","messageId":"m29","userId":"u1","anonymousId":"a1","event":"e2","timestamp":"2026-01-01T00:29:00Z"}""",
            """{"type":"group","messageId":"g1","anonymousId":"a2","userId":"u2","groupId":"acme","timestamp":"2026-01-01T01:00:00Z","traits":{"name":"Acme","seats":5}}""");
        await server.SendAsync("""{"type":"group","messageId":"g2","userId":"u1","groupId":"acme","timestamp":"2025-12-31T00:00:00Z","traits":{"seats":7}}""");
        return server;
    }
}
