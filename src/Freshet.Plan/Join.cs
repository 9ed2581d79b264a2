using System.Collections.Immutable;
using Freshet.Columns;

namespace Freshet.Plan;

/// <summary>Which rows of a join without a match stay, with NULLs for the other side.</summary>
public enum JoinType
{
    Inner,
    Left,
    Right,
    Full,
}

/// <summary>
/// Pairs of rows whose keys are equal, one by one, and on which the residual condition is TRUE: left columns, then right ones. A NULL
/// key matches nothing, but at the places of <paramref name="nullSafe"/> (IS NOT DISTINCT FROM). Without keys every pair is looked at.
/// </summary>
public sealed class Join(PlanNode left, PlanNode right, JoinType type, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, BoundExpression? residual, ImmutableArray<int> nullSafe)
    : PlanNode(new Schema([.. Side(left, type is JoinType.Right or JoinType.Full), .. Side(right, type is JoinType.Left or JoinType.Full)]), [left, right])
{
    private TimedConditions? _times;
    private JoinExpiry? _expiry;
    private bool _knowsExpiry;
    private OneKeyJoin? _oneKey;
    private bool _knowsOneKey;

    public JoinType Type { get; } = type;

    public ImmutableArray<int> LeftKeys { get; } = leftKeys;

    public ImmutableArray<int> RightKeys { get; } = rightKeys;

    /// <summary>A further condition over the columns of both sides as they are before NULLs are added.</summary>
    public BoundExpression? Residual { get; } = residual;

    /// <summary>Places in the lists of keys where NULL equals NULL.</summary>
    public ImmutableArray<int> NullSafe { get; } = nullSafe;

    /// <summary>Whether rows of a side stay without a match.</summary>
    public bool Keeps(int side) => side == 0 ? Type is JoinType.Left or JoinType.Full : Type is JoinType.Right or JoinType.Full;

    public override bool IsAppendOnly => Type == JoinType.Inner && base.IsAppendOnly;

    /// <summary>A row has the later position of its two.</summary>
    public override bool HasPosition => IsAppendOnly && Inputs.All(i => i.HasPosition);

    public override bool HasAtMostOneRow => Type != JoinType.Full && Inputs.All(i => i.HasAtMostOneRow);

    public override ImmutableArray<int> Key
    {
        get
        {
            var (left, right) = (Inputs[0], Inputs[1]);
            var rightKey = right.Key.Select(k => k + left.Schema.Count).ToImmutableArray();
            // A row that has at most one partner keeps its own key, as long as every row of the result is one of its own.
            if (!Keeps(1) && IsUnique(right, RightKeys)) return left.Key;
            if (!Keeps(0) && IsUnique(left, LeftKeys)) return rightKey;
            return left.Key.IsEmpty || right.Key.IsEmpty ? [] : [.. left.Key, .. rightKey];
        }
    }

    /// <summary>What the condition says about time; null where rows of any age may match.</summary>
    public TimedConditions? Times => _times ??= TimedConditions.Of(Inputs[0], Inputs[1], LeftKeys, RightKeys, Residual);

    /// <summary>Where the time between two rows that match is bounded, the sides' time attributes stay ones, but for columns that NULLs are added to.</summary>
    public override ImmutableArray<int> RowTimes => Times is null ? [] : TimedConditions.Both(Keeps(1) ? [] : Inputs[0].RowTimes, Keeps(0) ? [] : Inputs[1].RowTimes, Inputs[0].Schema.Count);

    public override ImmutableArray<int> ProcTimes => Times is null ? [] : TimedConditions.Both(Keeps(1) ? [] : Inputs[0].ProcTimes, Keeps(0) ? [] : Inputs[1].ProcTimes, Inputs[0].Schema.Count);

    public override WindowBounds? Windows
    {
        get
        {
            if (Times is not { IsWindow: true } || Type == JoinType.Full) return null;
            var (width, left, right) = (Inputs[0].Schema.Count, Inputs[0].Windows!, Inputs[1].Windows!);
            ImmutableArray<int> Both(ImmutableArray<int> l, ImmutableArray<int> r) => TimedConditions.Both(Keeps(1) ? [] : l, Keeps(0) ? [] : r, width);
            return left with { Starts = Both(left.Starts, right.Starts), Ends = Both(left.Ends, right.Ends), Times = Both(left.Times, right.Times) };
        }
    }

    /// <summary>Until when rows of one side can find a partner, where the condition says so of one side alone; null where rows of any age may match.</summary>
    public JoinExpiry? Expiry
    {
        get
        {
            if (!_knowsExpiry) _expiry = JoinExpiry.Of(this);
            _knowsExpiry = true;
            return _expiry;
        }
    }

    /// <summary>Whether this is an inner join with a relation that a feed gives, of one row a key: it is indexed once for all such joins.</summary>
    public bool IsWithRelation =>
        Type == JoinType.Inner && Residual is null && Expiry is null && NullSafe.IsEmpty && !LeftKeys.IsEmpty && Rules.AggregateBeforeJoin.IsRelation(Inputs[1], RightKeys);

    /// <summary>This join with those below it, where more than two inputs are joined on one key; else null.</summary>
    public OneKeyJoin? OneKey
    {
        get
        {
            if (!_knowsOneKey) _oneKey = OneKeyJoin.Of(this);
            _knowsOneKey = true;
            return _oneKey;
        }
    }

    public override IEnumerable<BoundExpression> OwnExpressions => Residual is null ? [] : [Residual];

    /// <summary>A join of the same type with the same places of null-safe keys.</summary>
    public Join Over(PlanNode left, PlanNode right, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, BoundExpression? residual) =>
        new(left, right, Type, leftKeys, rightKeys, residual, NullSafe);

    public override string Describe() =>
        $"{(Type == JoinType.Inner ? "" : Type.ToString().ToLowerInvariant() + " ")}join {Keys(LeftKeys, RightKeys, NullSafe)}{(Residual is null ? "" : $" and {Residual}")}";

    internal static string Keys(ImmutableArray<int> left, ImmutableArray<int> right, ImmutableArray<int> nullSafe) =>
        $"{string.Join(",", left)} = {string.Join(",", right)}{(nullSafe.IsEmpty ? "" : $" null safe {string.Join(",", nullSafe)}")}";

    /// <summary>Whether columns name at most one row of a node.</summary>
    internal static bool IsUnique(PlanNode node, ImmutableArray<int> keys) => node.HasAtMostOneRow || (!node.Key.IsEmpty && node.Key.All(keys.Contains));

    private static IEnumerable<Field> Side(PlanNode node, bool isNullable) => node.Schema.Fields.Select(f => isNullable ? f with { Type = f.Type.WithNullable(true) } : f);
}
