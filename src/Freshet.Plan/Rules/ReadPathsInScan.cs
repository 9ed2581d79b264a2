using System.Collections.Immutable;
using Freshet.Columns.Json;
using Freshet.Columns.Types;

namespace Freshet.Plan.Rules;

/// <summary>
/// Parts of a VARIANT or ROW column that an expression right above a scan reads become columns of the scan, decoded to their type
/// in the one pass over the bytes: CAST(properties['price'] AS DOUBLE) is a DOUBLE column, bid.price a BIGINT column. A value that
/// cannot be read fails the row where it is used, or is NULL for TRY_CAST.
/// </summary>
internal static class ReadPathsInScan
{
    public static PlanNode Apply(PlanNode node)
    {
        switch (node)
        {
            case Project { Inputs: [Scan scan] } project:
                {
                    var reader = new Reader(scan);
                    var expressions = project.Expressions.Select(reader.Rewrite).ToImmutableArray();
                    return reader.Scan == scan ? node : Prune(new Project(reader.Scan, expressions, project.Names));
                }

            case Project { Inputs: [Filter { Inputs: [Scan scan] } filter] } project:
                {
                    var reader = new Reader(scan);
                    var condition = reader.Rewrite(filter.Condition);
                    var expressions = project.Expressions.Select(reader.Rewrite).ToImmutableArray();
                    return reader.Scan == scan ? node : Prune(new Project(new Filter(reader.Scan, condition), expressions, project.Names));
                }

            default:
                return node;
        }
    }

    private static PlanNode Prune(PlanNode node) => PruneColumns.Apply(node);

    private sealed class Reader(Scan scan)
    {
        public Scan Scan { get; private set; } = scan;

        public BoundExpression Rewrite(BoundExpression expression)
        {
            // From the root down, so that a cast takes its path with it.
            switch (expression)
            {
                case BoundCast { Operand: BoundPath { Operand: BoundColumn { Type.Kind: TypeKind.Variant } column } path } cast when CanRead(column, path.Path, cast.Type) && cast.IsTry:
                    return Column(new ScanColumn(Scan.Columns[column.Index].Column, cast.Type.WithNullable(true), path.Path, cast.IsTry), expression);
                case BoundField { OfColumn: { } part } when CanReadField(part.Column):
                    return Column(new ScanColumn(Scan.Columns[part.Column.Index].Column, expression.Type, part.Path), expression);
                case BoundPath { Operand: BoundColumn { Type.Kind: TypeKind.Variant } column } path when CanRead(column, path.Path, SqlType.Variant):
                    return Column(new ScanColumn(Scan.Columns[column.Index].Column, SqlType.Variant, path.Path), expression);
            }

            var children = expression.Children;
            if (children.IsEmpty) return expression;
            var rewritten = ImmutableArray.CreateRange(children, Rewrite);
            return rewritten.SequenceEqual(children) ? expression : expression.With(rewritten);
        }

        private bool CanReadField(BoundColumn column) =>
            Scan.Columns[column.Index].Path is null && Scan.Table.GivesFields && !Scan.Table.IsComputed(Scan.Columns[column.Index].Column);

        private bool CanRead(BoundColumn column, JsonPath path, SqlType type) =>
            Scan.Columns[column.Index].Path is null && JsonPathDecoder.CanDecode(path) && type.Fields.IsEmpty && Scan.Table.Connector != "view" && !Scan.Table.IsComputed(Scan.Columns[column.Index].Column) && !Scan.Table.IsMetadata(Scan.Columns[column.Index].Column);

        private BoundColumn Column(ScanColumn column, BoundExpression replaced)
        {
            var text = column.ToString();
            for (var i = 0; i < Scan.Columns.Length; i++)
                if (Scan.Columns[i].Column == column.Column && Scan.Columns[i].ToString() == text) return new BoundColumn(i, Scan.Columns[i].Type, replaced.Span);
            Scan = new Scan(Scan.Table, Scan.Columns.Add(column));
            return new BoundColumn(Scan.Columns.Length - 1, column.Type, replaced.Span);
        }
    }
}
