
namespace Freshet.Plan.Rules;

/// <summary>
/// A filter goes down to the rows it reads: below projections where its columns are cheap there, below set operations, below UNNEST,
/// and to the sides of a join, so that a join keeps fewer rows. Parts that can fail stay above a join and UNNEST: a row that
/// finds no partner must not become an error. A side to which an outer join adds NULLs takes none from above; parts of the
/// join's own condition go to the side whose rows it does not keep. A filter above an inner join becomes part of its condition.
/// </summary>
internal static class PushFilterDown
{
    public static PlanNode Apply(PlanNode node)
    {
        if (node is Join { Residual: not null } conditional) return OfCondition(conditional);
        if (node is SemiJoin { Residual: not null } conditionalSemi) return OfCondition(conditionalSemi);
        if (node is not Filter filter) return node;
        switch (filter.Inputs[0])
        {
            case Filter inner:
                return Apply(new Filter(inner.Inputs[0], new BoundLogical(true, inner.Condition, filter.Condition, filter.Condition.Span)));
            case Project project when filter.Condition.Columns().All(c => MergeProjects.IsCheap(project.Expressions[c])):
                var condition = MergeProjects.Substitute(filter.Condition, project.Expressions);
                return new Project(Apply(new Filter(project.Inputs[0], condition)), project.Expressions, project.Names);
            case Union union:
                return new Union([.. union.Inputs.Select(i => Apply(new Filter(i, filter.Condition)))]);
            case SetOperation set:
                // A row that is equal in both inputs is kept or dropped in both.
                return new SetOperation(Apply(new Filter(set.Inputs[0], filter.Condition)), Apply(new Filter(set.Inputs[1], filter.Condition)), set.IsExcept, set.IsAll);
            case Unnest unnest:
                var width = unnest.Inputs[0].Schema.Count;
                var (below, above) = Split(filter.Condition, c => c < width);
                if (below is null) return node;
                return Above(unnest.Over(Apply(new Filter(unnest.Inputs[0], below)), unnest.Collection), above);
            case TemporalFilter temporal:
                return new TemporalFilter(Apply(new Filter(temporal.Inputs[0], filter.Condition)), temporal.From, temporal.Until);
            case Join join:
                return OfJoin(filter, join);
            case SemiJoin semi:
                var leftWidth = semi.Inputs[0].Schema.Count;
                var (passed, marked) = Split(filter.Condition, c => c < leftWidth);
                return passed is null ? node : Above(semi.Over(Apply(new Filter(semi.Inputs[0], passed)), semi.Inputs[1], semi.LeftKeys, semi.RightKeys, semi.Residual), marked);
            default:
                return node;
        }
    }

    private static PlanNode OfJoin(Filter filter, Join join)
    {
        var width = join.Inputs[0].Schema.Count;
        var (left, right, rest) = ((BoundExpression?)null, (BoundExpression?)null, (BoundExpression?)filter.Condition);
        if (!join.Keeps(1)) (left, rest) = Split(rest!, c => c < width);
        if (!join.Keeps(0) && rest is not null) (right, rest) = Split(rest, c => c >= width);
        var residual = join.Residual;
        if (join.Type == JoinType.Inner && rest is not null)
        {
            // An equality between the sides will be a key, even where a side of it can fail.
            var parts = BoundLogical.Conjuncts(rest).ToLookup(part => part.Columns().Any() && (!part.CanFail || FindJoinKeys.IsEquality(part, c => c < width, c => c >= width, out _, out _)));
            residual = BoundLogical.All(BoundLogical.Conjuncts(residual).Concat(parts[true]));
            rest = BoundLogical.All(parts[false]);
        }

        if (left is null && right is null && residual == join.Residual) return filter;
        var leftInput = left is null ? join.Inputs[0] : Apply(new Filter(join.Inputs[0], left));
        var rightInput = right is null ? join.Inputs[1] : Apply(new Filter(join.Inputs[1], right.Shift(c => c - width)));
        return Above(join.Over(leftInput, rightInput, join.LeftKeys, join.RightKeys, residual), rest);
    }

    private static PlanNode OfCondition(Join join)
    {
        var (left, right, rest) = Sides(join.Residual!, join.Inputs[0], join.Inputs[1], !join.Keeps(0), !join.Keeps(1));
        return rest == join.Residual ? join : join.Over(left, right, join.LeftKeys, join.RightKeys, rest);
    }

    private static PlanNode OfCondition(SemiJoin semi)
    {
        var (left, right, rest) = Sides(semi.Residual!, semi.Inputs[0], semi.Inputs[1], semi.Type == SemiJoinType.Semi, true);
        return rest == semi.Residual ? semi : semi.Over(left, right, semi.LeftKeys, semi.RightKeys, rest);
    }

    /// <summary>The sides with the parts of a join's condition that go down to them, and what is left of it.</summary>
    private static (PlanNode Left, PlanNode Right, BoundExpression? Others) Sides(BoundExpression condition, PlanNode left, PlanNode right, bool ofLeft, bool ofRight)
    {
        var width = left.Schema.Count;
        var (l, r, rest) = ((BoundExpression?)null, (BoundExpression?)null, (BoundExpression?)condition);
        if (ofLeft) (l, rest) = Split(condition, c => c < width);
        if (ofRight && rest is not null) (r, rest) = Split(rest, c => c >= width);
        if (l is null && r is null) return (left, right, condition);
        return (l is null ? left : Apply(new Filter(left, l)), r is null ? right : Apply(new Filter(right, r.Shift(c => c - width))), rest);
    }

    private static PlanNode Above(PlanNode node, BoundExpression? condition) => condition is null ? node : new Filter(node, condition);

    /// <summary>The conjuncts that read only such columns and cannot fail, and the others.</summary>
    private static (BoundExpression? Taken, BoundExpression? Others) Split(BoundExpression condition, Func<int, bool> isTaken)
    {
        var parts = BoundLogical.Conjuncts(condition).ToLookup(part => !part.CanFail && part.Columns().Any() && part.Columns().All(isTaken));
        return (BoundLogical.All(parts[true]), BoundLogical.All(parts[false]));
    }
}
