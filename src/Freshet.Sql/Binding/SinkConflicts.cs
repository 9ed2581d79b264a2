using System.Collections.Immutable;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Sql.Binding;

/// <summary>
/// A sink with a PRIMARY KEY takes one row of each key. Where the query's own key is the sink's that is so; elsewhere the INSERT
/// says which row stands: ON CONFLICT DO DEDUPLICATE the last one, DO NOTHING the first one. Rows without a position go by content.
/// A topic whose rows are added alone keeps all of them: they are the versions of their key, and nothing needs to be said.
/// </summary>
internal static class SinkConflicts
{
    public static PlanNode Apply(PlanNode plan, TableDefinition target, string? conflict, IReadOnlyDictionary<string, string> options, SourceText source, TextSpan place)
    {
        List<int> writable = [.. target.Writable];
        ImmutableArray<int> key = [.. target.PrimaryKey.Select(k => writable.IndexOf(k))];
        if (conflict is not null && key.IsEmpty) throw new SqlException(source, place, $"ON CONFLICT needs a PRIMARY KEY, {target.Name} has none.");
        if (conflict == "ERROR" && Scans(plan).Any(s => s.Table.Watermark is null)) throw new SqlException(source, place, "ON CONFLICT DO ERROR requires all source tables to define watermarks.");
        if (key.IsEmpty || target.Changes == RowChanges.TakenBack || IsUnique(plan, key)) return plan;
        if (conflict is null && plan.IsAppendOnly && target.Connector == "log" && target.Changes == RowChanges.None) return plan;
        if (conflict is null && options.GetValueOrDefault("table.exec.sink.require-on-conflict", "true") != "true") conflict = "DEDUPLICATE";
        if (conflict is null)
        {
            var own = plan.Key.IsEmpty ? "none is known" : string.Join(", ", plan.Key.Select(k => plan.Schema.Fields[k].Name));
            throw new SqlException(source, place, $"The query has an upsert key that differs from the primary key of the sink table {target.Name}: {string.Join(", ", target.PrimaryKey.Select(k => target.Schema.Fields[k].Name))} there, of the query {own}. Write ON CONFLICT DO DEDUPLICATE to keep the last row of a key, or ON CONFLICT DO NOTHING to keep the first.");
        }

        if (conflict == "ERROR") throw new SqlException(source, place, "ON CONFLICT DO ERROR is not supported yet for a query whose key is not that of the sink.");
        return new TopN(plan, RankKind.RowNumber, key, [new SortColumn(SortColumn.Position, conflict == "DEDUPLICATE", false)], 1, 1, null);
    }

    /// <summary>Whether no two rows of the result have the same key.</summary>
    private static bool IsUnique(PlanNode plan, ImmutableArray<int> key) => plan.HasAtMostOneRow || (!plan.Key.IsEmpty && plan.Key.All(key.Contains));

    private static IEnumerable<Scan> Scans(PlanNode plan) => plan is Scan scan ? [scan] : plan.Inputs.SelectMany(Scans);
}
