using Freshet.Plan;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Testing.Tests.Differential;

/// <summary>A generated case in the engine, its input cut into steps at random.</summary>
internal static class EngineRun
{
    /// <summary>The plan of the case's query, or why it is refused.</summary>
    public static PlanNode? Plan(GeneratedCase given, bool allChange, out string refusal)
    {
        var binder = new ScriptBinder(isBounded: false);
        try
        {
            binder.Execute(new SourceText("case", Declarations(given, t => t.Changes || allChange)));
            refusal = "";
            return binder.MaterializedViews[0].Plan;
        }
        catch (SqlException refused)
        {
            refusal = refused.Message;
            return null;
        }
    }

    /// <summary>The view's rows after all input and its end.</summary>
    public static List<string> Rows(GeneratedCase given, IReadOnlyList<string> types, Random random)
    {
        using var pipeline = Create(given, random.Next(1, 4), allChange: false);
        Feed(pipeline, given, random);
        pipeline.End();
        return Rows(pipeline, types);
    }

    /// <summary>The view's changes of each step, in order: what a replay must give again.</summary>
    public static List<string> Deltas(GeneratedCase given, IReadOnlyList<string> types, int seed, int workers)
    {
        var deltas = new List<string>();
        using var pipeline = Create(given, workers, allChange: false);
        Feed(pipeline, given, new Random(seed), () => deltas.AddRange(Rows(pipeline.Changes("v"), types).Prepend("step")));
        pipeline.End();
        deltas.AddRange(Rows(pipeline.Changes("v"), types).Prepend("end"));
        return deltas;
    }

    /// <summary>The view's rows, and the rows of state, when all that was inserted has been taken back; for cases without event time.</summary>
    public static (List<string> Rows, long StateRows) TakenBack(GeneratedCase given, IReadOnlyList<string> types, Random random)
    {
        using var pipeline = Create(given, random.Next(1, 4), allChange: true);
        Feed(pipeline, given, random);
        foreach (var table in given.Tables)
        {
            var present = table.Rows.GroupBy(table.Literals).Select(g => (Values: g.Key, Weight: -(long)g.Sum(r => r.Weight))).Where(r => r.Weight != 0).ToList();
            pipeline.Insert(table.Name, present);
        }

        pipeline.Step();
        // What a step removes is free at the end of the step, which the next one brings.
        pipeline.End();
        return (Rows(pipeline, types), pipeline.StateRows);
    }

    /// <summary>The same of a pipeline that has never seen a row.</summary>
    public static (List<string> Rows, long StateRows) Empty(GeneratedCase given, IReadOnlyList<string> types)
    {
        using var pipeline = Create(given, 1, allChange: true);
        pipeline.Step();
        pipeline.End();
        return (Rows(pipeline, types), pipeline.StateRows);
    }

    private static TestPipeline Create(GeneratedCase given, int workers, bool allChange)
    {
        var pipeline = new TestPipeline(workers, given.Tables.Where(t => t.Changes || allChange).Select(t => t.Name));
        // The pipeline marks the tables that change itself.
        pipeline.Declare("case", Declarations(given, _ => false));
        return pipeline;
    }

    private static string Declarations(GeneratedCase given, Func<GeneratedTable, bool> isMarked)
    {
        var ddl = given.Tables.Select(t => !isMarked(t) ? t.Ddl
            : t.Ddl.Contains(" WITH (", StringComparison.Ordinal) ? t.Ddl[..^1] + ", 'changelog' = 'true')" : t.Ddl + " WITH ('changelog' = 'true')");
        return $"{string.Join("; ", ddl)}; CREATE MATERIALIZED VIEW v AS {given.Query.Sql};";
    }

    private static void Feed(TestPipeline pipeline, GeneratedCase given, Random random, Action? afterStep = null)
    {
        var next = given.Tables.ToDictionary(t => t, _ => 0);
        while (next.Any(n => n.Value < n.Key.Rows.Count))
        {
            foreach (var table in given.Tables)
            {
                var count = Math.Min(random.Next(8), table.Rows.Count - next[table]);
                pipeline.Insert(table.Name, [.. table.Rows.Skip(next[table]).Take(count).Select(r => (table.Literals(r), (long)r.Weight))]);
                next[table] += count;
            }

            pipeline.Step(random.Next(3) == 0 ? 1 : int.MaxValue);
            afterStep?.Invoke();
        }
    }

    private static List<string> Rows(TestPipeline pipeline, IReadOnlyList<string> types) => Rows(pipeline.Rows("v"), types);

    private static List<string> Rows(IReadOnlyDictionary<string, long> rows, IReadOnlyList<string> types) =>
        Cells.Sorted(rows.SelectMany(r => r.Value > 0
            ? Enumerable.Repeat(Cells.Row(types, r.Key.Split(" | ")), (int)r.Value)
            : Enumerable.Repeat("taken back: " + Cells.Row(types, r.Key.Split(" | ")), (int)-r.Value)));
}
