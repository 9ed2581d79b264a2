using Freshet.Sql.Plan;

namespace Freshet.Sql.Rules;

/// <summary>
/// A filter goes down to the rows it reads: below projections where its columns are cheap there, below UNION ALL, below UNNEST,
/// and to the sides of a join, so that a join keeps fewer rows. Parts that can fail stay above a join and UNNEST: a row that
/// finds no partner must not become an error. The right side of a LEFT JOIN takes none: there NULLs are added.
/// </summary>
internal static class PushFilterDown
{
    public static PlanNode Apply(PlanNode node)
    {
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
            case Unnest unnest:
                var width = unnest.Inputs[0].Schema.Count;
                var (below, above) = Split(filter.Condition, c => c < width);
                if (below is null) return node;
                return Above(new Unnest(Apply(new Filter(unnest.Inputs[0], below)), unnest.Collection, unnest.Elements, unnest.IsOuter), above);
            case Join join:
                return OfJoin(filter, join);
            default:
                return node;
        }
    }

    private static PlanNode OfJoin(Filter filter, Join join)
    {
        var width = join.Inputs[0].Schema.Count;
        var (left, rest) = Split(filter.Condition, c => c < width);
        BoundExpression? right = null;
        if (!join.IsLeftOuter && rest is not null) (right, rest) = Split(rest, c => c >= width);
        if (left is null && right is null) return filter;
        var leftInput = left is null ? join.Inputs[0] : Apply(new Filter(join.Inputs[0], left));
        var rightInput = right is null ? join.Inputs[1] : Apply(new Filter(join.Inputs[1], right.Shift(c => c - width)));
        return Above(new Join(leftInput, rightInput, join.IsLeftOuter, join.LeftKeys, join.RightKeys, join.Residual), rest);
    }

    private static PlanNode Above(PlanNode node, BoundExpression? condition) => condition is null ? node : new Filter(node, condition);

    /// <summary>The conjuncts that read only such columns and cannot fail, and the others.</summary>
    private static (BoundExpression? Taken, BoundExpression? Others) Split(BoundExpression condition, Func<int, bool> isTaken)
    {
        var parts = BoundLogical.Conjuncts(condition).ToLookup(part => !part.CanFail && part.Columns().Any() && part.Columns().All(isTaken));
        return (BoundLogical.All(parts[true]), BoundLogical.All(parts[false]));
    }
}
