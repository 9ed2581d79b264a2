using System.Collections.Immutable;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Joins;
using Freshet.Dataflow.Projection;
using Freshet.Engine.Sources;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>A join of append-only inputs whose rows' positions are asked for: both sides keep theirs, a row has the later one.</summary>
internal static class JoinPositions
{
    public static Stream Join(CircuitBuilder builder, Join join, ulong seed, TimeZoneInfo zone)
    {
        var left = builder.ExactWithOrder(builder.Translate(join.Inputs[0]));
        var right = builder.ExactWithOrder(builder.Translate(join.Inputs[1]));
        var (leftWidth, rightWidth) = (join.Inputs[0].Schema.Count, join.Inputs[1].Schema.Count);
        var residual = join.Residual?.Shift(c => c < leftWidth ? c : c + 1);
        var columns = Enumerable.Range(0, leftWidth).Concat(Enumerable.Range(leftWidth + 1, rightWidth));
        var spec = new JoinSpec(JoinKind.Inner, left.Types, right.Types, join.LeftKeys, join.RightKeys, residual?.Lower(), [.. columns, leftWidth, leftWidth + 1 + rightWidth])
        {
            TimeZone = zone,
            LeftIsAppendOnly = true,
            RightIsAppendOnly = true,
            NullSafe = join.NullSafe,
            ExpiringSide = join.Expiry?.Side ?? -1,
            ExpiryTime = join.Expiry?.Time ?? -1,
            ExpiryHoldMicros = join.Expiry?.HoldMicros ?? 0,
            ResidualColumns = residual is null ? [] : [.. residual.Columns().Distinct().Order()],
        };
        var node = builder.Add(new NodeSpec("join", join.Identity, _ => new JoinOperator(spec, seed), [CircuitBuilder.Input(EdgeSpec.Keyed(left.Node, join.LeftKeys)), CircuitBuilder.Input(EdgeSpec.Keyed(right.Node, join.RightKeys), 1)]));
        var errors = left.Errors.Union(right.Errors);
        if (residual is not null) errors = errors.Add(new ErrorOutput(node, false));
        return WithLatest(join, builder, node, 2, errors);
    }

    /// <summary>The plan's columns, then the latest of the positions that stand behind them.</summary>
    public static Stream WithLatest(Join join, CircuitBuilder builder, int joined, int positions, ImmutableHashSet<ErrorOutput> errors)
    {
        var width = join.Schema.Count;
        VectorExpression latest = new ColumnReference(width, RowPosition.Type);
        for (var i = 1; i < positions; i++) latest = new CallExpression(PositionKernel.Later, [latest, new ColumnReference(width + i, RowPosition.Type)], RowPosition.Type);
        ImmutableArray<Projection> columns = [.. join.Schema.Fields.Select((f, i) => new Projection(f.Name, new ColumnReference(i, f.Type))), new Projection("order", latest)];
        var later = new FilterProjectSpec(null, columns, []);
        var node = builder.Add(new NodeSpec("later position", "", _ => new FilterProjectOperator(later), [CircuitBuilder.Input(EdgeSpec.Local(joined))]));
        return CircuitBuilder.Ordered(CircuitBuilder.Result(node, join, errors), true);
    }
}
