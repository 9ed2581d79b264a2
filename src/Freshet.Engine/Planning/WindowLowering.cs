using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Ranking;
using Freshet.Engine.Sources;
using Freshet.Plan;
using Freshet.Windows;

namespace Freshet.Engine.Planning;

/// <summary>Window functions and aggregations by window to operators.</summary>
internal static class WindowLowering
{
    public static Stream Assign(CircuitBuilder builder, WindowAssign assign, TimeZoneInfo zone)
    {
        var input = builder.ExactWithOrder(builder.Translate(assign.Inputs[0]));
        var spec = new WindowAssignSpec(WindowOf(assign.Window, assign.Inputs[0].Schema[assign.TimeColumn], zone), assign.TimeColumn, assign.Inputs[0].Schema.Fields[assign.TimeColumn].Name, []);
        var node = builder.Add(new NodeSpec("windows", assign.Identity, _ => new WindowAssignOperator(spec), [CircuitBuilder.Input(EdgeSpec.Local(input.Node))]));
        return WithBounds(input, assign, node);
    }

    public static Stream Session(CircuitBuilder builder, SessionAssign session, ulong seed, TimeZoneInfo zone)
    {
        var (input, spec) = SessionInput(builder, session, zone);
        var node = builder.Add(new NodeSpec("sessions", session.Identity, _ => new SessionOperator(spec, seed), [CircuitBuilder.Input(EdgeSpec.Keyed(input.Node, session.Keys))]));
        builder.AddLate(session, node, spec.Input);
        return WithBounds(input, session, node);
    }

    /// <summary>A grouping by sessions whose rows are not kept: one operator for both.</summary>
    private static Stream Grouped(CircuitBuilder builder, AttachedWindowAggregate window, GroupedSessions grouped, ulong seed, TimeZoneInfo zone)
    {
        var session = grouped.Sessions;
        var (input, rows) = SessionInput(builder, session, zone);
        var spec = rows with { Grouping = new SessionGrouping(grouped.Keys, AggregateLowering.CallsOf(grouped.Calls, input)) };
        var node = builder.Add(new NodeSpec("session aggregate", window.Identity, _ => new SessionOperator(spec, seed), [CircuitBuilder.Input(EdgeSpec.Keyed(input.Node, session.Keys))]));
        builder.AddLate(window, node, spec.Input, 1, session.Inputs[0].Schema.Count);
        return CircuitBuilder.Result(node, window, input.Errors.Add(new ErrorOutput(node, false)));
    }

    private static (Stream Input, SessionSpec Spec) SessionInput(CircuitBuilder builder, SessionAssign session, TimeZoneInfo zone)
    {
        var input = session.HasPosition ? builder.ExactWithOrder(builder.Translate(session.Inputs[0])) : builder.Exact(builder.Translate(session.Inputs[0]));
        var schema = session.Inputs[0].Schema;
        var spec = new SessionSpec(
            new Columns.Schema([.. input.Types.Select((t, i) => new Columns.Field(i < schema.Count ? schema.Fields[i].Name : "order", t))]),
            session.Keys, session.TimeColumn, session.GapMicros, ClockOf(session.IsProcessingTime, schema[session.TimeColumn], zone), session.Inputs[0].IsAppendOnly)
        {
            Order = input.Order,
        };
        return (input, spec);
    }

    public static Stream Aggregate(CircuitBuilder builder, WindowAggregate window, ulong seed, TimeZoneInfo zone)
    {
        var windows = WindowOf(window.Window, window.Inputs[0].Schema[window.TimeColumn], zone);
        return Aggregated(builder, window, windows, -1, window.TimeColumn, window.Keys, window.Calls, seed);
    }

    public static Stream Aggregate(CircuitBuilder builder, AttachedWindowAggregate window, ulong seed, TimeZoneInfo zone)
    {
        if (GroupedSessions.Of(window) is { } grouped) return Grouped(builder, window, grouped, seed, zone);
        var windows = WindowSpec.Attached with { Clock = ClockOf(window.IsProcessingTime, window.Time, zone) };
        return Aggregated(builder, window, windows, window.Start, window.End, window.Keys, window.Calls, seed);
    }

    /// <summary>A Top-N within windows.</summary>
    public static Stream Rank(CircuitBuilder builder, TopN top, Stream input, RankSpec rank, ulong seed)
    {
        var windows = top.Inputs[0].Windows!;
        var schema = new Columns.Schema([.. input.Types.Select((t, i) => new Columns.Field(i < top.Inputs[0].Schema.Count ? top.Inputs[0].Schema.Fields[i].Name : "order", t))]);
        var spec = new WindowRankSpec(rank, schema, top.WindowEnd, ClockOf(windows.IsProcessingTime, windows.Time, builder.Zone));
        var node = builder.Add(new NodeSpec("window top", top.Identity, _ => new WindowRankOperator(spec, seed), [CircuitBuilder.Input(EdgeSpec.Keyed(input.Node, top.Partition))]));
        builder.AddLate(top, node, schema);
        return CircuitBuilder.Result(node, top, input.Errors);
    }

    /// <summary>What closes windows over a time attribute of a type.</summary>
    public static WindowClock ClockOf(bool isProcessingTime, SqlType time, TimeZoneInfo zone) =>
        new(isProcessingTime, time.Kind == TypeKind.TimestampLtz && !zone.Equals(TimeZoneInfo.Utc) ? zone : null);

    /// <summary>The columns of the late rows of an input.</summary>
    internal static Columns.Schema LateRowsSchema(Columns.Schema input) => new WindowAggregateSpec(WindowSpec.Attached, input, 0, [], [], true, []).LateSchema;

    private static Stream Aggregated(CircuitBuilder builder, PlanNode plan, WindowSpec windows, int start, int time, ImmutableArray<int> keys, ImmutableArray<PlanAggregate> calls, ulong seed)
    {
        var input = builder.ExactWithOrder(builder.Translate(plan.Inputs[0]));
        var schema = plan.Inputs[0].Schema;
        if (input.Order >= 0) schema = new Columns.Schema([.. schema.Fields, new Columns.Field("order", RowPosition.Type)]);
        var spec = new WindowAggregateSpec(windows, schema, time, keys, AggregateLowering.CallsOf(calls, input), plan.Inputs[0].IsAppendOnly, [])
        {
            Position = AggregateLowering.PositionOf(input, plan),
            StartColumn = start,
        };
        var node = builder.Add(new NodeSpec("window aggregate", plan.Identity, _ => new WindowAggregateOperator(spec, seed), [CircuitBuilder.Input(EdgeSpec.Keyed(input.Node, keys))]));
        builder.AddLate(plan, node, spec.Input);
        return CircuitBuilder.Result(node, plan, input.Errors.Add(new ErrorOutput(node, false)));
    }

    /// <summary>The input's columns, its position where it has one, then the window's columns.</summary>
    private static Stream WithBounds(Stream input, PlanNode plan, int node)
    {
        var result = CircuitBuilder.Result(node, plan, input.Errors.Add(new ErrorOutput(node, false)));
        if (input.Order < 0) return result;
        var added = plan.Schema.Count - input.Order;
        return result with
        {
            Places = [.. Enumerable.Range(0, input.Order), .. Enumerable.Range(input.Order + 1, added)],
            Types = [.. result.Types[..input.Order], RowPosition.Type, .. result.Types[input.Order..]],
            Order = input.Order,
        };
    }

    private static WindowSpec WindowOf(Window window, SqlType time, TimeZoneInfo zone) =>
        new(window.SizeMicros, window.SlideMicros, window.OffsetMicros, window.IsCumulate ? WindowShape.Cumulate : WindowShape.Hop)
        {
            Clock = ClockOf(window.IsProcessingTime, time, zone),
        };
}
