using Freshet.Customers.Tests.Identity;
using Freshet.Engine;
using Freshet.Plan.Explaining;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Customers.Tests.Profiles;

public sealed class ProfileViewTests
{
    /// <summary>The same calls, aggregated by identifier first, and not: a sum of DOUBLE keeps them together.</summary>
    private const string Both = """
        CREATE MATERIALIZED VIEW parts AS
        SELECT profile_id, event, COUNT(*) AS n, COUNT(category_id) AS c, SUM(category_id) AS s, MIN(message_id) AS low, MAX(message_id) AS high, COUNT(DISTINCT source) AS d,
          SUM(category_id) FILTER (WHERE type = 'identify') AS f
        FROM (SELECT *, CHAR_LENGTH(user_id) AS category_id FROM events) GROUP BY profile_id, event;
        CREATE MATERIALIZED VIEW whole AS
        SELECT profile_id, event, COUNT(*) AS n, COUNT(category_id) AS c, SUM(category_id) AS s, MIN(message_id) AS low, MAX(message_id) AS high, COUNT(DISTINCT source) AS d,
          SUM(category_id) FILTER (WHERE type = 'identify') AS f, SUM(CAST(1 AS DOUBLE)) AS rest
        FROM (SELECT *, CHAR_LENGTH(user_id) AS category_id FROM events) GROUP BY profile_id, event;
        CREATE MATERIALIZED VIEW lately AS SELECT profile_id, COUNT(*) AS n FROM events WHERE event_time > NOW() - INTERVAL '100' SECOND GROUP BY profile_id;
        CREATE MATERIALIZED VIEW lately_whole AS SELECT profile_id, COUNT(*) AS n, SUM(CAST(1 AS DOUBLE)) AS rest FROM events WHERE event_time > NOW() - INTERVAL '100' SECOND GROUP BY profile_id;
        """;

    [Fact]
    public void Aggregating_by_identifier_first_gives_the_same_views()
    {
        var random = new Random(Seeds.Next());
        for (var history = 0; history < 10; history++)
        {
            using var customers = new Identity.Customers(Both, workers: random.Next(1, 4));
            var serial = 0;
            for (var step = 0; step < 8; step++)
            {
                var clock = 1000 + step * 50;
                customers.Pipeline.ClockMicros = clock * 1_000_000L;
                customers.Take([.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => IdentityHistoryTests.Any(random, $"m{serial++}", clock) with { Event = $"e{random.Next(2)}" })], random.Next(2) == 0 ? 1 : int.MaxValue);
                Assert.Equal(customers.Rows("whole").Select(r => r[..r.LastIndexOf(" | ", StringComparison.Ordinal)]), customers.Rows("parts"));
                Assert.Equal(customers.Rows("lately_whole").Select(r => r[..r.LastIndexOf(" | ", StringComparison.Ordinal)]), customers.Rows("lately"));
            }
        }
    }

    [Fact]
    public void A_merge_costs_partial_aggregates_and_not_events()
    {
        using var customers = new Identity.Customers("CREATE TRAIT visits AS SELECT profile_id, COUNT(*) FROM events GROUP BY profile_id;");
        customers.Take([.. Enumerable.Range(0, 2000).Select(i => new Happening($"m{i}") { AnonymousId = $"a{i % 2}", Time = 1, ReceivedAt = 1 })]);
        customers.Take(new Happening("both") { UserId = "u", AnonymousId = "a0", Time = 1, ReceivedAt = 1 }, new Happening("both2") { UserId = "u", AnonymousId = "a1", Time = 1, ReceivedAt = 1 });
        Assert.Equal(["32 | 2002"], customers.Rows("visits"));
        // Of each identifier the places of ten events are kept, for readers.
        Assert.InRange(customers.Pipeline.StateRows, 1, 120);
    }

    [Fact]
    public void What_can_fail_is_not_computed_for_an_event_of_nobody()
    {
        using var customers = new Identity.Customers("CREATE TRAIT spent AS SELECT profile_id, SUM(CAST(properties['amount'] AS DECIMAL(12, 2))) FROM events GROUP BY profile_id;");
        customers.Take(
            new Happening("m0") { Properties = """{"amount":"much"}""", Time = 1 },
            new Happening("m1") { UserId = "u", Properties = """{"amount":"5"}""", Time = 1 });
        Assert.Empty(customers.Rows("spent$errors"));
        customers.Take(new Happening("m2") { UserId = "u", Properties = """{"amount":"little"}""", Time = 2 });
        Assert.Single(customers.Rows("spent$errors"));
    }

    [Fact]
    public void The_plan_says_that_identifiers_are_aggregated_first()
    {
        var plan = Plan("CREATE TRAIT visits AS SELECT profile_id, COUNT(*) FROM events WHERE event = 'visited' GROUP BY profile_id;");
        var join = plan.IndexOf("Join", StringComparison.Ordinal);
        Assert.Contains("Aggregate by profile_id: $SUM0", plan[..join], StringComparison.Ordinal);
        Assert.Contains("Aggregate by identifier: COUNT(*)", plan[join..], StringComparison.Ordinal);
    }

    [Fact]
    public void Of_traits_told_at_one_moment_a_profile_shows_the_one_later_in_the_log()
    {
        using var customers = new Identity.Customers("CREATE IDENTIFIER user_id WITH ('priority' = '1');");
        customers.Take(
            new Happening("m0", "identify") { UserId = "u", Traits = """{"plan": "free"}""", Time = 10 },
            new Happening("m1", "identify") { UserId = "u", Traits = """{"plan": "trial"}""", Time = 10 });
        customers.Take(new Happening("m2", "identify") { UserId = "u", Traits = """{"plan": "pro"}""", Time = 10 });
        Assert.StartsWith("32 | plan | pro | ", Assert.Single(customers.Rows("profile_traits")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_told_trait_by_event_time_counts_and_history_follows_a_merge()
    {
        using var customers = new Identity.Customers("CREATE IDENTIFIER user_id WITH ('priority' = '1');");
        customers.Take(
            new Happening("m0", "identify") { AnonymousId = "a", Traits = """{"plan": "free", "city": "Rome"}""", Time = 10 },
            new Happening("m1", "identify") { UserId = "u", Traits = """{"plan": "pro"}""", Time = 30 },
            new Happening("m2", "identify") { UserId = "u", Traits = """{"plan": "late", "age": 7}""", Time = 20 });
        Assert.Equal(["32 | city | Rome", "32 | plan | free", "64 | age | 7", "64 | plan | pro"], Told());
        customers.Take(new Happening("m3") { UserId = "u", AnonymousId = "a", Time = 40 });
        Assert.Equal(["32 | age | 7", "32 | city | Rome", "32 | plan | pro"], Told());
        string[] Told() => [.. customers.Rows("profile_traits").Select(r => string.Join(" | ", r.Split(" | ")[..3]))];
    }

    [Fact]
    public void An_external_id_of_an_account_joins_nobody()
    {
        using var customers = new Identity.Customers("CREATE TRAIT n AS SELECT profile_id, COUNT(*) FROM events GROUP BY profile_id;");
        Happening Of(string message, string anonymous) => new(message) { AnonymousId = anonymous, ExternalIds = [("crm", "acme")], Collection = "accounts" };
        customers.Take(Of("m0", "a"), Of("m1", "b"));
        Assert.Equal(["32 | 1", "64 | 1"], customers.Rows("n"));
        Assert.Equal(2, customers.Rows("identifiers").Length);
    }

    /// <summary>A segment of people by what their accounts are told to be and by what others of the account have done, and one of segments.</summary>
    [Fact]
    public void Segments_are_of_accounts_and_of_other_segments()
    {
        using var customers = new Identity.Customers("""
            CREATE SEGMENT buyers AS SELECT profile_id FROM events WHERE event = 'bought';
            CREATE SEGMENT of_pro_accounts AS SELECT m.profile_id FROM account_members m JOIN account_traits t ON m.group_id = t.group_id WHERE t.name = 'plan' AND t.`value` = 'pro';
            CREATE SEGMENT of_buying_accounts AS SELECT profile_id FROM account_members WHERE group_id IN (SELECT m.group_id FROM account_members m JOIN buyers b ON m.profile_id = b.profile_id);
            CREATE SEGMENT any_of_them AS SELECT profile_id FROM of_pro_accounts UNION SELECT profile_id FROM buyers;
            CREATE SEGMENT none_of_them AS SELECT profile_id FROM profiles EXCEPT SELECT profile_id FROM any_of_them;
            CREATE SEGMENT all_of_them AS SELECT profile_id FROM of_buying_accounts INTERSECT SELECT profile_id FROM any_of_them;
            """);
        Happening Joins(string message, string user, string account, string plan) => new(message, "group") { UserId = user, GroupId = account, Traits = $$"""{"plan":"{{plan}}"}""", Time = message[1] };
        customers.Take(Joins("m0", "ann", "acme", "free"), Joins("m1", "bob", "acme", "pro"), Joins("m2", "eve", "other", "free"));
        string[] Of(string segment) => [.. customers.Rows(segment).Select(p => customers.Rows("identifiers").First(i => i.Split(" | ")[2] == p).Split(" | ")[1])];
        Assert.Equal(["ann", "bob"], Of("of_pro_accounts"));
        Assert.Equal(["eve"], Of("none_of_them"));
        customers.Take(new Happening("m3") { UserId = "ann", Event = "bought" }, Joins("m4", "bob", "acme", "free"));
        Assert.Empty(Of("of_pro_accounts"));
        Assert.Equal(["ann", "bob"], Of("of_buying_accounts"));
        Assert.Equal(["ann"], Of("any_of_them"));
        Assert.Equal(["ann"], Of("all_of_them"));
        Assert.Equal(["bob", "eve"], Of("none_of_them").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_group_relates_people_to_an_account_and_never_joins_them()
    {
        using var customers = new Identity.Customers("CREATE IDENTIFIER user_id WITH ('priority' = '1');");
        customers.Take(
            new Happening("m0", "group") { UserId = "u1", GroupId = "acme", Traits = """{"seats": 5}""", Time = 10 },
            new Happening("m1", "group") { UserId = "u2", GroupId = "acme", Traits = """{"seats": 9}""", Time = 5 },
            new Happening("m2", "group") { UserId = "u2", GroupId = "other", Time = 5 });
        Assert.Equal(2, customers.Rows("profiles").Length);
        Assert.Equal(["acme | 32", "acme | 64", "other | 64"], customers.Rows("account_members").Select(r => string.Join(" | ", r.Split(" | ")[..2])));
        Assert.Equal(["acme | seats | 5"], customers.Rows("account_traits").Select(r => string.Join(" | ", r.Split(" | ")[..3])));
    }

    [Theory]
    [InlineData("CREATE TRAIT t AS SELECT profile_id, event FROM events", "may give several")]
    [InlineData("CREATE TRAIT t AS SELECT event, COUNT(*) FROM events WHERE profile_id > 0 GROUP BY event", "The first column is the profile_id")]
    [InlineData("CREATE SEGMENT s AS SELECT event FROM events WHERE profile_id > 0", "The first column is the profile_id")]
    [InlineData("CREATE IDENTIFIER group_id FROM group_id", "names an account")]
    [InlineData("CREATE IDENTIFIER emial WITH ('limit' = '3')", "needs FROM")]
    [InlineData("CREATE IDENTIFIER x FROM traits['x'] WITH ('limits' = '3')", "Did you mean")]
    [InlineData("CREATE IDENTIFIER x FROM event_time", "is read from a column")]
    public void What_cannot_be_is_refused_at_its_place(string sql, string sentence)
    {
        var error = Assert.Throws<SqlException>(() => Plan(sql));
        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("test.sql:1:", error.Message, StringComparison.Ordinal);
    }

    private static string Plan(string sql)
    {
        var binder = Pipeline.Bind([new SourceText("test.sql", sql)], new PipelineOptions { Layer = () => new CustomerLayer(10_000) });
        return PlanText.Of((binder.MaterializedViews.FirstOrDefault(v => v.Name == "visits") ?? binder.MaterializedViews[0]).Plan);
    }
}
