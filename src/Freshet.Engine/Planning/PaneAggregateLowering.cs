using System.Collections.Immutable;
using Freshet.Aggregation;
using Freshet.Dataflow.Circuits;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>The parts of an aggregation that leave by the clock: the aggregate operator, whose groups end by a key.</summary>
internal static class PaneAggregateLowering
{
    public static Stream Of(PaneAggregate panes, CircuitBuilder builder)
    {
        var input = builder.Translate(panes.Inputs[0]);
        var seed = builder.Seed;
        ImmutableArray<int> keys = [.. panes.Keys.Select(k => input.Places[k])];
        var spec = new AggregateSpec(input.Types, keys, AggregateLowering.CallsOf(panes.Calls, input), panes.Inputs[0].IsAppendOnly) { Until = input.Places[panes.Until] };
        var node = builder.Add(new NodeSpec("pane aggregate", panes.Identity, share => new AggregateOperator(spec, share, seed), [CircuitBuilder.Input(EdgeSpec.Keyed(input.Node, keys))]));
        return CircuitBuilder.Result(node, panes, input.Errors.Add(new ErrorOutput(node, false)));
    }
}
