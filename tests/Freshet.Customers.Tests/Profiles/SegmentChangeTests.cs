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

    private static Happening Bought(string message, string anonymous, long time) => new(message) { Event = "bought", AnonymousId = anonymous, Time = time, ReceivedAt = time };

    /// <summary>The last step's changes without its clock.</summary>
    private static string[] Changes(Identity.Customers customers) =>
        [.. customers.Pipeline.Changes("segment_changes").Keys.Select(r => r.Split(" | ")).Select(c => $"{c[0]} | {c[1]} | {c[2]} | {c[4]}").Order(StringComparer.Ordinal)];
}
