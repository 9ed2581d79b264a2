using System.Collections.Immutable;
using Freshet.Kernels.Expressions;

namespace Freshet.Plan.Rules;

/// <summary>
/// A filter that bounds a ROW_NUMBER, RANK or DENSE_RANK from above makes a Top-N of it: of the other rows nothing needs to be computed.
/// What a filter says of the partition's columns alone goes below the numbering, which it does not change.
/// </summary>
internal static class FilterRanks
{
    public static PlanNode Apply(PlanNode node)
    {
        if (node is not Filter filter) return node;
        return filter.Inputs[0] switch
        {
            Over over => OfOver(filter, over),
            TopN top => Below(filter, top.Partition, top.Inputs[0]) is var (input, rest) && input != top.Inputs[0] ? Above(Optimizer.WithInputs(top, [input]), rest) : node,
            _ => node,
        };
    }

    private static PlanNode OfOver(Filter filter, Over over)
    {
        var (input, rest) = Below(filter, over.Partition, over.Inputs[0]);
        over = (Over)Optimizer.WithInputs(over, [input]);
        if (over.Calls is not [{ Function: OverFunction.RowNumber or OverFunction.Rank or OverFunction.DenseRank } call]) return Above(over, rest);
        var number = input.Schema.Count;
        var (first, last) = (1L, long.MaxValue);
        var others = new List<BoundExpression>();
        foreach (var part in BoundLogical.Conjuncts(rest))
            if (!TryBound(part, number, ref first, ref last)) others.Add(part);
        if (last == long.MaxValue) return Above(over, rest);
        var isFirst = call.Function == OverFunction.RowNumber && (first, last) == (1, 1);
        // The first row of a key by event time is known when the watermark has passed it, and then for good: as in Flink it comes once.
        if (isFirst && over.Emission == OverEmission.AtWatermark && over.Order.Length == 1) return Above(over, rest);
        var kind = call.Function switch
        {
            OverFunction.RowNumber => RankKind.RowNumber,
            OverFunction.Rank => RankKind.Rank,
            _ => RankKind.DenseRank,
        };
        // Of the last rows of a key by event time, Flink keeps the one that came last.
        var order = isFirst && over.Order is [{ IsDescending: true, Column: >= 0 } time] && input.RowTimes.Contains(time.Column)
            ? over.Order.Add(new SortColumn(SortColumn.Position, true, true))
            : over.Order;
        return Above(new TopN(input, kind, over.Partition, order, first, last, call.Name), BoundLogical.All(others));
    }

    /// <summary>The input with the conditions on the partition alone, and what is left to check above.</summary>
    private static (PlanNode Input, BoundExpression? Others) Below(Filter filter, ImmutableArray<int> partition, PlanNode input)
    {
        var parts = BoundLogical.Conjuncts(filter.Condition).ToLookup(c => !c.CanFail && c.Columns().Any() && c.Columns().All(partition.Contains));
        return (BoundLogical.All(parts[true]) is { } below ? PushFilterDown.Apply(new Filter(input, below)) : input, BoundLogical.All(parts[false]));
    }

    private static PlanNode Above(PlanNode node, BoundExpression? condition) => condition is null ? node : new Filter(node, condition);

    /// <summary>Reads a comparison of the number with a constant.</summary>
    private static bool TryBound(BoundExpression part, int number, ref long first, ref long last)
    {
        if (part is not BoundCall { Children: [var left, var right] } call) return false;
        var op = call.Name;
        if (right is BoundColumn)
        {
            (left, right) = (right, left);
            op = op switch { "<" => ">", "<=" => ">=", ">" => "<", ">=" => "<=", _ => op };
        }

        if (left is not BoundColumn column || column.Index != number || FoldConstants.Fold(right) is not BoundLiteral { IsNull: false } literal || !literal.Type.IsInteger) return false;
        var value = (long)Int128.Clamp(literal.Bits, -1, long.MaxValue - 1);
        switch (op)
        {
            case "=": (first, last) = (Math.Max(first, value), Math.Min(last, value)); return true;
            case "<": last = Math.Min(last, value - 1); return true;
            case "<=": last = Math.Min(last, value); return true;
            case ">": first = Math.Max(first, value + 1); return true;
            case ">=": first = Math.Max(first, value); return true;
            default: return false;
        }
    }
}
