using System.Globalization;
using System.Text.Json.Nodes;

namespace Freshet.Server.Tests.Segments;

/// <summary>Why a profile is in a segment: every shape of a segment's query, over HTTP.</summary>
public sealed class MembershipTests
{
    private const string Sql = """
        CREATE EVENT 'Order Completed' (order_id STRING, revenue DECIMAL(12, 2));
        CREATE TRAIT revenue AS SELECT profile_id, SUM(CAST(properties['revenue'] AS DECIMAL(12, 2))) FROM events WHERE event IN ('Order Completed', 'Order Refunded') GROUP BY profile_id;
        CREATE TRAIT last_order AS SELECT profile_id, MAX(event_time) FROM order_completed GROUP BY profile_id;
        CREATE TRAIT lately AS SELECT profile_id, COUNT(*) FROM order_completed WHERE event_time > NOW() - INTERVAL '30' DAY GROUP BY profile_id;
        CREATE SEGMENT big_spenders AS SELECT profile_id FROM revenue WHERE `value` >= 100;
        CREATE SEGMENT buyers AS SELECT profile_id FROM events WHERE event = 'Order Completed' AND (CAST(properties['revenue'] AS DOUBLE) > 50 OR NOT type = 'track');
        CREATE SEGMENT regulars AS SELECT profile_id FROM order_completed GROUP BY profile_id HAVING COUNT(*) >= 2 AND SUM(revenue) > 90;
        CREATE SEGMENT winback AS SELECT profile_id FROM last_order WHERE `value` < NOW() - INTERVAL '30' DAY;
        CREATE SEGMENT cart AS SELECT profile_id FROM (
          SELECT profile_id, MAX(CASE WHEN event = 'Product Added' THEN event_time END) AS added, MAX(CASE WHEN event = 'Order Completed' THEN event_time END) AS ordered
          FROM events GROUP BY profile_id) WHERE (ordered IS NULL OR ordered < added) AND added < NOW() - INTERVAL '30' MINUTE;
        CREATE SEGMENT busy AS SELECT profile_id FROM lately WHERE `value` >= 2;
        CREATE SEGMENT here AS SELECT profile_id FROM events WHERE event_time > NOW() - INTERVAL '10' DAY;
        CREATE SEGMENT both AS SELECT profile_id FROM big_spenders WHERE profile_id IN (SELECT profile_id FROM regulars);
        CREATE SEGMENT not_regular AS SELECT profile_id FROM big_spenders EXCEPT SELECT profile_id FROM regulars;
        CREATE SEGMENT top AS SELECT profile_id FROM (SELECT profile_id, `value`, RANK() OVER (ORDER BY `value` DESC) AS place FROM revenue) WHERE place <= 1;
        CREATE SEGMENT told AS SELECT profile_id FROM profile_traits WHERE name = 'plan' AND `value` = 'club';
        """;

    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    [Fact]
    public async Task Every_segment_is_explained_as_its_view_has_it()
    {
        await using var server = await StartAsync();
        foreach (var segment in new[] { "big_spenders", "buyers", "regulars", "winback", "cart", "busy", "here", "both", "not_regular", "top", "told" })
        {
            var members = (await server.QueryAsync($"SELECT profile_id FROM {segment}")).Select(r => r[0]).ToHashSet();
            foreach (var user in new[] { "u1", "u2", "u3" })
            {
                var why = await WhyAsync(server, user, segment);
                Assert.Equal(members.Contains(why["profile_id"]!.ToString()), why["member"]!.GetValue<bool>());
                Assert.True(why["notes"]!.AsArray().Count == 0, $"{segment} of {user}: {why.ToJsonString()}");
                // The conditions account for it.
                var all = why["conditions"]!.AsArray();
                if (all.Count > 0) Assert.Equal(why["member"]!.GetValue<bool>(), all.All(c => c!["holds"]?.GetValue<bool>() == true));
            }
        }
    }

    [Fact]
    public async Task A_condition_has_its_value_and_the_events_behind_it()
    {
        await using var server = await StartAsync();
        var why = await WhyAsync(server, "u1", "big_spenders");
        var condition = why["conditions"]![0]!;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"kind":"condition","text":"value >= 100","clause":"WHERE","holds":true,"rows":1,"values":[{"of":"value","value":110.00}]}"""), condition), condition.ToJsonString());
        Assert.Equal("""[{"name":"revenue","value":110.00}]""", why["traits"]!.ToJsonString());
        Assert.Equal(["m3", "m2", "m1"], why["events"]!.AsArray().Select(e => e!["message_id"]!.ToString()));
        Assert.Equal("Order Refunded", why["events"]![0]!["event"]!.ToString());

        // Two rows, and one of them meets all.
        var buyers = (await WhyAsync(server, "u1", "buyers"))["conditions"]![0]!;
        Assert.Equal("all", buyers["kind"]!.ToString());
        Assert.Equal(1, buyers["rows"]!.GetValue<long>());
        Assert.Equal(2, buyers["conditions"]![0]!["rows"]!.GetValue<long>());
        Assert.Equal("any", buyers["conditions"]![1]!["kind"]!.ToString());

        var regulars = await WhyAsync(server, "u2", "regulars");
        Assert.Equal("""[{"of":"COUNT(*)","value":1}]""", regulars["conditions"]![0]!["conditions"]![0]!["values"]!.ToJsonString());
        Assert.False(regulars["conditions"]![0]!["conditions"]![0]!["holds"]!.GetValue<bool>());
        Assert.True((await WhyAsync(server, "u1", "both"))["conditions"]![0]!["query"]!["holds"]!.GetValue<bool>());
    }

    [Fact]
    public async Task The_instant_at_which_time_alone_changes_it_is_told()
    {
        await using var server = await StartAsync();
        Assert.Null((await WhyAsync(server, "u1", "big_spenders"))["changes"]);
        // u1's last order was 5 days ago, u2's 40 days ago.
        AssertChange(await WhyAsync(server, "u1", "winback"), "entered", Now.AddDays(25), 1);
        Assert.Null((await WhyAsync(server, "u2", "winback"))["changes"]);
        // Two orders within 30 days, of 20 and 5 days ago: with the first there are too few.
        AssertChange(await WhyAsync(server, "u1", "busy"), "exited", Now.AddDays(10), 0);
        Assert.Null((await WhyAsync(server, "u2", "busy"))["changes"]);
        // Something added 10 minutes ago.
        AssertChange(await WhyAsync(server, "u3", "cart"), "entered", Now.AddMinutes(20), 1);
        // The last of several events leaves last.
        AssertChange(await WhyAsync(server, "u3", "here"), "exited", Now.AddMinutes(-10).AddDays(10), 0);
    }

    [Fact]
    public async Task It_is_a_statement_too_and_mistakes_name_the_nearest()
    {
        await using var server = await StartAsync();
        var rows = await server.QueryAsync("EXPLAIN MEMBERSHIP OF 'user_id:u1' IN big_spenders");
        Assert.Equal("segment | big_spenders | member | yes", string.Join(" | ", rows[0]));
        Assert.Equal("WHERE | value >= 100 | value = 110.00 | yes", string.Join(" | ", rows[1]));
        Assert.Equal("trait | revenue | 110.00 | yes", string.Join(" | ", rows[2]));
        var (status, unknown) = await server.PostAsync("/api/sql", new JsonObject { ["sql"] = "EXPLAIN MEMBERSHIP OF 'user_id:u1' IN big_spender" });
        Assert.Equal((404, "unknown_segment"), (status, unknown["code"]!.ToString()));
        Assert.Contains("did you mean \"big_spenders\"?", unknown["message"]!.ToString(), StringComparison.Ordinal);
        (status, unknown) = await server.GetAsync("/api/profiles/user_di:u1/segments/big_spenders/why");
        Assert.Equal((404, "no_such_profile"), (status, unknown["code"]!.ToString()));
        Assert.Contains("did you mean \"user_id\"?", unknown["message"]!.ToString(), StringComparison.Ordinal);
        (status, unknown) = await server.PostAsync("/api/sql", new JsonObject { ["sql"] = "EXPLAIN MEMBERSHIP OF user_id IN big_spenders" });
        Assert.Equal(400, status);
        Assert.Contains("an identifier in quotes", unknown["message"]!.ToString(), StringComparison.Ordinal);
        (status, unknown) = await server.PostAsync("/api/sql", new JsonObject { ["sql"] = "EXPLAIN MEMBERSHIP OF 'u1' IN big_spenders" });
        Assert.Equal((400, "invalid_identifier"), (status, unknown["code"]!.ToString()));
    }

    [Fact]
    public async Task A_project_without_profiles_says_so()
    {
        await using var server = await ProjectServer.StartAsync("CREATE MATERIALIZED VIEW n AS SELECT COUNT(*) AS n FROM events;");
        var (status, body) = await server.PostAsync("/api/sql", new JsonObject { ["sql"] = "EXPLAIN MEMBERSHIP OF 'user_id:u1' IN x" });
        Assert.Equal(400, status);
        Assert.Contains("keeps none", body["message"]!.ToString(), StringComparison.Ordinal);
    }

    private static void AssertChange(JsonNode why, string to, DateTimeOffset at, int afterMs)
    {
        Assert.Equal(to, why["changes"]!["to"]!.ToString());
        var expected = DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds() + afterMs);
        Assert.Equal(expected, DateTimeOffset.Parse(why["changes"]!["at"]!.ToString(), CultureInfo.InvariantCulture));
    }

    private static async Task<JsonNode> WhyAsync(ProjectServer server, string user, string segment)
    {
        var (status, body) = await server.GetAsync($"/api/profiles/user_id:{user}/segments/{segment}/why");
        Assert.True(status == 200, body.ToJsonString());
        return body;
    }

    private static async Task<ProjectServer> StartAsync()
    {
        var server = await ProjectServer.StartAsync(Sql);
        await server.SendAsync(
            Track("m1", "u1", "Order Completed", Now.AddDays(-20), """{"revenue":80}"""),
            Track("m2", "u1", "Order Completed", Now.AddDays(-5), """{"revenue":40}"""),
            Track("m3", "u1", "Order Refunded", Now.AddDays(-4), """{"revenue":-10}"""),
            Track("m4", "u2", "Order Completed", Now.AddDays(-40), """{"revenue":300}"""),
            Track("m5", "u3", "Product Added", Now.AddDays(-2), "{}"),
            Track("m6", "u3", "Product Added", Now.AddMinutes(-10), "{}"),
            $$"""{"type":"identify","messageId":"m7","userId":"u3","timestamp":"{{Now.AddDays(-2):O}}","traits":{"plan":"club"} }""");
        return server;
    }

    private static string Track(string message, string user, string name, DateTimeOffset time, string properties) =>
        $$"""{"type":"track","messageId":"{{message}}","userId":"{{user}}","event":"{{name}}","timestamp":"{{time:O}}","properties":{{properties}} }""";
}
