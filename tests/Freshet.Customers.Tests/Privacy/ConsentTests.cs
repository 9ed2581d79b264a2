using Freshet.Customers.Tests.Identity;
using Freshet.Syntax;

namespace Freshet.Customers.Tests.Privacy;

public sealed class ConsentTests
{
    private const string Sql = """
        CREATE TRAIT bought AS SELECT profile_id, COUNT(*) FROM events WHERE event = 'bought' GROUP BY profile_id;
        CREATE TRAIT shown WITH ('consent' = 'advertising') AS SELECT profile_id, COUNT(*) FROM events WHERE event = 'bought' GROUP BY profile_id;
        CREATE SEGMENT buyers AS SELECT profile_id FROM events WHERE event = 'bought';
        CREATE SEGMENT targets WITH ('consent' = 'advertising') AS SELECT profile_id FROM events WHERE event = 'bought';
        CREATE SEGMENT both WITH ('consent' = 'advertising, analytics') AS SELECT profile_id FROM bought WHERE `value` >= 1;
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Who_has_said_nothing_is_out_and_a_withdrawal_is_an_exit_of_its_own_cause(int workers)
    {
        using var customers = new Identity.Customers(Sql, workers: workers);
        customers.Take(Bought("m0", "a", 10), Bought("m1", "b", 10));
        Assert.Equal(["32 | buyers | entered | m0", "64 | buyers | entered | m1"], Changes(customers));
        Assert.Empty(customers.Rows("shown"));

        customers.Take(Says("m2", "a", 20, """{"advertising": true}"""));
        Assert.Equal(["32 | targets | entered | m2"], Changes(customers));
        Assert.Equal(["32 | 1"], customers.Rows("shown"));
        customers.Take(Says("m3", "a", 30, """{"analytics": true}"""), Says("m4", "b", 30, """{"advertising": false, "analytics": true}"""));
        Assert.Equal(["32 | both | entered | m3"], Changes(customers));

        // What was said before is no news, whenever it comes.
        customers.Take(Says("m5", "a", 15, """{"advertising": false}"""));
        Assert.Empty(Changes(customers));
        customers.Take(Says("m6", "a", 40, """{"advertising": false}"""));
        Assert.Equal(["32 | both | exited | consent", "32 | targets | exited | consent"], Changes(customers));
        Assert.Empty(customers.Rows("shown"));
        Assert.Equal(["32 | 1", "64 | 1"], customers.Rows("bought"));
        Assert.Equal(["32 | advertising | false", "32 | analytics | true", "64 | advertising | false", "64 | analytics | true"], Told(customers));

        // Two profiles become one: the last word of both counts.
        customers.Take(Says("m7", "b", 50, """{"advertising": true}"""));
        Assert.Equal(["64 | both | entered | m7", "64 | targets | entered | m7"], Changes(customers));
        customers.Take(new Happening("m8", "identify") { UserId = "u", AnonymousId = "a", Time = 60 }, new Happening("m9", "identify") { UserId = "u", AnonymousId = "b", Time = 60 });
        Assert.Equal(["32 | both | entered | merge", "32 | targets | entered | merge", "64 | both | exited | merge", "64 | buyers | exited | merge", "64 | targets | exited | merge"], Changes(customers));
        customers.Take(new Happening("m10", "erase") { Of = "user_id:u", Time = 70 });
        Assert.Equal(["32 | both | exited | erase", "32 | buyers | exited | erase", "32 | targets | exited | erase"], Changes(customers));
        Assert.Empty(customers.Rows("profile_consent"));
    }

    /// <summary>The last word of each profile by event time, found anew after every step from all events and their profiles of then.</summary>
    [Fact]
    public void Any_history_equals_the_last_word_of_each_profile()
    {
        var random = new Random(Seeds.Next());
        for (var history = 0; history < 60; history++)
        {
            using var customers = new Identity.Customers(Sql + "CREATE MATERIALIZED VIEW attributed AS SELECT message_id, profile_id FROM events;", workers: random.Next(1, 4));
            var past = new List<Happening>();
            for (var step = 0; step < 6; step++)
            {
                var batch = Enumerable.Range(0, random.Next(1, 7)).Select(i => IdentityHistoryTests.Any(random, $"m{past.Count + i}", 1000 + step * 50)).Select(h => h.Type is "split" or "link" or "erase" ? h : h with
                {
                    Event = random.Next(2) == 0 ? "bought" : null,
                    Consent = random.Next(2) == 0 ? null : $$"""{"advertising": {{(random.Next(2) == 0 ? "true" : "false")}} }""",
                }).ToList();
                past.AddRange(batch);
                customers.Take(batch, random.Next(2) == 0 ? 1 : int.MaxValue);
                var owner = customers.Rows("attributed").Select(r => r.Split(" | ")).ToDictionary(r => r[0], r => r[1]);
                var mine = past.Select((h, i) => (Happening: h, Place: i, Profile: owner[h.MessageId])).Where(h => h.Profile != "NULL").GroupBy(h => h.Profile).ToList();
                var said = mine.Where(g => g.Where(h => h.Happening.Consent is not null).OrderBy(h => h.Happening.Time).ThenBy(h => h.Place).LastOrDefault().Happening?.Consent?.Contains("true", StringComparison.Ordinal) == true);
                var expected = said.Where(g => g.Any(h => h.Happening.Event == "bought")).Select(g => g.Key).Order(StringComparer.Ordinal);
                Assert.Equal(expected, customers.Rows("targets"));
            }
        }
    }

    [Theory]
    [InlineData("CREATE SEGMENT s WITH ('consnet' = 'x') AS SELECT profile_id FROM events", "Did you mean")]
    [InlineData("CREATE TRAIT t WITH ('consent' = '') AS SELECT profile_id, COUNT(*) FROM events GROUP BY profile_id", "names a category")]
    public void What_is_no_consent_is_refused(string sql, string sentence)
    {
        var error = Assert.Throws<SqlException>(() =>
        {
            using var customers = new Identity.Customers(sql);
        });
        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
    }

    private static Happening Bought(string message, string anonymous, long time) => new(message) { Event = "bought", AnonymousId = anonymous, Time = time, ReceivedAt = time };

    private static Happening Says(string message, string anonymous, long time, string preferences) => new(message) { AnonymousId = anonymous, Time = time, ReceivedAt = time, Consent = preferences };

    private static string[] Told(Identity.Customers customers) => [.. customers.Rows("profile_consent").Select(r => string.Join(" | ", r.Split(" | ")[..3]))];

    private static string[] Changes(Identity.Customers customers) =>
        [.. customers.Pipeline.Changes("segment_changes").Keys.Select(r => r.Split(" | ")).Select(c => $"{c[0]} | {c[1]} | {c[2]} | {c[5]}").Order(StringComparer.Ordinal)];
}
