using System.Collections.Immutable;
using Freshet.Aggregation;
using Freshet.Dataflow.Circuits;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>GROUP BY as an operator. Calls that depend on the order of rows get their position, where rows have one.</summary>
internal static class AggregateLowering
{
    /// <param name="foundBy">Places among the keys by which a join reads the groups of each share; the groups of one such key are then in one share.</param>
    /// <param name="shares">Gets the operators, where one does.</param>
    public static Stream Lower(CircuitBuilder builder, Plan.Aggregate aggregate, ulong seed, ImmutableArray<int> foundBy = default, Dictionary<int, AggregateOperator>? shares = null)
    {
        var input = builder.Translate(aggregate.Inputs[0]);
        ImmutableArray<int> keys = [.. aggregate.Keys.Select(k => input.Places[k])];
        var spec = new AggregateSpec(input.Types, keys, CallsOf(aggregate.Calls, input), aggregate.Inputs[0].IsAppendOnly) { Position = PositionOf(input, aggregate), FoundBy = shares is null ? [] : foundBy };
        var spread = shares is null ? keys : [.. foundBy.Select(k => keys[k])];
        AggregateOperator Create(int share)
        {
            var made = new AggregateOperator(spec, share, seed);
            if (shares is not null) shares[share] = made;
            return made;
        }

        var node = builder.Add(new NodeSpec("aggregate", aggregate.Identity, Create, [CircuitBuilder.Input(EdgeSpec.Keyed(input.Node, spread))]));
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
