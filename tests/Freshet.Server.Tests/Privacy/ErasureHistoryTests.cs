using System.Globalization;
using System.Text.Json.Nodes;
using Freshet.Server.Ingest;

namespace Freshet.Server.Tests.Privacy;

/// <summary>Random histories with shared devices and limits, and erasures among them: of the erased one's events none is left, the others' belong to whom they did, and a start finds the same.</summary>
public sealed class ErasureHistoryTests(ITestOutputHelper output)
{
    private const string Sql = """
        CREATE MATERIALIZED VIEW attributed AS SELECT message_id, profile_id FROM events WHERE type <> 'erase';
        CREATE MATERIALIZED VIEW plain AS SELECT message_id FROM events WHERE type <> 'erase';
        CREATE MATERIALIZED VIEW counted AS SELECT event, COUNT(*) AS n, MAX(CHAR_LENGTH(message_id)) AS longest FROM events WHERE type <> 'erase' GROUP BY event;
        CREATE TRAIT visits AS SELECT profile_id, COUNT(*) FROM events GROUP BY profile_id;
        """;

    [Fact]
    public async Task What_is_left_is_what_the_others_had()
    {
        var seed = Seeds.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var histories = int.Parse(Environment.GetEnvironmentVariable("FRESHET_TEST_ERASURES") ?? "3", CultureInfo.InvariantCulture);
        for (var history = 0; history < histories; history++) await RunAsync(random);
    }

    /// <summary>An event that was read before the order and is appended after it is not taken: it would be behind what the order reaches.</summary>
    [Fact]
    public async Task An_event_on_its_way_to_the_log_does_not_come_in_behind_the_order()
    {
        await using var server = await ProjectServer.StartAsync(Sql);
        await server.SendAsync("""{"type":"track","event":"e","userId":"ann"}""");
        var scratch = server.Ingest.Scratches.Rent();
        Assert.Null(server.Ingest.Read("""{"event":"e","userId":"ann","messageId":"late"}"""u8, EventType.Track, server.Ingest.Keys.Find("wk1"), scratch, out _, out var receivedAt));
        Assert.Equal(200, (await server.PostAsync("/api/profiles/user_id:ann/erase", new JsonObject())).Status);
        await server.Ingest.TakeAsync(scratch, receivedAt);
        server.Ingest.Scratches.Return(scratch);
        Assert.Equal([["0"]], await server.QueryAsync("SELECT COUNT(*) FROM plain"));
        Assert.Empty(await server.QueryAsync("SELECT `value` FROM identifiers"));
    }

    private static async Task RunAsync(Random random)
    {
        await using var server = await ProjectServer.StartAsync(Sql);
        var serial = 0;
        for (var round = 0; round < 4; round++)
        {
            await server.SendAsync([.. Enumerable.Range(0, random.Next(5, 25)).Select(_ => Any(random, serial++))]);
            var before = (await server.QueryAsync("SELECT message_id, profile_id FROM attributed")).ToDictionary(r => r[0]!, r => r[1]);
            var identifiers = await server.QueryAsync("SELECT type, `value`, profile_id FROM identifiers");
            var chosen = identifiers[random.Next(identifiers.Count)];
            var (status, body) = await server.PostAsync($"/api/profiles/{chosen[0]}:{chosen[1]}/erase", new JsonObject());
            Assert.True(status == 200 && body["status"]!.GetValue<string>() == "done", body.ToJsonString());
            var expected = before.Where(b => b.Value != chosen[2]).Select(b => $"{b.Key} {b.Value}").Order(StringComparer.Ordinal).ToList();
            for (var look = 0; look < 2; look++)
            {
                var after = (await server.QueryAsync("SELECT message_id, profile_id FROM attributed")).Select(r => $"{r[0]} {r[1]}").Order(StringComparer.Ordinal);
                Assert.Equal(expected, after);
                Assert.Equal(expected.Select(e => e.Split(' ')[0]), (await server.QueryAsync("SELECT message_id FROM plain")).Select(r => r[0]!).Order(StringComparer.Ordinal));
                Assert.Equal(expected.Count.ToString(CultureInfo.InvariantCulture), (await server.QueryAsync("SELECT COALESCE(SUM(n), 0) FROM counted"))[0][0]);
                Assert.Empty(await server.QueryAsync($"SELECT type FROM identity_drops WHERE type = '{chosen[0]}' AND `value` = '{chosen[1]}'"));
                if (look == 0) await server.RestartAsync();
            }
        }
    }

    private static string Any(Random random, int serial)
    {
        var user = random.Next(3) == 0 ? null : $"u{random.Next(6)}";
        var anonymous = user is null || random.Next(2) == 0 ? $"a{random.Next(8)}" : null;
        var email = random.Next(3) == 0 ? $"e{random.Next(5)}@x" : null;
        var call = new JsonObject { ["messageId"] = $"m{serial}", ["type"] = email is null ? "track" : "identify" };
        if (email is null) call["event"] = $"e{random.Next(3)}";
        else call["traits"] = new JsonObject { ["email"] = email };
        if (user is not null) call["userId"] = user;
        if (anonymous is not null) call["anonymousId"] = anonymous;
        return call.ToJsonString();
    }
}
