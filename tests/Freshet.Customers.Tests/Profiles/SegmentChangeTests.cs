using System.Globalization;
using Freshet.Customers.Tests.Identity;

namespace Freshet.Customers.Tests.Profiles;

public sealed class SegmentChangeTests
{
    private const string Segments = """
        CREATE TRAIT purchases AS SELECT profile_id, COUNT(*) FROM events WHERE event = 'bought' GROUP BY profile_id;
        CREATE SEGMENT buyers AS SELECT profile_id FROM purchases WHERE `value` >= 2;
        CREATE SEGMENT lately AS SELECT profile_id FROM events WHERE event = 'bought' AND event_time > NOW() - INTERVAL '1' HOUR;
        CREATE SEGMENT both_of_them AS SELECT b.profile_id FROM buyers b JOIN lately l ON b.profile_id = l.profile_id;
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Entries_and_exits_say_when_and_why(int workers)
    {
        using var customers = new Identity.Customers(Segments, workers: workers);
        customers.Pipeline.ClockMicros = 1000L * 1_000_000;
        customers.Take(Bought("m0", "a", 1000), Bought("m1", "a", 1000), Bought("m2", "b", 1000));
        Assert.Equal(["32 | both_of_them | entered | m1", "32 | buyers | entered | m1", "32 | lately | entered | m1", "96 | lately | entered | m2"], Changes(customers));

        // Two profiles become one: the younger one's entries end, the older one's stay.
        customers.Take(new Happening("m3", "identify") { UserId = "u", AnonymousId = "a", Time = 1000 }, new Happening("m4", "identify") { UserId = "u", AnonymousId = "b", Time = 1000 });
        Assert.Equal(["96 | lately | exited | merge"], Changes(customers));

        // Time alone.
        customers.Pipeline.ClockMicros = (1000L + 3600) * 1_000_000;
        customers.Pipeline.Step();
        Assert.Equal(["32 | both_of_them | exited | time", "32 | lately | exited | time"], Changes(customers));

        customers.Take(new Happening("m5", "split") { Of = "anonymous_id:a", Named = ["anonymous_id:b", "user_id:u"] });
        Assert.Empty(Changes(customers));
        customers.Take(new Happening("m6", "split") { Of = "user_id:u", Named = ["anonymous_id:b"] }, Bought("m7", "b", 4600));
        Assert.Equal(["96 | buyers | entered | split", "96 | lately | entered | split", "96 | both_of_them | entered | split"], Changes(customers).OrderBy(c => c.Length));
        customers.Take(new Happening("m8", "erase") { Of = "anonymous_id:b" });
        Assert.Equal(["96 | both_of_them | exited | erase", "96 | buyers | exited | erase", "96 | lately | exited | erase"], Changes(customers));
    }

    /// <summary>The clock jumps: each exit and entry has the moment at which it happened, whatever else fell due in the jump.</summary>
    [Fact]
    public void After_a_pause_each_change_has_the_moment_at_which_it_happened()
    {
        using var customers = new Identity.Customers("""
            CREATE SEGMENT often AS SELECT profile_id FROM events WHERE event = 'bought' AND event_time > NOW() - INTERVAL '1' HOUR GROUP BY profile_id HAVING COUNT(*) >= 2;
            CREATE SEGMENT gone AS SELECT profile_id FROM events WHERE event = 'bought' AND event_time <= NOW() - INTERVAL '2' HOUR;
            """);
        customers.Pipeline.ClockMicros = 1000L * 1_000_000;
        customers.Take(Bought("m0", "a", 100), Bought("m1", "a", 200), Bought("m2", "a", 300), Bought("m3", "b", 990), Bought("m4", "b", 991));
        Assert.Equal(["32 | often | entered | 1000", "128 | often | entered | 1000"], Due(customers));

        // Days later, together with an event: it finds the clock of now.
        customers.Pipeline.ClockMicros = 300_000L * 1_000_000;
        customers.Take(Bought("m5", "a", 299_000), Bought("m6", "a", 299_001));
        Assert.Equal(["32 | often | exited | 3800", "128 | often | exited | 4590", "32 | gone | entered | 7300", "128 | gone | entered | 8190", "32 | often | entered | 300000"], Due(customers));
    }

    /// <summary>Under many moments steps are shared: due is never before the moment, and late by a small part of the pause.</summary>
    [Fact]
    public void Many_moments_in_a_pause_cost_a_bounded_number_of_steps()
    {
        using var customers = new Identity.Customers("CREATE SEGMENT lately AS SELECT profile_id FROM events WHERE event_time > NOW() - INTERVAL '1' HOUR;");
        customers.Pipeline.ClockMicros = 20_000L * 1_000_000;
        customers.Take([.. Enumerable.Range(0, 3000).Select(i => Bought($"m{i}", $"a{i}", 16_500 + i))]);
        var before = customers.Pipeline.StepsTaken;
        customers.Pipeline.ClockMicros = 10_000_000L * 1_000_000;
        customers.Pipeline.Step();
        Assert.InRange(customers.Pipeline.StepsTaken - before, 1, 10_000);
        Assert.Equal(3000, customers.Pipeline.Changes("segment_changes").Count);
        foreach (var change in customers.Pipeline.Changes("segment_changes").Keys.Select(r => r.Split(" | ")))
        {
            var moment = 16_500 + (long.Parse(change[0], CultureInfo.InvariantCulture) / 32 - 1) + 3600;
            Assert.InRange(Seconds(change[3]), moment, moment + 10_000_000 / 1024);
        }
    }

    private static string[] Due(Identity.Customers customers) =>
        [.. customers.Pipeline.Changes("segment_changes").Keys.Select(r => r.Split(" | ")).OrderBy(c => c[3]).ThenBy(c => c[0].Length).Select(c => $"{c[0]} | {c[1]} | {c[2]} | {Seconds(c[3])}")];

    private static long Seconds(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture).ToUnixTimeSeconds();

    private static Happening Bought(string message, string anonymous, long time) => new(message) { Event = "bought", AnonymousId = anonymous, Time = time, ReceivedAt = time };

    /// <summary>The last step's changes without its clock.</summary>
    private static string[] Changes(Identity.Customers customers) =>
        [.. customers.Pipeline.Changes("segment_changes").Keys.Select(r => r.Split(" | ")).Select(c => $"{c[0]} | {c[1]} | {c[2]} | {c[5]}").Order(StringComparer.Ordinal)];
}
