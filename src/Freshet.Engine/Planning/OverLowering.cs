using Freshet.Aggregation;
using Freshet.Dataflow.Circuits;
using Freshet.Engine.Sources;
using Freshet.Kernels.Expressions;
using Freshet.Plan;
using Freshet.Windows.Overs;

namespace Freshet.Engine.Planning;

/// <summary>OVER as an operator.</summary>
internal static class OverLowering
{
    public static Stream Lower(CircuitBuilder builder, Over over, ulong seed)
    {
        var input = builder.ExactWithOrder(builder.Translate(over.Inputs[0]));
        var width = over.Inputs[0].Schema.Count;
        var gives = builder.AsksPosition(over) && input.Order >= 0;
        List<int> output = [.. Enumerable.Range(0, width), .. Enumerable.Range(input.Types.Length, over.Calls.Length)];
        if (gives) output.Add(input.Order);
        var spec = new OverSpec(
            input.Types,
            over.Partition,
            RankLowering.KeysOf(over.Order, input),
            input.Order,
            over.Frame.IsRange,
            SideOf(over.Frame.From),
            SideOf(over.Frame.To),
            [.. over.Calls.Select(c => CallOf(c, input))],
            Enum.Parse<Windows.Overs.OverEmission>(over.Emission.ToString()),
            over.Inputs[0].IsAppendOnly,
            [.. output]);
        var isTimed = over.Emission == Plan.OverEmission.AtWatermark;
        if (isTimed && spec.From.IsUnbounded) spec = spec with { Calls = [.. spec.Calls.Select((c, i) => AsAggregate(c, over.Calls[i].Name, input))] };
        var node = builder.Add(new NodeSpec("over", over.Identity, _ => isTimed ? new TimedOverOperator(spec, seed) : new OverOperator(spec, seed), [CircuitBuilder.Input(EdgeSpec.Keyed(input.Node, over.Partition))]));
        if (isTimed)
        {
            var schema = over.Inputs[0].Schema;
            builder.AddLate(over, node, input.Order < 0 ? schema : new Columns.Schema([.. schema.Fields, new Columns.Field("order", RowPosition.Type)]));
        }

        return CircuitBuilder.Ordered(CircuitBuilder.Result(node, over, isTimed ? input.Errors.Add(new ErrorOutput(node, false)) : input.Errors), gives);
    }

    /// <summary>Where only a state is kept of the rows before, the first and the last value are part of it.</summary>
    private static OverCall AsAggregate(OverCall call, string name, Stream input) => call.Function switch
    {
        OverFunction.FirstValue or OverFunction.LastValue => call with
        {
            Function = OverFunction.Aggregate,
            Aggregate = new AggregateCall(
                name,
                call.Function == OverFunction.FirstValue ? AggregateKind.First : AggregateKind.Last,
                [call.Argument],
                [input.Types[call.Argument]],
                call.Type,
                AggregateCall.NoColumn,
                false),
        },
        _ => call,
    };

    private static FrameSide SideOf(PlanBound bound) => new(bound.IsUnbounded, bound.Distance, bound.Approximate);

    private static OverCall CallOf(PlanOverCall call, Stream input)
    {
        int Place(int column) => column < 0 ? -1 : input.Places[column];
        var aggregate = call.Aggregate is null ? null : AggregateLowering.CallsOf([call.Aggregate], input)[0];
        return new OverCall(call.Function, aggregate, Place(call.Argument), Place(call.Number), Place(call.Default), call.IgnoresNulls, call.Type);
    }
}
