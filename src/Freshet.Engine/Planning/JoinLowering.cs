using System.Collections.Immutable;
using Freshet.Dataflow;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Joins;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>Joins and semi joins to their operators: both inputs are spread by the key, or stand in one share where there is none.</summary>
internal static class JoinLowering
{
    public static Stream Of(Join join, CircuitBuilder builder)
    {
        var kind = join.Type switch
        {
            JoinType.Left => JoinKind.LeftOuter,
            JoinType.Right => JoinKind.RightOuter,
            JoinType.Full => JoinKind.FullOuter,
            _ => JoinKind.Inner,
        };
        return Add(join, builder, kind, join.LeftKeys, join.RightKeys, join.NullSafe, join.Residual, [.. Enumerable.Range(0, join.Schema.Count)]);
    }

    public static Stream Of(SemiJoin semi, CircuitBuilder builder)
    {
        var kind = semi.Type switch
        {
            SemiJoinType.Anti => JoinKind.Anti,
            SemiJoinType.Mark => JoinKind.Mark,
            _ => JoinKind.Semi,
        };
        return Add(semi, builder, kind, semi.LeftKeys, semi.RightKeys, semi.NullSafe, semi.Residual, [.. Enumerable.Range(0, semi.Inputs[0].Schema.Count)]);
    }

    private static Stream Add(PlanNode node, CircuitBuilder builder, JoinKind kind, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, ImmutableArray<int> nullSafe, BoundExpression? residual, ImmutableArray<int> output)
    {
        var left = builder.Exact(builder.Translate(node.Inputs[0]));
        var right = builder.Exact(builder.Translate(node.Inputs[1]));
        var spec = new JoinSpec(kind, left.Types, right.Types, leftKeys, rightKeys, residual?.Lower(), output)
        {
            TimeZone = builder.Zone,
            LeftIsAppendOnly = node.Inputs[0].IsAppendOnly,
            RightIsAppendOnly = node.Inputs[1].IsAppendOnly,
            NullSafe = nullSafe,
            ExpiringSide = (node as Join)?.Expiry?.Side ?? -1,
            ExpiryTime = (node as Join)?.Expiry?.Time ?? -1,
            ExpiryHoldMicros = (node as Join)?.Expiry?.HoldMicros ?? 0,
            ResidualColumns = residual is null ? [] : [.. residual.Columns().Distinct().Order()],
        };
        var seed = builder.Seed;
        Func<int, Operator> create = node is SemiJoin ? _ => new SemiJoinOperator(spec, seed) : _ => new JoinOperator(spec, seed);
        var added = builder.Add(new NodeSpec(node is SemiJoin ? "semi join" : "join", node.Identity, create, [CircuitBuilder.Input(EdgeSpec.Keyed(left.Node, leftKeys)), CircuitBuilder.Input(EdgeSpec.Keyed(right.Node, rightKeys), 1)]));
        var errors = left.Errors.Union(right.Errors);
        return CircuitBuilder.Result(added, node, residual is { CanFail: true } ? errors.Add(new ErrorOutput(added, false)) : errors);
    }
}
