using System.Text.Json.Nodes;
using Freshet.Syntax;

namespace Freshet.Server.Tests.Privacy;

/// <summary>Views that keep their figures when somebody is erased, and nothing that says whose they were.</summary>
public sealed class AnonymisingTests
{
    private const string Sql = """
        CREATE EVENT 'Order Completed' (revenue DECIMAL(12, 2), currency STRING);
        CREATE MATERIALIZED VIEW books WITH ('on.erase' = 'anonymise') AS
        SELECT CAST(properties['currency'] AS STRING) AS currency, COUNT(*) AS orders, SUM(CAST(properties['revenue'] AS DECIMAL(12, 2))) AS revenue FROM events WHERE event = 'Order Completed' GROUP BY CAST(properties['currency'] AS STRING);
        CREATE MATERIALIZED VIEW typed WITH ('on.erase' = 'anonymise') AS SELECT currency, SUM(revenue) AS revenue FROM order_completed GROUP BY currency;
        CREATE MATERIALIZED VIEW plain WITH ('on.erase' = 'retract') AS SELECT COUNT(*) AS n FROM events WHERE type <> 'erase';
        CREATE MATERIALIZED VIEW nobody AS SELECT COUNT(*) AS n FROM events WHERE profile_id IS NULL AND type <> 'erase';
        CREATE MATERIALIZED VIEW orders AS SELECT SUM(revenue) AS revenue FROM order_completed;
        CREATE TRAIT spent AS SELECT profile_id, SUM(revenue) FROM order_completed GROUP BY profile_id;
        """;

    [Fact]
    public async Task The_figures_stay_the_person_goes_and_a_start_finds_the_same()
    {
        await using var server = await ProjectServer.StartAsync(Sql);
        await server.SendAsync(Order("ann-77", "m1", 60), Order("ann-77", "m2", 40), Order("bob", "m3", 7), """{"type":"identify","userId":"ann-77","traits":{"email":"ann@example.com"}}""");
        Assert.Equal([["EUR", "3", "107.00"]], await server.QueryAsync("SELECT * FROM books"));
        await EraseAsync(server, "user_id:ann-77");
        for (var look = 0; look < 2; look++)
        {
            Assert.Equal([["EUR", "3", "107.00"]], await server.QueryAsync("SELECT * FROM books"));
            Assert.Equal([["EUR", "107.00"]], await server.QueryAsync("SELECT * FROM typed"));
            Assert.Equal([["1", "0", "7.00"]], await server.QueryAsync("SELECT p.n, o.n, r.revenue FROM plain p CROSS JOIN nobody o CROSS JOIN orders r"));
            Assert.Equal([["7.00"]], await server.QueryAsync("SELECT `value` FROM spent"));
            Assert.Equal([["bob"]], await server.QueryAsync("SELECT user_id FROM events WHERE type <> 'erase'"));
            Assert.Empty(server.FilesWith("ann-77", "ann@example.com", "secret-note"));
            if (look == 0) await server.RestartAsync();
        }

        await EraseAsync(server, "user_id:bob");
        Assert.Equal([["EUR", "3", "107.00"]], await server.QueryAsync("SELECT * FROM books"));
        Assert.Equal([["0"]], await server.QueryAsync("SELECT n FROM plain"));
        Assert.True((await server.GetAsync("/api/erasures")).Body["erasures"]![0]!["isAnonymised"]!.GetValue<bool>());

        // Without such a view any more, what is left of them is in no other.
        await server.RestartAsync("CREATE MATERIALIZED VIEW plain AS SELECT COUNT(*) AS n FROM events WHERE type <> 'erase';");
        Assert.Equal([["0"]], await server.QueryAsync("SELECT n FROM plain"));
    }

    [Theory]
    [InlineData("WITH ('on.erase' = 'anonymize') AS SELECT COUNT(*) AS n FROM events", "Did you mean anonymise?")]
    [InlineData("WITH ('on.erased' = 'anonymise') AS SELECT COUNT(*) AS n FROM events", "Did you mean on.erase?")]
    [InlineData("WITH ('on.erase' = 'anonymise') AS SELECT user_id, COUNT(*) AS n FROM events GROUP BY user_id", "reads user_id")]
    [InlineData("WITH ('on.erase' = 'anonymise') AS SELECT profile_id, COUNT(*) AS n FROM events GROUP BY profile_id", "reads profile_id")]
    [InlineData("WITH ('on.erase' = 'anonymise') AS SELECT properties FROM events", "name the members")]
    [InlineData("WITH ('on.erase' = 'anonymise') AS SELECT CAST(traits['email'] AS STRING) AS e FROM events", "an identifier")]
    [InlineData("WITH ('on.erase' = 'anonymise') AS SELECT type, COUNT(*) AS n FROM identifiers GROUP BY type", "reads profile_id")]
    [InlineData("WITH ('on.erase' = 'anonymise') AS SELECT COUNT(*) AS n FROM events$rejected", "no events itself")]
    public async Task What_says_whose_a_row_is_cannot_be_kept(string view, string sentence)
    {
        var failure = await Assert.ThrowsAsync<SqlException>(() => ProjectServer.StartAsync("CREATE TRAIT n AS SELECT profile_id, COUNT(*) FROM events GROUP BY profile_id;\nCREATE MATERIALIZED VIEW v " + view + ";"));
        Assert.Contains(sentence, failure.Message, StringComparison.Ordinal);
    }

    private static string Order(string user, string message, int revenue) => $$$"""{"type":"track","event":"Order Completed","userId":"{{{user}}}","messageId":"{{{message}}}","properties":{"revenue":{{{revenue}}},"currency":"EUR","note":"secret-note of {{{user}}}"}}""".Replace("secret-note of bob", "note", StringComparison.Ordinal);

    private static async Task EraseAsync(ProjectServer server, string profile)
    {
        var (status, body) = await server.PostAsync($"/api/profiles/{profile}/erase", new JsonObject());
        Assert.True(status == 200 && body["status"]!.GetValue<string>() == "done", body.ToJsonString());
    }
}
