using System.Collections.Immutable;
using Freshet.Columns;

namespace Freshet.Plan;

/// <summary>
/// FOR SYSTEM_TIME AS OF: each left row with the version of the right row of its key. With event time that is the version which was
/// valid at the left row's time: the right input is a list of versions, each valid from its time until the next one's. With processing time
/// (<see cref="IsLookup"/>) it is what the right table holds when the left row is processed. Left columns, then right ones.
/// </summary>
/// <param name="leftTime">The left time attribute; -1 for processing time.</param>
/// <param name="rightTime">The column from whose time a version is valid; -1 for processing time.</param>
/// <param name="isBounded">Of processing time: the right table has an end, and is read to it first.</param>
public sealed class TemporalJoin(PlanNode left, PlanNode right, bool isLeftOuter, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, BoundExpression? residual, int leftTime, int rightTime, bool isBounded)
    : PlanNode(new Schema([.. left.Schema.Fields, .. right.Schema.Fields.Select(f => isLeftOuter ? f with { Type = f.Type.WithNullable(true) } : f)]), [left, right])
{
    public bool IsLeftOuter { get; } = isLeftOuter;

    public ImmutableArray<int> LeftKeys { get; } = leftKeys;

    public ImmutableArray<int> RightKeys { get; } = rightKeys;

    public BoundExpression? Residual { get; } = residual;

    public int LeftTime { get; } = leftTime;

    public int RightTime { get; } = rightTime;

    public bool IsBounded { get; } = isBounded;

    public bool IsLookup => RightTime < 0;

    public override bool IsAppendOnly => Inputs[0].IsAppendOnly;

    public override bool WaitsForWatermark => !IsLookup;

    public override ImmutableArray<int> Key => Inputs[0].Key.IsEmpty || IsLookup ? [] : Inputs[0].Key;

    public override ImmutableArray<int> RowTimes => Inputs[0].RowTimes;

    public override ImmutableArray<int> ProcTimes => Inputs[0].ProcTimes;

    public override IEnumerable<BoundExpression> OwnExpressions => Residual is null ? [] : [Residual];

    /// <summary>The same join over other inputs.</summary>
    public TemporalJoin Over(PlanNode left, PlanNode right, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, BoundExpression? residual, int leftTime, int rightTime) =>
        new(left, right, IsLeftOuter, leftKeys, rightKeys, residual, leftTime, rightTime, IsBounded);

    public override string Describe() =>
        $"{(IsLeftOuter ? "left " : "")}{(IsLookup ? "lookup" : "temporal")} join {Join.Keys(LeftKeys, RightKeys, [])} as of {LeftTime} over {RightTime}{(Residual is null ? "" : $" and {Residual}")}";
}
