using System.Collections.Immutable;
using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// ORDER BY, LIMIT and OFFSET of a query. At the top of a bounded query: a sort at its end. With LIMIT anywhere else: the first
/// rows, kept under change. Without LIMIT the order of rows that are kept, or that another query reads, has no meaning.
/// </summary>
internal sealed class OrderBinder(SourceText source, QueryRules rules)
{
    /// <summary>More rows than there are; two such numbers can be added.</summary>
    private const long RowsMax = long.MaxValue / 4;

    public PlanNode Sorted(PlanNode plan, ImmutableArray<SortColumn> columns, Query query, bool isTop)
    {
        var offset = Number(query.Offset, "OFFSET") ?? 0;
        var limit = Number(query.Limit, "LIMIT");
        if (isTop && rules.IsBounded) return new Sort(plan, columns, offset, limit);
        var order = columns.Select(c => plan.ProcTimes.Contains(c.Column) ? c with { Column = SortColumn.Position } : c).DistinctBy(c => c.Column).ToImmutableArray();
        if (limit is not null) return new TopN(plan, RankKind.RowNumber, [], order, offset + 1, offset + limit.Value, null);
        if (!rules.IsBounded && query.Offset is not null) throw new SqlException(source, query.Offset.Span, "OFFSET without LIMIT would keep all rows to leave a few out: write a LIMIT too, or read the rows with OFFSET from the view.");
        if (query.Offset is not null) return new TopN(plan, RankKind.RowNumber, [], order, offset + 1, long.MaxValue, null);
        if (!isTop || columns.IsEmpty) return plan;
        CheckTemporal(plan, columns[0], query.OrderBy[0]);
        // In order of time, rows come when the watermark has passed them, and late ones not at all.
        return !rules.IsBounded && plan.IsAppendOnly && !columns[0].IsDescending && plan.RowTimes.Contains(columns[0].Column)
            ? new Over(plan, [], [columns[0]], new PlanFrame(false, PlanBound.Current, PlanBound.Current), [], OverEmission.AtWatermark)
            : plan;
    }

    /// <summary>
    /// Rows that go out as they come have one order that can be kept: that of time. In a view that is kept no order is asked for, and
    /// none is meant.
    /// </summary>
    private void CheckTemporal(PlanNode plan, SortColumn first, OrderItem item)
    {
        var isTime = plan.RowTimes.Contains(first.Column) || plan.ProcTimes.Contains(first.Column);
        if (rules.SortsAnything || (isTime && !first.IsDescending)) return;
        throw new SqlException(source, item.Expression.Span, isTime
            ? "Rows without an end can be ordered by time ascending only; with LIMIT any order is possible."
            : "Rows without an end can be ordered by a time attribute only, this is none; with LIMIT any order is possible.");
    }

    private long? Number(Expression? expression, string what)
    {
        if (expression is null) return null;
        return expression is Literal { Kind: LiteralKind.Integer } literal && long.TryParse(literal.Text, System.Globalization.CultureInfo.InvariantCulture, out var value)
            ? Math.Min(value, RowsMax)
            : throw new SqlException(source, expression.Span, $"{what} takes a whole number.");
    }
}
