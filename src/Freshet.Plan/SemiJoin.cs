using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Plan;

/// <summary>What a match on the right does with a left row.</summary>
public enum SemiJoinType
{
    /// <summary>Rows with a match stay.</summary>
    Semi,

    /// <summary>Rows without a match stay.</summary>
    Anti,

    /// <summary>All rows stay; a last column, BOOLEAN NOT NULL, says whether there is a match.</summary>
    Mark,
}

/// <summary>
/// Left rows by whether some right row has equal keys and satisfies the residual condition; each is there as often as in the left
/// input. Keys are as those of a <see cref="Join"/>.
/// </summary>
public sealed class SemiJoin(PlanNode left, PlanNode right, SemiJoinType type, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, BoundExpression? residual, ImmutableArray<int> nullSafe)
    : PlanNode(type == SemiJoinType.Mark ? new Schema([.. left.Schema.Fields, new Field("mark$", SqlType.Boolean.NotNull)]) : left.Schema, [left, right])
{
    public SemiJoinType Type { get; } = type;

    public ImmutableArray<int> LeftKeys { get; } = leftKeys;

    public ImmutableArray<int> RightKeys { get; } = rightKeys;

    /// <summary>A further condition over the left columns followed by the right ones.</summary>
    public BoundExpression? Residual { get; } = residual;

    /// <summary>Places in the lists of keys where NULL equals NULL.</summary>
    public ImmutableArray<int> NullSafe { get; } = nullSafe;

    public override bool IsAppendOnly => Type == SemiJoinType.Semi && base.IsAppendOnly;

    public override bool HasAtMostOneRow => Inputs[0].HasAtMostOneRow;

    public override ImmutableArray<int> Key => Inputs[0].Key;

    /// <summary>Where the time between two rows that match is bounded, rows keep their time attributes.</summary>
    public override ImmutableArray<int> RowTimes => IsTimed ? Inputs[0].RowTimes : [];

    public override ImmutableArray<int> ProcTimes => Inputs[0].ProcTimes;

    public override WindowBounds? Windows => IsTimed ? Inputs[0].Windows : null;

    private bool IsTimed => Type != SemiJoinType.Mark && TimedConditions.Of(Inputs[0], Inputs[1], LeftKeys, RightKeys, Residual) is not null;

    public override IEnumerable<BoundExpression> OwnExpressions => Residual is null ? [] : [Residual];

    /// <summary>A semi join of the same type with the same places of null-safe keys.</summary>
    public SemiJoin Over(PlanNode left, PlanNode right, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, BoundExpression? residual) =>
        new(left, right, Type, leftKeys, rightKeys, residual, NullSafe);

    public override string Describe() =>
        $"{Type.ToString().ToLowerInvariant()} join {Join.Keys(LeftKeys, RightKeys, NullSafe)}{(Residual is null ? "" : $" and {Residual}")}";
}
