using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.SetOperations;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>INTERSECT and EXCEPT: equal rows of both sides meet in one share.</summary>
internal static class SetLowering
{
    public static Stream Of(SetOperation set, CircuitBuilder builder)
    {
        var left = builder.Exact(builder.Translate(set.Inputs[0]));
        var right = builder.Exact(builder.Translate(set.Inputs[1]));
        var spec = new SetSpec([.. set.Schema.Fields.Select(f => f.Type)], set.IsExcept, set.IsAll);
        var seed = builder.Seed;
        var node = builder.Add(new NodeSpec(set.Name, set.Identity, _ => new SetOperator(spec, seed), [CircuitBuilder.Input(Whole(left)), CircuitBuilder.Input(Whole(right), 1)]));
        return CircuitBuilder.Result(node, set, left.Errors.Union(right.Errors));
    }

    private static EdgeSpec Whole(Stream stream) => EdgeSpec.Keyed(stream.Node, stream.Places);
}
