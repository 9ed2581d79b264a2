using System.Collections.Immutable;
using Freshet.Columns;

namespace Freshet.Plan;

/// <summary>What a timed join gives.</summary>
public enum TimedJoinType
{
    Inner,
    Left,
    Right,
    Full,

    /// <summary>Left rows with a match.</summary>
    Semi,

    /// <summary>Left rows without a match.</summary>
    Anti,
}

/// <summary>
/// A join of append-only inputs whose condition bounds how far apart in time two rows that match can be (an interval join, a window
/// join): a row is kept until no partner can come, and only then gives its row with NULLs. So its result is append-only too.
/// </summary>
public sealed class TimedJoin(PlanNode left, PlanNode right, TimedJoinType type, TimedConditions times, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, ImmutableArray<int> nullSafe, BoundExpression? residual)
    : PlanNode(SchemaOf(left, right, type), [left, right])
{
    public TimedJoinType Type { get; } = type;

    public TimedConditions Times { get; } = times;

    public ImmutableArray<int> LeftKeys { get; } = leftKeys;

    public ImmutableArray<int> RightKeys { get; } = rightKeys;

    /// <summary>Places in the lists of keys where NULL equals NULL.</summary>
    public ImmutableArray<int> NullSafe { get; } = nullSafe;

    /// <summary>A further condition over the columns of both sides as they are before NULLs are added.</summary>
    public BoundExpression? Residual { get; } = residual;

    public override bool IsAppendOnly => true;

    public override ImmutableArray<int> Key => Type is TimedJoinType.Semi or TimedJoinType.Anti ? Inputs[0].Key : [];

    public override ImmutableArray<int> RowTimes => Type is TimedJoinType.Semi or TimedJoinType.Anti
        ? Inputs[0].RowTimes
        : TimedConditions.Both(Type is TimedJoinType.Right or TimedJoinType.Full ? [] : Inputs[0].RowTimes, Type is TimedJoinType.Left or TimedJoinType.Full ? [] : Inputs[1].RowTimes, Inputs[0].Schema.Count);

    public override WindowBounds? Windows
    {
        get
        {
            if (!Times.IsWindow || Type == TimedJoinType.Full) return null;
            if (Type is TimedJoinType.Semi or TimedJoinType.Anti) return Inputs[0].Windows;
            var (left, right) = (Inputs[0].Windows, Inputs[1].Windows);
            if (left is null || right is null) return null;
            ImmutableArray<int> Both(ImmutableArray<int> l, ImmutableArray<int> r) => TimedConditions.Both(Type == TimedJoinType.Right ? [] : l, Type == TimedJoinType.Left ? [] : r, Inputs[0].Schema.Count);
            return left with { Starts = Both(left.Starts, right.Starts), Ends = Both(left.Ends, right.Ends), Times = Both(left.Times, right.Times) };
        }
    }

    /// <summary>Pairs leave at once; what waits is what has found no partner yet.</summary>
    public override bool WaitsForWatermark => !Times.IsProcessingTime;

    public override IEnumerable<BoundExpression> OwnExpressions => Residual is null ? [] : [Residual];

    /// <summary>The same join over other inputs.</summary>
    public TimedJoin Over(PlanNode left, PlanNode right, TimedConditions times, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, BoundExpression? residual) =>
        new(left, right, Type, times, leftKeys, rightKeys, NullSafe, residual);

    public override string Describe() =>
        $"{(Times.IsWindow ? "window" : "interval")} {Type} join {Join.Keys(LeftKeys, RightKeys, NullSafe)} times {Times.Left},{Times.Right} {Times.LowMicros}..{Times.HighMicros} {Times.Time}{(Times.IsProcessingTime ? " by clock" : "")}{(Residual is null ? "" : $" and {Residual}")}";

    private static Schema SchemaOf(PlanNode left, PlanNode right, TimedJoinType type)
    {
        if (type is TimedJoinType.Semi or TimedJoinType.Anti) return left.Schema;
        IEnumerable<Field> Side(PlanNode node, bool isNullable) => node.Schema.Fields.Select(f => isNullable ? f with { Type = f.Type.WithNullable(true) } : f);
        return new Schema([.. Side(left, type is TimedJoinType.Right or TimedJoinType.Full), .. Side(right, type is TimedJoinType.Left or TimedJoinType.Full)]);
    }
}
