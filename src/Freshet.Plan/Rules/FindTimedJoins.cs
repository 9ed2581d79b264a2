
namespace Freshet.Plan.Rules;

/// <summary>Joins whose condition bounds the time between two rows that match become timed joins, which forget rows.</summary>
internal static class FindTimedJoins
{
    public static PlanNode Apply(PlanNode node)
    {
        switch (node)
        {
            case Join join when TimedConditions.Of(join.Inputs[0], join.Inputs[1], join.LeftKeys, join.RightKeys, join.Residual) is { } times:
                var type = join.Type switch { JoinType.Left => TimedJoinType.Left, JoinType.Right => TimedJoinType.Right, JoinType.Full => TimedJoinType.Full, _ => TimedJoinType.Inner };
                return new TimedJoin(join.Inputs[0], join.Inputs[1], type, times, join.LeftKeys, join.RightKeys, join.NullSafe, join.Residual);
            case SemiJoin { Type: SemiJoinType.Semi or SemiJoinType.Anti } semi when TimedConditions.Of(semi.Inputs[0], semi.Inputs[1], semi.LeftKeys, semi.RightKeys, semi.Residual) is { } times:
                return new TimedJoin(semi.Inputs[0], semi.Inputs[1], semi.Type == SemiJoinType.Semi ? TimedJoinType.Semi : TimedJoinType.Anti, times, semi.LeftKeys, semi.RightKeys, semi.NullSafe, semi.Residual);
            default:
                return node;
        }
    }

    /// <summary>Conditions of WHERE on times of both sides of an inner join go into it, so that its result keeps its time attributes.</summary>
    public static PlanNode WithWhere(Filter filter)
    {
        if (filter.Inputs[0] is not Join { Type: JoinType.Inner } join || join.RowTimes.Length > 0 || join.Windows is not null) return filter;
        var parts = BoundLogical.Conjuncts(filter.Condition).ToLookup(c => TimedConditions.IsTimed(c, join.Inputs[0], join.Inputs[1]));
        if (!parts[true].Any()) return filter;
        var timed = join.Over(join.Inputs[0], join.Inputs[1], join.LeftKeys, join.RightKeys, BoundLogical.All(BoundLogical.Conjuncts(join.Residual).Concat(parts[true])));
        return BoundLogical.All(parts[false]) is { } rest ? new Filter(timed, rest) : timed;
    }
}
