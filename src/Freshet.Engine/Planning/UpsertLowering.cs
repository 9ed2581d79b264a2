using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Upserts;
using Freshet.Engine.Sources;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>The last row of each key of a table, right behind its source.</summary>
internal static class UpsertLowering
{
    public static Stream Of(Upserts upserts, CircuitBuilder builder, bool needsOrder)
    {
        var input = builder.Translate(upserts.Inputs[0]);
        var keys = System.Collections.Immutable.ImmutableArray.CreateRange(upserts.Keys, k => input.Places[k]);
        var order = needsOrder ? input.Order : -1;
        var spec = new UpsertSpec(input.Types, input.Places, keys, order);
        var seed = builder.Seed;
        var node = builder.Add(new NodeSpec("last row by key", upserts.Identity, _ => new UpsertOperator(spec, seed), [CircuitBuilder.Input(EdgeSpec.Keyed(input.Node, keys))]));
        var result = CircuitBuilder.Result(node, upserts, input.Errors);
        return order < 0 ? result : result with { Types = [.. result.Types, RowPosition.Type], Order = result.Types.Length };
    }
}
