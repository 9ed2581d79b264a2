using System.Collections.Immutable;
using Freshet.Aggregation;
using Freshet.Dataflow.Circuits;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>GROUP BY as an operator. Calls that depend on the order of rows get their position, where rows have one.</summary>
internal static class AggregateLowering
{
    public static Stream Lower(CircuitBuilder builder, Plan.Aggregate aggregate, ulong seed)
    {
        var input = builder.Translate(aggregate.Inputs[0]);
        ImmutableArray<int> keys = [.. aggregate.Keys.Select(k => input.Places[k])];
        var spec = new AggregateSpec(input.Types, keys, CallsOf(aggregate.Calls, input), aggregate.Inputs[0].IsAppendOnly) { Position = PositionOf(input, aggregate) };
        var node = builder.Add(new NodeSpec("aggregate", aggregate.Identity, share => new AggregateOperator(spec, share, seed), [CircuitBuilder.Input(EdgeSpec.Keyed(input.Node, keys))]));
        return CircuitBuilder.Result(node, aggregate, input.Errors.Add(new ErrorOutput(node, false)));
    }

    /// <summary>The calls over the columns of a stream.</summary>
    internal static ImmutableArray<AggregateCall> CallsOf(ImmutableArray<PlanAggregate> calls, Stream input) =>
    [
        .. calls.Select(c => new AggregateCall(
            c.Name,
            c.Kind,
            [.. c.Arguments.Select(a => input.Places[a])],
            [.. c.Arguments.Select(a => input.Types[input.Places[a]])],
            c.Type,
            c.Filter < 0 ? AggregateCall.NoColumn : input.Places[c.Filter],
            c.IsDistinct) { Parameter = c.Parameter, User = (UserAggregate?)c.Program?.Aggregate }),
    ];

    internal static ImmutableArray<int> PositionOf(Stream input, PlanNode plan) => input.Order >= 0 && plan.OrdersByPosition ? [input.Order] : [];
}
