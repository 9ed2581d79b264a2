using Freshet.Columns.Types;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Projection;
using Freshet.Dataflow.Unions;
using Freshet.Engine.Sources;
using Freshet.Kernels.Expressions;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>GROUPING SETS as a projection for each set, which shares the columns that the set keeps, and their union.</summary>
internal static class ExpandLowering
{
    public static Stream Of(Expand expand, CircuitBuilder builder)
    {
        var input = builder.Translate(expand.Inputs[0]);
        var asks = input.Order >= 0 && builder.AsksPosition(expand);
        var sides = expand.Sets.Select((set, number) =>
        {
            var columns = expand.Inputs[0].Schema.Fields.Select((f, c) => new Projection(f.Name, set.Contains(c)
                ? new LiteralExpression(f.Type.WithNullable(true), true, 0, null)
                : new ColumnReference(input.Places[c], input.Types[input.Places[c]]))).ToList();
            columns.Add(new Projection("set$", new LiteralExpression(SqlType.Int.NotNull, false, number, null)));
            if (asks) columns.Add(new Projection("order", new ColumnReference(input.Order, RowPosition.Type)));
            var spec = new FilterProjectSpec(null, [.. columns], []);
            return builder.Add(new NodeSpec("grouping set", "", _ => new FilterProjectOperator(spec), [CircuitBuilder.Input(EdgeSpec.Local(input.Node))]));
        }).ToList();
        var node = builder.Add(new NodeSpec("grouping sets", expand.Identity, _ => new UnionOperator(), [.. sides.Select((s, i) => CircuitBuilder.Input(EdgeSpec.Local(s), i))]));
        return CircuitBuilder.Ordered(CircuitBuilder.Result(node, expand, input.Errors), asks);
    }
}
