using System.Globalization;
using Freshet.Conformance.Cases;

namespace Freshet.Conformance.Fuzzing;

/// <summary>All texts of the parse corpus through the planner: as they are in the first round, changed by the seed in the later ones.</summary>
internal static class FuzzRun
{
    /// <summary>The crashes of some rounds, one for each place in the source that threw.</summary>
    public static IReadOnlyList<PlannerCrash> Crashes(IReadOnlyList<Case> cases, int rounds, int seed, bool runs, IDictionary<string, int> refusals, out string summary)
    {
        var texts = cases.Where(c => c.Family == "parse-corpus" && c.Text("kind") != "expr").Select(c => c.Text("sql").Replace("^", "", StringComparison.Ordinal)).ToList();
        var crashes = new Dictionary<string, PlannerCrash>();
        var (planned, refused) = (0, 0);
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < texts.Count; i++)
            {
                var fuzz = new PlannerFuzz(HashCode(seed, round, i), runs);
                var text = round == 0 ? texts[i] : fuzz.Mutate(texts[i], texts[(i * 31 + round) % texts.Count]);
                if (Within(fuzz, text) is { } crash) crashes.TryAdd(PlaceOf(crash.Error), crash);
                // One that does not end takes the machine from all that follow.
                if (crashes.Values.Any(c => c.Error is TimeoutException)) (i, round) = (texts.Count, rounds);
                planned += fuzz.Planned;
                refused += fuzz.Refused;
                if (fuzz.Refused > 0) refusals[fuzz.Refusal] = (refusals.TryGetValue(fuzz.Refusal, out var n) ? n : 0) + 1;
            }
        }

        summary = string.Create(CultureInfo.InvariantCulture, $"{rounds} rounds of {texts.Count} texts from seed {seed}: {planned} planned, {refused} refused, {crashes.Count} places crashed");
        return [.. crashes.Values];
    }

    /// <summary>A text that is not done in time has hung, or grows without end.</summary>
    private static PlannerCrash? Within(PlannerFuzz fuzz, string text)
    {
        PlannerCrash? crash = null;
        // The stack of deep plans is that of the engine's own thread.
        var thread = new Thread(() => crash = fuzz.Try(text)) { IsBackground = true };
        thread.Start();
        return thread.Join(TimeSpan.FromSeconds(20)) ? crash : new PlannerCrash(text, fuzz.Tables, new TimeoutException("It was not done after 20 s."));
    }

    public static int Run(IReadOnlyList<Case> cases, int rounds, int seed, bool runs, bool verbose, TextWriter output)
    {
        var refusals = new Dictionary<string, int>();
        var crashes = Crashes(cases, rounds, seed, runs, refusals, out var summary);
        if (verbose)
            foreach (var (refusal, n) in refusals.OrderByDescending(r => r.Value)) output.WriteLine($"{n} {refusal}");
        foreach (var crash in crashes) output.WriteLine(Describe(crash));
        output.WriteLine(summary);
        return crashes.Count == 0 ? 0 : 1;
    }

    public static string Describe(PlannerCrash crash) => $"{crash.Error}\n{crash.Tables}\n{crash.Sql}\n";

    private static string PlaceOf(Exception error) => error.GetType().Name + (error.StackTrace ?? "").Split('\n').FirstOrDefault(l => l.Contains("Freshet.", StringComparison.Ordinal));

    /// <summary>The same in every process, unlike that of the base library.</summary>
    private static int HashCode(int seed, int round, int text) => unchecked(((seed * 16777619) ^ round) * 16777619 ^ text) & int.MaxValue;
}
