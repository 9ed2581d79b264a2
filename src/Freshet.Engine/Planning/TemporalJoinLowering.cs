using Freshet.Dataflow;
using Freshet.Dataflow.Circuits;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Windows.TemporalJoins;

namespace Freshet.Engine.Planning;

/// <summary>FOR SYSTEM_TIME AS OF joins to their operators: both inputs are spread by the key.</summary>
internal static class TemporalJoinLowering
{
    public static Stream Of(TemporalJoin join, CircuitBuilder builder)
    {
        var left = builder.Exact(builder.Translate(join.Inputs[0]));
        var right = builder.Exact(builder.Translate(join.Inputs[1]));
        var spec = new TemporalJoinSpec(join.IsLeftOuter, left.Types, right.Types, join.LeftKeys, join.RightKeys, join.LeftTime, join.RightTime, join.Residual?.Lower())
        {
            LeftIsAppendOnly = join.Inputs[0].IsAppendOnly,
            RightIsAppendOnly = join.Inputs[1].IsAppendOnly,
            TakingBackDeletes = IsByKey(join.Inputs[1]),
            WaitsForEnd = join.IsBounded,
            TimeZone = builder.Zone,
        };
        var seed = builder.Seed;
        Func<int, Operator> create = join.IsLookup ? _ => new LookupJoinOperator(spec, seed) : _ => new TemporalJoinOperator(spec, seed);
        var node = builder.Add(new NodeSpec(join.IsLookup ? "lookup join" : "temporal join", join.Identity, create, [CircuitBuilder.Input(EdgeSpec.Keyed(left.Node, join.LeftKeys)), CircuitBuilder.Input(EdgeSpec.Keyed(right.Node, join.RightKeys), 1)]));
        var errors = left.Errors.Union(right.Errors);
        return CircuitBuilder.Result(node, join, join.Residual is { CanFail: true } ? errors.Add(new ErrorOutput(node, false)) : errors);
    }

    private static bool IsByKey(PlanNode node) => node is Scan { Table.Changes: RowChanges.ByKey } || node.Inputs.Any(IsByKey);
}
