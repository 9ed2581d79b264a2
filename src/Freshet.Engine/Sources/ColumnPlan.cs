using System.Collections.Immutable;
using Freshet.Columns.Expressions;
using Freshet.Columns.Types;
using Freshet.Engine.Planning;
using Freshet.Sql.Plan;

namespace Freshet.Engine.Sources;

/// <summary>
/// What a table's source decodes and what is computed from it. The source gives the physical columns that are needed, in order,
/// and then the position; from these come the node's columns, the position again, and (where there is a watermark) the time
/// attribute and the watermark candidate.
/// </summary>
/// <param name="Physical">Columns that the source decodes.</param>
/// <param name="Output">The node's columns and position over the decoded ones; null where they are the same.</param>
/// <param name="RowTime">The time attribute among all output columns, or -1.</param>
/// <param name="Watermark">The watermark's expression over the output columns.</param>
internal sealed record ColumnPlan(ImmutableArray<ScanColumn> Physical, VectorExpression[]? Output, int RowTime, VectorExpression? Watermark)
{
    public static ColumnPlan Of(SourceNode source)
    {
        var table = source.Table;
        var physical = new List<ScanColumn>();
        int Place(ScanColumn column)
        {
            var at = physical.FindIndex(p => p.ToString() == column.ToString());
            if (at >= 0) return at;
            physical.Add(column);
            return physical.Count - 1;
        }

        BoundExpression Over(BoundExpression expression) => expression.Rewrite(e =>
        {
            if (e is not BoundColumn column) return e;
            var computed = table.Computed.FirstOrDefault(c => c.Column == column.Index);
            return computed is not null ? Over(computed.Expression) : new BoundColumn(Place(new ScanColumn(column.Index, table.Schema[column.Index])), column.Type);
        });

        BoundExpression Column(int index) => Over(new BoundColumn(index, table.Schema[index]));
        var outputs = source.Columns.Select(c => c.Path is null ? Column(c.Column) : new BoundColumn(Place(c), c.Type)).ToList();
        var hasWatermark = table.Watermark is not null;
        var rowTime = hasWatermark ? Column(table.RowTime) : null;
        var watermark = hasWatermark ? Over(table.Watermark!) : null;
        var position = new BoundColumn(physical.Count, SqlType.BigInt.NotNull);
        var isSame = !hasWatermark && outputs.Select((o, i) => o is BoundColumn c && c.Index == i).All(same => same) && outputs.Count == physical.Count;
        if (isSame) return new ColumnPlan([.. physical], null, -1, null);
        List<BoundExpression> all = [.. outputs, position];
        if (rowTime is not null) all.AddRange([rowTime, watermark!]);
        return new ColumnPlan(
            [.. physical],
            [.. all.Select(e => e.Lower())],
            hasWatermark ? outputs.Count + 1 : -1,
            hasWatermark ? new ColumnReference(outputs.Count + 2, watermark!.Type) : null);
    }
}
