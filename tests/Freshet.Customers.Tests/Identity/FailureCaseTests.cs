namespace Freshet.Customers.Tests.Identity;

/// <summary>What goes wrong with identity elsewhere: each case as it is told, and what must come out.</summary>
public sealed class FailureCaseTests
{
    private const string Views = """
        CREATE MATERIALIZED VIEW attributed AS SELECT message_id, profile_id FROM events;
        CREATE TRAIT purchases AS SELECT profile_id, COUNT(*) FROM events WHERE event = 'bought' GROUP BY profile_id;
        CREATE TRAIT revenue AS SELECT profile_id, SUM(CAST(properties['revenue'] AS INT)) FROM events WHERE event = 'bought' GROUP BY profile_id;
        CREATE TRAIT goods AS SELECT profile_id, COUNT(DISTINCT CAST(properties['sku'] AS STRING)) FROM events WHERE event = 'bought' GROUP BY profile_id;
        CREATE TRAIT first_sku AS SELECT profile_id, sku FROM (
          SELECT profile_id, CAST(properties['sku'] AS STRING) AS sku, ROW_NUMBER() OVER (PARTITION BY profile_id ORDER BY event_time) AS n FROM events WHERE event = 'bought') WHERE n = 1;
        CREATE TRAIT favourite AS SELECT profile_id, sku FROM (
          SELECT profile_id, sku, ROW_NUMBER() OVER (PARTITION BY profile_id ORDER BY c DESC, sku) AS n FROM (
            SELECT profile_id, CAST(properties['sku'] AS STRING) AS sku, COUNT(*) AS c FROM events WHERE event = 'bought' GROUP BY profile_id, CAST(properties['sku'] AS STRING))) WHERE n = 1;
        CREATE SEGMENT buyers AS SELECT profile_id FROM purchases WHERE `value` >= 5;
        CREATE SEGMENT lately AS SELECT profile_id FROM events WHERE event = 'bought' AND event_time > NOW() - INTERVAL '1' HOUR;
        CREATE SEGMENT lately_and_much AS SELECT b.profile_id FROM buyers b JOIN lately l ON b.profile_id = l.profile_id;
        """;

    private int _serial;

    [Fact]
    public void Users_of_a_shared_device_stay_apart()
    {
        using var customers = new Customers(Views);
        foreach (var user in new[] { "u1", "u2", "u3", "u1", "u2" }) customers.Take(Track(user, "kiosk"));
        Assert.Equal(3, customers.Rows("profiles").Length);
        Assert.Equal(["anonymous_id | kiosk | limit | 3"], customers.Rows("identity_drops").Select(r => string.Join(" | ", r.Split(" | ")[..4])));
    }

    [Fact]
    public void An_anonymous_id_that_outlives_a_logout_does_not_carry_the_next_user_over()
    {
        using var customers = new Customers(Views);
        customers.Take(Track(null, "a"), Track("u1", "a"), Track("u2", "a"), Track(null, "a"), Track("u2", null));
        Assert.Equal(["m0 | 32", "m1 | 32", "m2 | 96", "m3 | 32", "m4 | 96"], customers.Rows("attributed"));
    }

    [Theory]
    [InlineData("0000")]
    [InlineData("null")]
    [InlineData("Anonymous")]
    [InlineData("void")]
    [InlineData("test@example.com")]
    public void Placeholders_join_nobody(string value)
    {
        using var customers = new Customers($"CREATE IDENTIFIER email WITH ('block.pattern' = '^test@'); {Views}");
        for (var i = 0; i < 4; i++) customers.Take(Track($"u{i}", null) with { Type = "identify", Email = value });
        Assert.Equal(4, customers.Rows("profiles").Length);
        Assert.Equal($"email | {value.ToLowerInvariant()} | blocked | 4", string.Join(" | ", customers.Rows("identity_drops")[0].Split(" | ")[..4]));
    }

    [Fact]
    public void The_email_of_a_team_stays_with_who_had_it_first()
    {
        using var customers = new Customers(Views);
        for (var i = 0; i < 3; i++) customers.Take(Track($"u{i}", null) with { Type = "identify", Email = "team@company.com" });
        Assert.Equal(3, customers.Rows("profiles").Length);
        Assert.Contains("email | team@company.com | 32 |", string.Join("\n", customers.Rows("identifiers")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_lived_device_id_that_comes_back_does_not_join_two_users()
    {
        using var customers = new Customers($"CREATE IDENTIFIER ga_client_id FROM context['ga']; {Views}");
        customers.Take(Track("u1", "a1") with { ExternalIds = [("ga_client_id", "ga")] }, Track("u2", "a2") with { ExternalIds = [("ga_client_id", "ga")] });
        Assert.Equal(2, customers.Rows("profiles").Length);
        Assert.Equal("32", ProfileOf(customers, "ga_client_id | ga"));
    }

    [Fact]
    public void A_giant_cluster_stops_at_its_cap_and_says_so()
    {
        using var customers = new Customers($"CREATE IDENTIFIER anonymous_id WITH ('limit' = '100000'); {Views}");
        customers.Take([.. Enumerable.Range(0, 3000).Select(i => Track("u", $"a{i}"))]);
        Assert.Equal(1000, customers.Rows("identifiers").Length);
        Assert.Equal(2001, customers.Rows("identity_drops").Count(r => r.Contains("| cap | 1 |", StringComparison.Ordinal)));
        Assert.Equal(["32 | 1000"], customers.Rows("profiles").Select(r => string.Join(" | ", r.Split(" | ")[..2])));
    }

    [Fact]
    public void A_late_identify_gives_the_user_its_anonymous_history_at_once()
    {
        using var customers = new Customers(Views);
        customers.Take(Bought("a1", 10, "x"), Bought("a1", 20, "y"));
        customers.Take(Track("u1", null));
        Assert.Equal(["32 | 2"], customers.Rows("purchases"));
        customers.Take(Track("u1", "a1") with { Type = "identify" });
        Assert.Equal(["32 | 2"], customers.Rows("purchases"));
        Assert.Equal("32", ProfileOf(customers, "user_id | u1"));
        Assert.Equal(["32 | 30"], customers.Rows("revenue"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void Two_identifiers_in_both_orders_at_once_are_one_profile(int rowsAtOnce)
    {
        using var customers = new Customers(Views, workers: 3);
        customers.Take([Track(null, "a") with { Email = "e@x" }, Track(null, "b") with { Email = "f@x" }, Track(null, "b") with { Email = "e@x" }, Track(null, "a") with { Email = "f@x" }], rowsAtOnce);
        Assert.Single(customers.Rows("profiles"));
        Assert.Equal(["32 | 64 | m2"], customers.Rows("profile_merges").Select(r => string.Join(" | ", r.Split(" | ")[..3])));
    }

    [Fact]
    public void A_tightened_rule_holds_as_if_it_always_had()
    {
        Happening[] history = [Track("u1", "a1"), Track("u1", "a2"), Track("u1", "a3")];
        using var before = new Customers(Views);
        using var after = new Customers($"CREATE IDENTIFIER anonymous_id WITH ('limit' = '1'); {Views}");
        before.Take(history);
        after.Take(history);
        Assert.Equal(4, before.Rows("identifiers").Length);
        Assert.Equal(["anonymous_id | a1 | 32", "user_id | u1 | 32"], after.Rows("identifiers").Select(r => string.Join(" | ", r.Split(" | ")[..3])));
    }

    [Fact]
    public void Counts_sums_lists_and_segments_are_added_by_a_merge()
    {
        using var customers = new Customers(Views);
        customers.Pipeline.ClockMicros = 3600L * 1_000_000;
        customers.Take([.. Enumerable.Range(0, 3).Select(i => Bought("a1", 1, $"x{i}") with { Time = 100 - i }), .. Enumerable.Range(0, 4).Select(_ => Bought("a2", 10, "x1") with { Time = 200 })]);
        Assert.Empty(customers.Rows("buyers"));
        customers.Take(Track("u", "a1"), Track("u", "a2"));
        Assert.Equal(["32 | 7"], customers.Rows("purchases"));
        Assert.Equal(["32 | 43"], customers.Rows("revenue"));
        Assert.Equal(["32 | 3"], customers.Rows("goods"));
        Assert.Equal(["32 | x2"], customers.Rows("first_sku"));
        Assert.Equal(["32 | x1"], customers.Rows("favourite"));
        Assert.Equal(["32"], customers.Rows("buyers"));
        Assert.Equal(["32"], customers.Rows("lately_and_much"));
        customers.Pipeline.ClockMicros = (3600L + 200) * 1_000_000;
        customers.Pipeline.Step();
        Assert.Equal(["32"], customers.Rows("buyers"));
        Assert.Empty(customers.Rows("lately"));
        Assert.Empty(customers.Rows("lately_and_much"));
    }

    [Fact]
    public void A_split_gives_events_back_to_the_side_whose_identifier_they_carried()
    {
        using var customers = new Customers(Views);
        customers.Take([.. Enumerable.Range(0, 3).Select(_ => Bought("a1", 1, "x")), .. Enumerable.Range(0, 4).Select(_ => Bought("a2", 10, "y"))]);
        string[] Traits() => [.. new[] { "purchases", "revenue", "goods", "first_sku", "favourite", "buyers" }.SelectMany(v => customers.Rows(v).Select(r => $"{v}: {r}"))];
        var apart = Traits();
        customers.Take(new Happening("merge", "identify") { Time = 5, AnonymousId = "a1", ExternalIds = [("anonymous_id", "a2")] });
        Assert.Single(customers.Rows("profiles"));
        Assert.Equal(["32"], customers.Rows("buyers"));
        customers.Take(new Happening("split", "split") { Time = 5, Of = "anonymous_id:a1", Named = ["anonymous_id:a2"] });
        Assert.Equal(apart, Traits());
        // Later events that carry both are attributed and do not rejoin, until a link.
        customers.Take(new Happening("both", "track") { Time = 5, AnonymousId = "a1", ExternalIds = [("anonymous_id", "a2")] });
        Assert.Equal(2, customers.Rows("profiles").Length);
        Assert.Contains("both | 32", customers.Rows("attributed"));
        customers.Take(new Happening("link", "link") { Of = "anonymous_id:a1", Named = ["anonymous_id:a2"] });
        Assert.Single(customers.Rows("profiles"));
    }

    [Fact]
    public void An_identifier_that_moves_to_another_person_is_split_off_and_goes_with_the_next()
    {
        using var customers = new Customers(Views);
        customers.Take(Track("u1", null) with { Type = "identify", Phone = "+49 30 123" }, Track("u2", null));
        customers.Take(new Happening("split", "split") { Time = 5, Of = "user_id:u1", Named = ["phone:+4930123"] });
        customers.Take(Track("u2", null) with { Type = "identify", Phone = "0049 (30) 123" });
        Assert.Equal(ProfileOf(customers, "user_id | u2"), ProfileOf(customers, "phone | +4930123"));
        Assert.NotEqual(ProfileOf(customers, "user_id | u1"), ProfileOf(customers, "phone | +4930123"));
    }

    private Happening Track(string? user, string? anonymous) => new($"m{_serial++}") { UserId = user, AnonymousId = anonymous, Time = _serial, ReceivedAt = _serial };

    private Happening Bought(string anonymous, int revenue, string sku) => Track(null, anonymous) with { Event = "bought", Properties = $$"""{"revenue": {{revenue}}, "sku": "{{sku}}"}""" };

    private static string ProfileOf(Customers customers, string identifier) => customers.Rows("identifiers").First(r => r.StartsWith(identifier, StringComparison.Ordinal)).Split(" | ")[2];
}
