using System.Collections.Immutable;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Sql.Binding;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;
using Freshet.Testing.Tests.Naive;

namespace Freshet.Testing.Tests.Differential;

/// <summary>A generated case by the naive evaluator.</summary>
internal static class NaiveCase
{
    /// <summary>The rows; null where it does not know the plan.</summary>
    public static List<string>? Rows(GeneratedCase given, IReadOnlyList<string> types)
    {
        if (EngineRun.Plan(given, allChange: false, out _) is not { } plan || !NaiveEvaluator.Knows(plan)) return null;
        var tables = given.Tables.ToDictionary(t => t.Name, t => t.Rows.Select(r => (Row: t.Literals(r), r.Weight)).ToList());
        var evaluator = new NaiveEvaluator(scan => tables[scan.Table.Name].Select(r => (RowOf(scan.Table, r.Row), (long)r.Weight)));
        try
        {
            return Cells.Sorted(evaluator.Evaluate(plan).Values.SelectMany(r => Enumerable.Repeat(Cells.Row(types, NaiveEvaluator.Text(plan.Schema, r.Row).Split(" | ")), (int)r.Weight)));
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }

    private static NaiveRow RowOf(TableDefinition table, string values)
    {
        var row = ((ValuesBody)((Select)SqlParser.ParseOne(new SourceText("row", $"VALUES ({values})"))).Query.Body).Rows[0];
        var body = new ValuesBody([[.. row.Select((e, i) => (Expression)new Cast(e, table.Schema[i], false, default))]], default);
        var plan = (Values)new ScriptBinder(isBounded: true).BindQuery(new Query([], body, [], null, null, default), new SourceText("row", ""));
        return NaiveEvaluator.Compute(plan.Rows[0], new Freshet.Columns.Schema(ImmutableArray<Freshet.Columns.Field>.Empty), new NaiveRow([]))!;
    }
}
