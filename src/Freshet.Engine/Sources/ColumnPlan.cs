using System.Collections.Immutable;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Engine.Planning;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;
using Freshet.Plan;

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

        // From the root down, so that a field takes its path with it.
        BoundExpression Over(BoundExpression expression)
        {
            if (expression is BoundField { OfColumn: { } part } && table.GivesFields && !table.IsComputed(part.Column.Index))
                return Physical(new ScanColumn(part.Column.Index, expression.Type, part.Path));
            if (expression is BoundColumn of && table.Connector == "log" && table.Metadata.FirstOrDefault(m => m.Column == of.Index) is { } metadata)
                return Cast(Physical(new ScanColumn(of.Index, RecordMetadata.Known[metadata.Key].Type)), table.Schema[of.Index]);
            if (expression is BoundColumn column)
                return table.Computed.FirstOrDefault(c => c.Column == column.Index) is { } computed ? Over(computed.Expression) : Physical(new ScanColumn(column.Index, table.Schema[column.Index]));
            return expression.Children.IsEmpty ? expression : expression.With(ImmutableArray.CreateRange(expression.Children, Over));
        }

        static BoundExpression Cast(BoundExpression given, SqlType declared) =>
            given.Type.EqualsIgnoringNullability(declared) ? given : new BoundCast(given, declared, isTry: false, given.Span);

        BoundExpression Physical(ScanColumn column) =>
            table.Connector == "nexmark" && column is { Path: null, Type.Kind: TypeKind.Row } ? Whole(column) : new BoundColumn(Place(column), column.Type);

        // Events are made field by field: a whole ROW is put together only where it is read as such.
        BoundExpression Whole(ScanColumn column)
        {
            ImmutableArray<BoundExpression> fields = [.. column.Type.Fields.Select(f => Physical(new ScanColumn(column.Column, f.Type.WithNullable(true), JsonPath.Of(f.Name))))];
            return new BoundCase(
                [new BoundCall("IS NULL", LogicKernel.IsNull, [fields[0]], SqlType.Boolean.NotNull, default)],
                [new BoundLiteral(column.Type.WithNullable(true), default, null)],
                new BoundCall("ROW", CollectionKernels.RowOf, fields, column.Type.NotNull, default),
                column.Type.WithNullable(true),
                default);
        }

        BoundExpression Column(int index) => Over(new BoundColumn(index, table.Schema[index]));
        var outputs = source.Columns.Select(c => c.Path is null ? Column(c.Column) : Physical(c)).ToList();
        var watermark = table.Watermark;
        List<BoundExpression> all = [.. outputs];
        BoundExpression? candidate = null;
        var rowTime = -1;
        if (watermark is not null)
        {
            rowTime = PlaceOf(all, Column(table.RowTime), outputs.Count + 1);
            // The usual watermark is a little less than the time attribute, which has been computed by then.
            candidate = watermark.Columns().All(c => c == table.RowTime)
                ? watermark.Shift(_ => rowTime)
                : new BoundColumn(PlaceOf(all, Over(watermark), outputs.Count + 1), watermark.Type);
        }

        var isSame = watermark is null && outputs.Select((o, i) => o is BoundColumn c && c.Index == i).All(same => same) && outputs.Count == physical.Count;
        if (isSame) return new ColumnPlan([.. physical], null, -1, null);
        // The position of a row stands right behind the node's own columns.
        all.Insert(outputs.Count, new BoundColumn(physical.Count, SqlType.BigInt.NotNull));
        return new ColumnPlan([.. physical], [.. all.Select(e => e.Lower())], rowTime, candidate is null ? null : DelayedTime.Of(candidate));
    }

    /// <summary>Where an expression's value stands; one that is not there yet is added. Behind <paramref name="split"/> - 1 columns the position comes in between.</summary>
    private static int PlaceOf(List<BoundExpression> all, BoundExpression expression, int split)
    {
        var text = expression.ToString();
        var at = all.FindIndex(e => e.ToString() == text);
        if (at < 0)
        {
            at = all.Count;
            all.Add(expression);
        }

        return at < split - 1 ? at : at + 1;
    }
}
