using System.Globalization;
using Freshet.Customers.Identity;

namespace Freshet.Customers.Tests.Identity;

/// <summary>Profiles of devices alone that have had no event for a time.</summary>
public sealed class AnonymousTtlTests
{
    private const long Day = 86_400;

    private const string Sql = """
        CREATE MATERIALIZED VIEW attributed AS SELECT message_id, profile_id FROM events;
        CREATE TRAIT visits AS SELECT profile_id, COUNT(*) FROM events GROUP BY profile_id;
        CREATE SEGMENT visitors AS SELECT profile_id FROM visits;
        """;

    private static readonly IdentityRules NinetyDays = IdentityRules.Default with { AnonymousTtlMicros = 90 * Day * 1_000_000 };

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_anonymous_profile_leaves_by_time_and_comes_back_anew_and_a_known_one_stays(int workers)
    {
        using var customers = new Customers(Sql, NinetyDays, workers);
        At(customers, 1);
        customers.Take(Visit("m0", "a", 1), Visit("m1", "b", 1), new Happening("m2", "identify") { UserId = "u", AnonymousId = "b", Time = Day, ReceivedAt = Day });
        At(customers, 50);
        customers.Take(Visit("m3", "a", 50));
        // Ninety days after its last event, and not before.
        At(customers, 139);
        customers.Pipeline.Step();
        Assert.Empty(Changes(customers));
        At(customers, 200);
        customers.Pipeline.Step();
        Assert.Equal(["32 | visitors | exited | 140 | time"], Changes(customers));
        Assert.Equal(["64 | 2"], customers.Rows("visits"));
        Assert.Equal(["64 | 2"], customers.Rows("profiles").Select(r => string.Join(" | ", r.Split(" | ")[..2])));
        Assert.DoesNotContain(customers.Rows("identifiers"), r => r.StartsWith("anonymous_id | a ", StringComparison.Ordinal));
        // Its events are there, and nobody's.
        Assert.Equal(["m0 | NULL", "m1 | 64", "m2 | 64", "m3 | NULL"], customers.Rows("attributed"));

        At(customers, 201);
        customers.Take(Visit("m4", "a", 201));
        Assert.Equal(["160 | visitors | entered | 201 | m4"], Changes(customers));
        Assert.Equal(["160 | 1", "64 | 2"], customers.Rows("visits"));
    }

    [Fact]
    public void What_identifies_after_the_time_is_over_brings_nothing_of_before()
    {
        using var customers = new Customers(Sql, NinetyDays);
        At(customers, 1);
        customers.Take(Visit("m0", "a", 1));
        At(customers, 200);
        customers.Take(new Happening("m1", "identify") { UserId = "u", AnonymousId = "a", Time = 200 * Day, ReceivedAt = 200 * Day });
        Assert.Equal(["64 | 1"], customers.Rows("visits"));
        Assert.Empty(customers.Rows("profile_merges"));
    }

    [Theory]
    [InlineData("crm", "c1")]
    [InlineData("email", null)]
    public void An_email_or_an_external_id_is_somebody(string type, string? external)
    {
        using var customers = new Customers(Sql, NinetyDays);
        At(customers, 1);
        customers.Take(Visit("m0", "a", 1) with { Type = "identify", Email = external is null ? "a@x" : null, ExternalIds = external is null ? [] : [(type, external)] });
        At(customers, 500);
        customers.Pipeline.Step();
        Assert.Equal(["32 | 1"], customers.Rows("visits"));
    }

    /// <summary>An event may have been received before the clock that ended its profile, and come after it: then the profile was never over.</summary>
    [Fact]
    public void An_event_that_was_received_in_time_finds_its_profile_as_it_was()
    {
        using var customers = new Customers(Sql, NinetyDays);
        At(customers, 1);
        customers.Take(Visit("m0", "a", 1));
        At(customers, 92);
        customers.Pipeline.Step();
        Assert.Empty(customers.Rows("visits"));
        customers.Take(Visit("m1", "a", 90));
        Assert.Equal(["32 | 2"], customers.Rows("visits"));
        Assert.Equal(["32 | 2"], customers.Rows("visits"));
        Assert.Single(customers.Rows("profiles"));
    }

    /// <summary>After a long stop: each profile leaves at its own moment, and the steps that it takes are bounded.</summary>
    [Fact]
    public void After_a_long_stop_a_step_ends_a_bounded_number_of_profiles()
    {
        using var customers = new Customers("CREATE MATERIALIZED VIEW people AS SELECT profile_id, COUNT(*) AS n FROM events WHERE profile_id IS NOT NULL GROUP BY profile_id;", NinetyDays);
        At(customers, 1);
        customers.Take([.. Enumerable.Range(0, 5000).Select(i => Visit($"m{i}", $"a{i}", 1) with { ReceivedAt = Day - 5000 + i })]);
        Assert.Equal(5000, customers.Rows("people").Length);
        var (before, rows) = (customers.Pipeline.StepsTaken, customers.Pipeline.StateRows);
        At(customers, 1000);
        customers.Pipeline.Step(rowsAtOnce: 100);
        Assert.InRange(customers.Pipeline.StepsTaken - before, 40, 60);
        Assert.Empty(customers.Rows("people"));
        customers.Take(Visit("n0", "a1", 1000));
        Assert.Single(customers.Rows("people"));
        // What was hidden is forgotten behind the log, a part with each step.
        customers.Take(Visit("n1", "a1", 1000));
        Assert.InRange(customers.Pipeline.StateRows, 1, rows - 5 * 5000);
    }

    private static void At(Customers customers, long day) => customers.Pipeline.ClockMicros = day * Day * 1_000_000;

    private static Happening Visit(string message, string anonymous, long day) => new(message) { AnonymousId = anonymous, Time = day * Day, ReceivedAt = day * Day };

    private static string[] Changes(Customers customers) =>
        [.. customers.Pipeline.Changes("segment_changes").Keys.Select(r => r.Split(" | ")).Select(c => $"{c[0]} | {c[1]} | {c[2]} | {DateTimeOffset.Parse(c[3], CultureInfo.InvariantCulture).ToUnixTimeSeconds() / Day} | {c[5]}").Order(StringComparer.Ordinal)];
}
