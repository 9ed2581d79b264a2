using Freshet.Dataflow.Circuits;
using Freshet.Plan;
using Freshet.Windows.TemporalFilters;

namespace Freshet.Engine.Planning;

/// <summary>Filters on the clock to their operator. Rows stay in the share where they are, if nothing is taken back; else equal rows meet.</summary>
internal static class TemporalFilterLowering
{
    public static Stream Of(TemporalFilter filter, CircuitBuilder builder)
    {
        var input = builder.Exact(builder.Translate(filter.Inputs[0]));
        var spec = new TemporalFilterSpec(input.Types, filter.From, filter.Until, filter.Inputs[0].IsAppendOnly);
        var seed = builder.Seed;
        var edge = spec.IsAppendOnly ? EdgeSpec.Local(input.Node) : EdgeSpec.Keyed(input.Node, [.. Enumerable.Range(0, input.Types.Length)]);
        var node = builder.Add(new NodeSpec("temporal filter", filter.Identity, _ => new TemporalFilterOperator(spec, seed), [CircuitBuilder.Input(edge)]));
        return CircuitBuilder.Result(node, filter, input.Errors);
    }
}
