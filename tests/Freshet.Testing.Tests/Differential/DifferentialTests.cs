using System.Globalization;
using Freshet.Columns;

namespace Freshet.Testing.Tests.Differential;

/// <summary>
/// Random cases three ways: the engine, the naive evaluator, Flink. FRESHET_DIFFERENTIAL_CASES sets how many (300, say; each costs
/// Flink a third of a second), FRESHET_TEST_SEED the first seed. A case that differs is made smaller and printed as a test script.
/// </summary>
public sealed class DifferentialTests(ITestOutputHelper output)
{
    private const int CasesOfNormalRun = 200;

    private const int SeedOfNormalRun = 9000;

    /// <summary>How many differing cases are made smaller: each costs Flink some minutes.</summary>
    private const int ShrunkMax = 2;

    private static int FirstSeed => Seeds.Next();

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;

    [Fact]
    public void Random_queries_give_what_Flink_gives()
    {
        var flink = FlinkOracle.Find();
        Assert.SkipWhen(flink is null, "There is no Flink beside the checkout; FRESHET_FLINK names its folder.");
        // The same cases each time: a new difference is Flink's as often as ours, and is looked for on purpose, not by CI.
        var seed = Number("FRESHET_TEST_SEED") ?? SeedOfNormalRun;
        var cases = Enumerable.Range(seed, Number("FRESHET_DIFFERENTIAL_CASES") ?? 40).Select(CaseGenerator.Create).ToList();
        var planned = cases.Where(c => EngineRun.Plan(c, allChange: false, out _) is not null).ToList();
        var answers = flink.Ask(planned);
        var differing = new List<GeneratedCase>();
        var compared = 0;
        for (var i = 0; i < planned.Count; i++)
        {
            if (answers[i].Rows is null) continue;
            compared++;
            if (Differs(planned[i], answers[i]) is not null) differing.Add(planned[i]);
        }

        output.WriteLine($"seeds {seed} to {seed + cases.Count - 1}: {compared} compared, {cases.Count - planned.Count} refused here, {planned.Count - compared} refused by Flink");
        foreach (var refused in cases.Select(c => EngineRun.Plan(c, allChange: false, out var why) is null ? why : "").Where(w => w.Length > 0)) output.WriteLine(refused);
        for (var i = 0; i < planned.Count; i++)
            if (answers[i].Rows is null) output.WriteLine($"Flink, seed {planned[i].Seed}: {answers[i].Error.Split('\n')[0]}");
        foreach (var different in differing) output.WriteLine($"differs: seed {different.Seed}: {different.Query.Sql}");
        Assert.True(differing.Count == 0, string.Join("\n\n", differing.Take(ShrunkMax).Select(d => Report(Shrinker.Shrink(d, flink, Differs), flink))));
        Assert.True(compared > cases.Count / 2, $"Of {cases.Count} cases only {compared} were compared.");
    }

    [Fact]
    public void Any_cut_and_any_number_of_workers_give_what_the_slow_evaluation_gives()
    {
        foreach (var (given, types, random) in Planned(allChange: false))
        {
            var rows = EngineRun.Rows(given, types, random);
            for (var cut = 0; cut < 2; cut++) Same(rows, EngineRun.Rows(given, types, random), given, "another cut");
            if (NaiveCase.Rows(given, types) is { } naive) Same(naive, rows, given, "the slow evaluation");
        }
    }

    [Fact]
    public void Running_the_same_steps_again_gives_the_same_changes()
    {
        foreach (var (given, types, random) in Planned(allChange: false))
        {
            var seed = random.Next();
            Same(EngineRun.Deltas(given, types, seed, 1), EngineRun.Deltas(given, types, seed, 3), given, "a replay");
        }
    }

    [Fact]
    public void Taking_everything_back_leaves_nothing()
    {
        foreach (var (given, types, random) in Planned(allChange: true))
        {
            if (given.Query.Sql.Contains("TABLE(", StringComparison.Ordinal)) continue;
            var (rows, state) = EngineRun.TakenBack(given, types, random);
            var (emptyRows, emptyState) = EngineRun.Empty(given, types);
            Same(emptyRows, rows, given, "taking everything back");
            Assert.True(state == emptyState, $"seed {given.Seed}: {state} rows of state are left, {emptyState} without input\n{given.Script([])}");
        }
    }

    private static IEnumerable<(GeneratedCase Case, IReadOnlyList<string> Types, Random Random)> Planned(bool allChange)
    {
        var seed = FirstSeed;
        for (var i = 0; i < CasesOfNormalRun; i++)
        {
            var given = CaseGenerator.Create(seed + i);
            if (EngineRun.Plan(given, allChange, out _) is { } plan) yield return (given, Types(plan.Schema), new Random(seed + i));
        }
    }

    private static List<string> Types(Schema schema) => [.. schema.Fields.Select(f => f.Type.Name)];

    private static void Same(List<string> expected, List<string> actual, GeneratedCase given, string what) =>
        Assert.True(expected.SequenceEqual(actual), $"seed {given.Seed}: {what} differs\nexpected:\n{string.Join('\n', expected)}\ngot:\n{string.Join('\n', actual)}\n{given.Script(expected)}");

    /// <summary>How the engine's answer differs from Flink's; null where it does not.</summary>
    private static string? Differs(GeneratedCase given, FlinkAnswer answer)
    {
        if (answer.Rows is null || EngineRun.Plan(given, allChange: false, out _) is not { } plan) return null;
        var types = Types(plan.Schema);
        List<string> rows;
        try
        {
            rows = EngineRun.Rows(given, types, new Random(given.Seed));
        }
        catch (Exception crash) when (crash is not OutOfMemoryException)
        {
            return crash.ToString();
        }

        return rows.SequenceEqual(answer.Rows) ? null : $"engine ({string.Join(", ", types)}):\n{string.Join('\n', rows)}";
    }

    private static string Report(GeneratedCase given, FlinkOracle flink)
    {
        var answer = flink.Ask([given])[0];
        return $"{given.Script(answer.Rows ?? [])}\n{Differs(given, answer)}\nFlink ({string.Join(", ", answer.Types)}) has the expected rows";
    }
}
