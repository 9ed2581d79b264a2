using System.Collections.Immutable;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Joins;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>Inner joins on one key to one operator, each input spread by the key. Where positions are asked for, a row has the latest of its rows'.</summary>
internal static class OneKeyJoinLowering
{
    public static Stream Of(Join join, OneKeyJoin oneKey, CircuitBuilder builder)
    {
        var asks = builder.AsksPosition(join);
        var inputs = oneKey.Sides.Select(s => builder.Translate(s.Input)).Select(s => asks ? builder.ExactWithOrder(s) : builder.Exact(s)).ToList();
        ImmutableArray<OneKeySide> sides = [.. oneKey.Sides.Select((s, i) => new OneKeySide(inputs[i].Types, s.Keys, s.Input.IsAppendOnly))];

        // A side's position stands behind its columns, and all positions behind those of the result.
        var ofPlan = oneKey.Sides.SelectMany((s, side) => Enumerable.Repeat(side, s.Input.Schema.Count)).ToList();
        ImmutableArray<int> output = asks ? [.. oneKey.Columns.Select(c => c + ofPlan[c]), .. sides.Select((_, i) => sides.Take(i + 1).Sum(s => s.Types.Length) - 1)] : oneKey.Columns;
        var spec = new OneKeyJoinSpec(sides, output);
        var seed = builder.Seed;
        var node = builder.Add(new NodeSpec("join", join.Identity, _ => new OneKeyJoinOperator(spec, seed), [.. oneKey.Sides.Select((s, i) => CircuitBuilder.Input(EdgeSpec.Keyed(inputs[i].Node, s.Keys), i))]));
        ImmutableHashSet<ErrorOutput> errors = [.. inputs.SelectMany(i => i.Errors)];
        return asks ? JoinPositions.WithLatest(join, builder, node, sides.Length, errors) : CircuitBuilder.Result(node, join, errors);
    }
}
