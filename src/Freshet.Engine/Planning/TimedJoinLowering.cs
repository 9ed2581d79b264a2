using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Joins;
using Freshet.Plan;
using Freshet.Windows.TimedJoins;

namespace Freshet.Engine.Planning;

/// <summary>Interval joins and window joins to their operator: both inputs are spread by the key.</summary>
internal static class TimedJoinLowering
{
    public static Stream Of(TimedJoin join, CircuitBuilder builder)
    {
        var kind = join.Type switch
        {
            TimedJoinType.Left => JoinKind.LeftOuter,
            TimedJoinType.Right => JoinKind.RightOuter,
            TimedJoinType.Full => JoinKind.FullOuter,
            TimedJoinType.Semi => JoinKind.Semi,
            TimedJoinType.Anti => JoinKind.Anti,
            _ => JoinKind.Inner,
        };
        var left = builder.Exact(builder.Translate(join.Inputs[0]));
        var right = builder.Exact(builder.Translate(join.Inputs[1]));
        var times = join.Times;
        var spec = new TimedJoinSpec(
            kind,
            new TimedSideSpec(left.Types, join.LeftKeys, times.Left),
            new TimedSideSpec(right.Types, join.RightKeys, times.Right),
            times.IsWindow,
            times.LowMicros,
            times.HighMicros,
            WindowLowering.ClockOf(times.IsProcessingTime, times.IsWindow ? times.Time : Columns.Types.SqlType.Timestamp(3), builder.Zone),
            join.Residual?.Lower())
        {
            NullSafe = join.NullSafe,
            TimeZone = builder.Zone,
        };
        var seed = builder.Seed;
        var node = builder.Add(new NodeSpec(times.IsWindow ? "window join" : "interval join", join.Identity, _ => new TimedJoinOperator(spec, seed), [CircuitBuilder.Input(EdgeSpec.Keyed(left.Node, join.LeftKeys)), CircuitBuilder.Input(EdgeSpec.Keyed(right.Node, join.RightKeys), 1)]));
        if (times.IsWindow)
        {
            builder.AddLate(join, node, join.Inputs[0].Schema);
            builder.AddLate(join, node, join.Inputs[1].Schema, side: 2);
        }

        var errors = left.Errors.Union(right.Errors);
        return CircuitBuilder.Result(node, join, join.Residual is { CanFail: true } ? errors.Add(new ErrorOutput(node, false)) : errors);
    }
}
