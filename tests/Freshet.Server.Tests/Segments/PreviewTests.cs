using System.Text.Json.Nodes;

namespace Freshet.Server.Tests.Segments;

/// <summary>A segment before it is published: its size, members and overlap, equal to what it has when it is.</summary>
public sealed class PreviewTests
{
    private const string Declared = """
        CREATE EVENT 'Order Completed' (revenue DECIMAL(12, 2));
        CREATE TRAIT orders AS SELECT profile_id, COUNT(*) FROM order_completed GROUP BY profile_id;
        CREATE SEGMENT regulars AS SELECT profile_id FROM orders WHERE `value` >= 3;
        """;

    private const string File = """
        CREATE TRAIT spent AS SELECT profile_id, SUM(revenue) FROM order_completed GROUP BY profile_id;
        CREATE SEGMENT spenders AS SELECT profile_id FROM spent WHERE `value` > 100;
        CREATE SEGMENT spending_regulars AS SELECT profile_id FROM spenders WHERE profile_id IN (SELECT profile_id FROM regulars);
        CREATE SEGMENT lately AS SELECT profile_id FROM events WHERE event = 'Order Completed' AND event_time > NOW() - INTERVAL '30' DAY;
        """;

    [Fact]
    public async Task A_preview_says_what_the_published_segments_hold()
    {
        await using var server = await ProjectServer.StartAsync(Declared);
        await server.SendAsync(Calls());
        var (status, body) = await server.PostAsync("/api/segments/preview?sample=3", new JsonObject { ["sql"] = File });
        Assert.True(status == 200, body.ToJsonString());

        await using var published = await ProjectServer.StartAsync(Declared + File);
        await published.SendAsync(Calls());
        foreach (var segment in body["segments"]!.AsArray())
        {
            var name = segment!["name"]!.ToString();
            var members = (await published.QueryAsync($"SELECT profile_id FROM {name}")).Select(r => r[0]!).ToHashSet();
            Assert.NotEmpty(members);
            Assert.Equal(members.Count, segment["size"]!.GetValue<int>());
            Assert.Equal(Math.Min(3, members.Count), segment["sample"]!.AsArray().Count);
            Assert.All(segment["sample"]!.AsArray(), s => Assert.Contains(s!["profile_id"]!.ToString(), members));
            var both = await published.QueryAsync($"SELECT COUNT(*) FROM {name} WHERE profile_id IN (SELECT profile_id FROM regulars)");
            Assert.Equal("regulars", segment["overlap"]![0]!["segment"]!.ToString());
            Assert.Equal(both[0][0], segment["overlap"]![0]!["both"]!.ToString());
        }

        Assert.Equal((await published.QueryAsync("SELECT COUNT(*) FROM spent"))[0][0], body["traits"]![0]!["profiles"]!.ToString());
        Assert.DoesNotContain(await server.QueryAsync("SHOW SEGMENTS"), r => r[0] == "spenders");
    }

    /// <summary>A file may be the first that asks for consent; what it previews and what EXPLAIN MEMBERSHIP says go by it.</summary>
    [Fact]
    public async Task Who_has_not_consented_is_in_no_preview_and_the_explanation_says_so()
    {
        const string Consenting = "CREATE TRAIT seen WITH ('consent' = 'ads') AS SELECT profile_id AS p, COUNT(*) FROM events GROUP BY profile_id;\nCREATE SEGMENT targets WITH ('consent' = 'ads, mail') AS SELECT profile_id FROM seen WHERE `value` >= 1;";
        string[] calls =
        [
            """{"type":"track","event":"e","userId":"u1","context":{"consent":{"categoryPreferences":{"ads":true,"mail":true}}}}""",
            """{"type":"track","event":"e","userId":"u2","context":{"consent":{"categoryPreferences":{"ads":true,"mail":false}}}}""",
            """{"type":"track","event":"e","userId":"u3"}""",
        ];
        await using var server = await ProjectServer.StartAsync(Declared);
        await server.SendAsync(calls);
        var (status, body) = await server.PostAsync("/api/segments/preview", new JsonObject { ["sql"] = Consenting });
        Assert.True(status == 200, body.ToJsonString());
        Assert.Equal((2, 1), (body["traits"]![0]!["profiles"]!.GetValue<int>(), body["segments"]![0]!["size"]!.GetValue<int>()));
        await using var published = await ProjectServer.StartAsync(Declared + Consenting);
        await published.SendAsync(calls);
        Assert.Single(await published.QueryAsync("SELECT profile_id FROM targets"));
        foreach (var (user, holds, isMember) in new[] { ("u1", "true true", true), ("u2", "true false", false), ("u3", "false false", false) })
        {
            var (_, why) = await published.GetAsync($"/api/profiles/user_id:{user}/segments/targets/why");
            Assert.True(why["member"]!.GetValue<bool>() == isMember, why.ToJsonString());
            Assert.True(why["notes"]!.AsArray().Count == 0, why.ToJsonString());
            if (isMember) Assert.Equal(holds, string.Join(' ', why["conditions"]![0]!["conditions"]!.AsArray().Select(c => c!["holds"]!.ToJsonString())));
        }
    }

    [Fact]
    public async Task A_select_is_a_preview_too_and_mistakes_have_a_place()
    {
        await using var server = await ProjectServer.StartAsync(Declared, """{"keys":["wk1"],"limits":{"queryBytes":"1MiB"}}""");
        await server.SendAsync(Calls());
        var (status, body) = await server.PostAsync("/api/segments/preview", new JsonObject { ["sql"] = "SELECT profile_id FROM orders WHERE `value` = 1" });
        Assert.True(status == 200, body.ToJsonString());
        Assert.Null(body["segments"]![0]!["name"]);
        foreach (var (sql, line, sentence) in new[]
        {
            ("CREATE TRAIT t AS SELECT profile_id, event FROM events", 1, "may give several"),
            ("CREATE SEGMENT s AS\nSELECT profile_id FROM ordres", 2, "Did you mean orders?"),
            ("CREATE SEGMENT s AS SELECT profile_id, event FROM events", 1, "one column"),
            ("CREATE SEGMENT s AS SELECT profile_id FROM events WHERE CURRENT_DATE = CAST(event_time AS DATE)", 1, ""),
            ("DROP VIEW orders", 1, "A preview takes"),
            ("-- nothing", 1, "nothing to preview"),
        })
        {
            (status, body) = await server.PostAsync("/api/segments/preview", new JsonObject { ["sql"] = sql });
            Assert.True(status == 400, $"{sql}: {body.ToJsonString()}");
            Assert.Equal(line, body["line"]?.GetValue<int>() ?? 1);
            Assert.Contains(sentence, body["message"]!.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task It_ends_at_its_limit_of_memory_and_the_server_goes_on()
    {
        await using var server = await ProjectServer.StartAsync(Declared, """{"keys":["wk1"],"limits":{"queryBytes":"1MiB"}}""");
        for (var i = 0; i < 20; i++) await server.SendAsync([.. Enumerable.Range(i * 1000, 1000).Select(n => $$"""{"type":"track","userId":"u{{n}}","event":"e{{n}}"}""")]);
        var (status, body) = await server.PostAsync("/api/segments/preview", new JsonObject { ["sql"] = "SELECT profile_id FROM events" });
        Assert.Equal((400, "query_memory"), (status, body["code"]!.ToString()));
        Assert.Equal("20000", (await server.QueryAsync("SELECT COUNT(*) FROM events"))[0][0]);
    }

    private static string[] Calls()
    {
        var calls = new List<string>();
        for (var user = 0; user < 20; user++)
            for (var order = 0; order < user % 5; order++)
                calls.Add($$"""{"type":"track","messageId":"m{{user}}-{{order}}","userId":"u{{user}}","event":"Order Completed","timestamp":"{{DateTimeOffset.UtcNow.AddDays(-20 * order):O}}","properties":{"revenue":{{user * 10}}} }""");
        // Events of nobody are in no segment.
        calls.Add("""{"type":"track","messageId":"n0","anonymousId":"null","event":"Order Completed","properties":{"revenue":1000}}""");
        return [.. calls];
    }
}
