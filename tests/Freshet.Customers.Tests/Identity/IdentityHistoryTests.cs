using System.Globalization;
using Freshet.Customers.Identity;

namespace Freshet.Customers.Tests.Identity;

/// <summary>
/// Random histories of events, splits, links, erasures, consents and time that goes by, cut anywhere, on any number of workers: equal to the model
/// after every step, after a start that folds all of it at once, and after one with other rules.
/// </summary>
public sealed class IdentityHistoryTests(ITestOutputHelper output)
{
    private const string Views = """
        CREATE MATERIALIZED VIEW attributed AS SELECT message_id, profile_id FROM events;
        CREATE MATERIALIZED VIEW counted AS SELECT profile_id, COUNT(*) AS n FROM events WHERE profile_id IS NOT NULL GROUP BY profile_id;
        CREATE SEGMENT consenting WITH ('consent' = 'ads') AS SELECT profile_id FROM events;
        """;

    [Fact]
    public void Any_history_cut_anywhere_equals_the_model()
    {
        var seed = Seeds.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var histories = int.Parse(Environment.GetEnvironmentVariable("FRESHET_TEST_HISTORIES") ?? "200", CultureInfo.InvariantCulture);
        for (var history = 0; history < histories; history++) Run(random, history);
    }

    private static void Run(Random random, int history)
    {
        var rules = Rules(random);
        var model = new IdentityModel(rules);
        using var customers = new Customers(Views, rules, random.Next(1, 4));
        var clock = 1000L;
        var serial = 0;
        var past = new List<Happening>();
        for (var step = random.Next(3, 9); step > 0; step--)
        {
            var batch = new List<Happening>();
            for (var i = random.Next(1, 9); i > 0; i--)
            {
                clock += random.Next(0, 40);
                var one = past.Count > 0 && random.Next(12) == 0 ? past[random.Next(past.Count)] with { ReceivedAt = clock } : Any(random, $"m{serial++}", clock);
                past.Add(one);
                batch.Add(one);
                model.Take(one);
            }

            var place = $"history {history}, {rules.Text}, after {past.Count} events: {string.Join("\n", past)}";
            At(model, customers, clock);
            customers.Take(batch, random.Next(3) == 0 ? random.Next(1, 4) : int.MaxValue);
            Check(model, past, customers, place);
            if (random.Next(3) != 0) continue;
            clock += random.Next(0, 400);
            At(model, customers, clock);
            customers.Pipeline.Step();
            Check(model, past, customers, $"at {clock} {place}");
        }

        Anew(rules, past, clock, random, $"a start, history {history}");
        Anew(Rules(random), past, clock, random, $"other rules, history {history}");
    }

    /// <summary>A start folds what the log has, in steps of its own.</summary>
    private static void Anew(IdentityRules rules, List<Happening> past, long clock, Random random, string place)
    {
        var model = new IdentityModel(rules);
        foreach (var one in past) model.Take(one);
        using var customers = new Customers(Views, rules, random.Next(1, 4));
        At(model, customers, clock);
        customers.Take(past, random.Next(2) == 0 ? random.Next(1, 20) : int.MaxValue);
        Check(model, past, customers, $"{place}, {rules.Text}, after {past.Count} events: {string.Join("\n", past)}");
    }

    private static void At(IdentityModel model, Customers customers, long clock)
    {
        model.Clock = clock;
        customers.Pipeline.ClockMicros = clock * 1_000_000;
    }

    private static void Check(IdentityModel model, List<Happening> past, Customers customers, string place)
    {
        string Profile(long number) => number != 0 && model.ProfileOf(number) is { } id ? id.ToString(CultureInfo.InvariantCulture) : "NULL";
        Equal(model.Attributions.Select(a => $"{a.MessageId} | {Profile(a.Identifier)}"), customers.Rows("attributed"), place);
        Equal(model.Attributions.Select(a => Profile(a.Identifier)).Where(p => p != "NULL").GroupBy(p => p).Select(g => $"{g.Key} | {g.Count()}"), customers.Rows("counted"), place);
        Equal(model.Names.Select(n => $"{n.Type} | {n.Value} | {Profile(n.Number)} | {Time(n.First)} | {Time(n.Last)} | {n.MessageId} | web"), customers.Rows("identifiers"), place);
        Equal(model.Names.GroupBy(n => Profile(n.Number)).Select(g => $"{g.Key} | {g.Count()} | {Time(g.Min(n => n.First))} | {Time(g.Max(n => n.Last))}"), customers.Rows("profiles"), place);
        var said = model.Attributions.Select((a, i) => (Profile: Profile(a.Identifier), Happening: past[i], Place: i)).Where(s => s.Profile != "NULL" && s.Happening.Consent is not null).GroupBy(s => s.Profile);
        Equal(said.Where(g => g.OrderBy(s => s.Happening.Time).ThenBy(s => s.Place).Last().Happening.Consent!.Contains("true", StringComparison.Ordinal)).Select(g => g.Key), customers.Rows("consenting"), place);
        Equal(model.Merges.Select(m => $"{m.Into} | {m.Merged} | {m.MessageId}"), customers.Rows("profile_merges").Select(r => string.Join(" | ", r.Split(" | ")[..3])), place);
        Equal(model.Drops.GroupBy(d => d).Select(g => $"{g.Key.Type} | {g.Key.Value} | {g.Key.Rule} | {g.Count()}"), customers.Rows("identity_drops").Select(r => string.Join(" | ", r.Split(" | ")[..4])), place);
    }

    private static void Equal(IEnumerable<string> expected, IEnumerable<string> actual, string place)
    {
        string[] left = [.. expected.Order(StringComparer.Ordinal)];
        string[] right = [.. actual.Order(StringComparer.Ordinal)];
        Assert.True(left.SequenceEqual(right), $"{place}\nexpected\n{string.Join("\n", left.Except(right))}\nfound\n{string.Join("\n", right.Except(left))}");
    }

    private static string Time(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static IdentityRules Rules(Random random)
    {
        var rules = IdentityRules.Default;
        IdentifierType Type(string name) => rules.Types.First(t => t.Name == name);
        rules = rules.With(Type("anonymous_id") with { Limit = random.Next(1, 5) });
        rules = rules.With(Type("email") with { Limit = random.Next(1, 4), PeriodMicros = random.Next(2) * 200_000_000L });
        if (random.Next(3) == 0) rules = rules.With(Type("user_id") with { Limit = 2 });
        if (random.Next(4) == 0) rules = rules.With(Type("user_id") with { IsUnique = true });
        if (random.Next(3) == 0) rules = rules with { ProfileMaxIdentifiers = random.Next(3, 7) };
        if (random.Next(3) == 0) rules = rules with { ProfileMaxMerges = random.Next(0, 3) };
        if (random.Next(2) == 0) rules = rules with { AnonymousTtlMicros = random.Next(1, 300) * 1_000_000L };
        return rules with { IgnoresAlias = random.Next(5) == 0, External = rules.External with { Limit = random.Next(1, 4) } };
    }

    internal static Happening Any(Random random, string messageId, long clock)
    {
        string User() => random.Next(15) == 0 ? "null" : $"u{random.Next(3)}";
        string Anonymous() => random.Next(15) == 0 ? "0000" : $"a{random.Next(5)}";
        string Named() => random.Next(3) switch { 0 => $"user_id:u{random.Next(3)}", 1 => $"anonymous_id:a{random.Next(5)}", _ => $"email:e{random.Next(3)}@x" };
        var one = new Happening(messageId) { Time = clock - random.Next(0, 300), ReceivedAt = clock, Consent = random.Next(6) == 0 ? $$"""{"ads": {{(random.Next(2) == 0 ? "true" : "false")}}}""" : null };
        switch (random.Next(20))
        {
            case 0 or 1:
                return one with { Type = "alias", UserId = User(), PreviousId = random.Next(2) == 0 ? $"u{random.Next(3)}" : Anonymous(), AnonymousId = random.Next(2) == 0 ? Anonymous() : null };
            case 2 or 3:
                return one with { Type = "split", Of = Named(), Named = [Named(), Named()] };
            case 4:
                return one with { Type = "link", Of = Named(), Named = [Named()] };
            case 5:
                return one with { Type = "erase", Of = Named() };
            case < 12:
                return one with
                {
                    Type = "identify",
                    UserId = random.Next(4) == 0 ? null : User(),
                    AnonymousId = random.Next(3) == 0 ? null : Anonymous(),
                    Email = random.Next(2) == 0 ? $"e{random.Next(3)}@x" : null,
                    ExternalIds = random.Next(3) == 0 ? [(random.Next(2) == 0 ? "crm" : "a_loyalty_card_number", $"c{random.Next(3)}")] : [],
                };
            default:
                return one with { UserId = random.Next(2) == 0 ? User() : null, AnonymousId = random.Next(3) == 0 ? null : Anonymous() };
        }
    }
}
