using System.Collections.Immutable;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Ranking;
using Freshet.Kernels;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>Top-N, deduplication and LIMIT.</summary>
internal static class RankLowering
{
    public static Stream Lower(CircuitBuilder builder, TopN top, ulong seed)
    {
        var input = builder.ExactWithOrder(builder.Translate(top.Inputs[0]));
        var width = top.Inputs[0].Schema.Count;
        var gives = builder.AsksPosition(top) && input.Order >= 0;
        List<int> output = [.. Enumerable.Range(0, width)];
        if (top.GivesNumber) output.Add(input.Types.Length);
        if (gives) output.Add(input.Order);
        var function = top.Kind switch
        {
            RankKind.RowNumber => RankFunction.RowNumber,
            RankKind.Rank => RankFunction.Rank,
            _ => RankFunction.DenseRank,
        };
        var spec = new RankSpec(input.Types, top.Partition, KeysOf(top.Order, input), input.Order, function, top.First, top.Last, top.Inputs[0].IsAppendOnly, [.. output]);
        if (top.WindowEnd >= 0) return WindowLowering.Rank(builder, top, input, spec, seed);
        var node = builder.Add(new NodeSpec("top", top.Identity, _ => top.KeepsLists ? new FirstRowsOperator(spec, seed) : new RankOperator(spec, seed), [CircuitBuilder.Input(EdgeSpec.Keyed(input.Node, top.Partition))]));
        return CircuitBuilder.Ordered(CircuitBuilder.Result(node, top, input.Errors), gives);
    }

    /// <summary>Sort columns of a stream; an order by position where rows have none is that by content, which comes anyway.</summary>
    public static ImmutableArray<SortKey> KeysOf(ImmutableArray<SortColumn> order, Stream input) =>
    [
        .. order.Where(o => o.Column != SortColumn.Position || input.Order >= 0)
            .Select(o => o.Column == SortColumn.Position ? new SortKey(input.Order, o.IsDescending) : new SortKey(input.Places[o.Column], o.IsDescending, o.NullsFirst)),
    ];
}
