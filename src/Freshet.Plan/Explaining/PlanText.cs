using System.Collections.Immutable;
using System.Text;
using Freshet.Columns;

namespace Freshet.Plan.Explaining;

/// <summary>
/// EXPLAIN: the plan as a tree. Each operator says what it computes and whether its result is append-only or a changelog
/// (takes rows back); below it, where there is something to say: the key of its state, what the state holds, when that is
/// dropped, and which watermark it waits for.
/// </summary>
public static class PlanText
{
    /// <param name="measured">What the operator of a node has done, as a line of text; null for nothing.</param>
    /// <param name="isEstimated">With <see cref="RowEstimates"/>.</param>
    public static string Of(PlanNode plan, Func<PlanNode, string?>? measured = null, bool isEstimated = false)
    {
        var text = new StringBuilder();
        Write(plan, null, text, "", "", node => [.. isEstimated ? [RowEstimates.Line(node)] : Array.Empty<string>(), .. measured?.Invoke(node) is { } figures ? ["measured: " + figures] : Array.Empty<string>()]);
        return text.ToString();
    }

    /// <summary>What a node computes, without its inputs.</summary>
    public static string TitleOf(PlanNode node) => Title(node);

    /// <summary>The lines below a node: the key of its state, what that holds, when it is dropped, what it waits for.</summary>
    public static IReadOnlyList<string> NotesOf(PlanNode node) => [.. Notes(node)];

    private static void Write(PlanNode node, PlanNode? above, StringBuilder text, string first, string rest, Func<PlanNode, IReadOnlyList<string>> figures)
    {
        text.Append(first).Append(Title(node)).Append(node.IsAppendOnly ? "  (append-only)" : "  (changelog)").Append('\n');
        var below = rest + (node.Inputs.IsEmpty ? "     " : "│    ");
        // What a join does with those below it on its key, the topmost says.
        var top = above is Join { OneKey: { } oneKey } && oneKey.Does(node) ? above : node;
        if (above is AttachedWindowAggregate grouping && node is Project or SessionAssign && GroupedSessions.Of(grouping) is not null) top = above;
        foreach (var note in top == node ? Notes(node) : node is SessionAssign ? ["part of the aggregate above"] : node is Join ? ["part of the join above"] : []) text.Append(below).Append(note).Append('\n');
        if (SharedNote(node, above) is { } shared) text.Append(below).Append(shared).Append('\n');
        foreach (var line in figures(node)) text.Append(below).Append(line).Append('\n');
        for (var i = 0; i < node.Inputs.Length; i++)
        {
            var isLast = i == node.Inputs.Length - 1;
            Write(node.Inputs[i], top, text, rest + (isLast ? "└─ " : "├─ "), rest + (isLast ? "   " : "│  "), figures);
        }
    }

    /// <summary>What a filter and the projection above it compute once for several places.</summary>
    private static string? SharedNote(PlanNode node, PlanNode? above)
    {
        var filter = node as Filter ?? (node as Project)?.Inputs[0] as Filter;
        if (node is not (Project or Filter) || (node is Filter && above is Project)) return null;
        var shared = SharedParts.Of([.. filter is null ? ImmutableArray<BoundExpression>.Empty : [filter.Condition], .. (node as Project)?.Expressions ?? []]).Parts;
        return shared.IsEmpty ? null : "computed once: " + string.Join(", ", shared.Select(e => ExpressionText.Of(e, (filter ?? node).Inputs[0].Schema)));
    }

    private static string Title(PlanNode node)
    {
        switch (node)
        {
            case Scan { Table.Feed: { Number: 0 } output } fed: return $"Scan {fed.Table.SourceTable.Name} with {output.Feed.Name} ({ColumnNames(fed.Schema)})";
            case Scan scan: return $"Scan {scan.Table.Name} ({ColumnNames(scan.Schema)})";
            case Values values: return $"Values {values.Rows.Length} rows";
            case Filter filter: return $"Filter {ExpressionText.Of(filter.Condition, node.Inputs[0].Schema)}";
            case Project project: return "Project " + string.Join(", ", project.Expressions.Zip(project.Names, (e, n) => Named(ExpressionText.Of(e, node.Inputs[0].Schema), n)));
            case Aggregate { Calls.IsEmpty: true }: return "Distinct";
            case Aggregate aggregate: return $"Aggregate{By(aggregate.Keys, node.Inputs[0].Schema)}: {Calls(aggregate.Calls, node.Inputs[0].Schema)}";
            case WindowAggregate window: return $"WindowAggregate {WindowName(window.Window, window.TimeColumn, node.Inputs[0].Schema)}{By(window.Keys, node.Inputs[0].Schema)}: {Calls(window.Calls, node.Inputs[0].Schema)}";
            case AttachedWindowAggregate window: return $"WindowAggregate of its rows' windows{By(window.Keys, node.Inputs[0].Schema)}: {Calls(window.Calls, node.Inputs[0].Schema)}";
            case SessionAssign session: return $"Sessions SESSION({node.Inputs[0].Schema.Fields[session.TimeColumn].Name}, gap {ExpressionText.Duration(session.GapMicros)}){By(session.Keys, node.Inputs[0].Schema)}";
            case WindowAssign assign: return $"Windows {WindowName(assign.Window, assign.TimeColumn, node.Inputs[0].Schema)}";
            case Join join: return JoinTitle(join.Type == JoinType.Inner ? "Join" : $"{join.Type}Join", node, join.LeftKeys, join.RightKeys, join.NullSafe, join.Residual);
            case PaneAggregate panes: return $"PaneAggregate{By(panes.Keys, node.Inputs[0].Schema)}: {Calls(panes.Calls, node.Inputs[0].Schema)}";
            case TemporalFilter filter: return $"WhileClock{(filter.From < 0 ? "" : $" from {node.Schema.Fields[filter.From].Name}")}{(filter.Until < 0 ? "" : $" until {node.Schema.Fields[filter.Until].Name}")}";
            case TemporalJoin temporal: return JoinTitle($"{(temporal.IsLookup ? "Lookup" : "Temporal")}{(temporal.IsLeftOuter ? "Left" : "")}Join", node, temporal.LeftKeys, temporal.RightKeys, [], temporal.Residual);
            case TimedJoin timed: return JoinTitle($"{(timed.Times.IsWindow ? "Window" : "Interval")}{(timed.Type == TimedJoinType.Inner ? "" : timed.Type)}Join", node, timed.LeftKeys, timed.RightKeys, timed.NullSafe, timed.Residual);
            case SemiJoin semi: return JoinTitle($"{semi.Type}Join", node, semi.LeftKeys, semi.RightKeys, semi.NullSafe, semi.Residual);
            case Upserts upserts: return $"LastRow by {ExpressionText.Columns(upserts.Keys, node.Schema)}";
            case UpsertChanges changes: return $"Changes by {ExpressionText.Columns(changes.Keys, node.Inputs[0].Schema)} as rows";
            case StepChanges changes: return $"StepChanges {changes.Entered}, {changes.Exited}";
            case ChangesOfRows changes: return $"RowsOfChanges by {node.Inputs[0].Schema.Fields[changes.Operation].Name}";
            case Expand expand: return $"GroupingSets {expand.Sets.Length} sets, without {string.Join(", ", expand.Sets.Select(s => $"({ExpressionText.Columns(s, node.Inputs[0].Schema)})"))}";
            case Union: return "Union";
            case SetOperation set: return $"{(set.IsExcept ? "Except" : "Intersect")}{(set.IsAll ? " all" : "")}";
            case Unnest unnest: return $"Unnest {node.Inputs[0].Schema.Fields[unnest.Collection].Name} as ({string.Join(", ", unnest.Elements.Select(e => e.Name))})";
            case TopN top:
                var rows = top.Last == long.MaxValue ? $"from {top.First}" : top.First == 1 ? $"{top.Last}" : $"{top.First} to {top.Last}";
                return $"Top {rows}{(top.Kind == RankKind.RowNumber ? "" : $" ({top.Kind})")}{By(top.Partition, node.Inputs[0].Schema)}{OrderOf(top.Order, node.Inputs[0].Schema)}";
            case Over over:
                return $"Over{By(over.Partition, node.Inputs[0].Schema)}{OrderOf(over.Order, node.Inputs[0].Schema)} {(over.Frame.IsRange ? "range" : "rows")} {over.Frame.From} to {over.Frame.To}: {string.Join(", ", over.Calls.Select(c => OverCallName(c, node.Inputs[0].Schema)))}";
            case Sort sort:
                var columns = sort.Columns.Select(c => $"{node.Schema.Fields[c.Column].Name}{(c.IsDescending ? " DESC" : "")}");
                return $"Sort {string.Join(", ", columns)}{(sort.Limit is null ? "" : $" limit {sort.Limit}")}{(sort.Offset == 0 ? "" : $" offset {sort.Offset}")}".TrimEnd();
            default: return node.Describe();
        }
    }

    /// <summary>Key, state, when it is dropped, and what the watermark waits for.</summary>
    private static IEnumerable<string> Notes(PlanNode node)
    {
        switch (node)
        {
            case Scan { Table.Watermark: { } watermark } scan:
                yield return $"watermark: {ExpressionText.Of(watermark, scan.Table.Schema)}, the highest so far, of {scan.Table.Name}";
                break;
            case Aggregate aggregate:
                var input = node.Inputs[0];
                var isDistinct = aggregate.Calls.IsEmpty;
                yield return $"key: {(aggregate.Keys.IsEmpty ? "none, one row" : ExpressionText.Columns(aggregate.Keys, input.Schema))}";
                yield return $"state: {(isDistinct ? "a count for each row" : "the aggregates of each key")}{ValuesKept(aggregate.Calls, input.IsAppendOnly, c => input.IsAppendOnly && c.MarksValues(input.Schema))}";
                yield return input.IsAppendOnly
                    ? "dropped: never: nothing is taken back from its input, and the key holds no window"
                    : "dropped: when the last row of the key is taken back";
                break;
            case WindowAggregate window:
                yield return $"key: {ExpressionText.Columns(window.Keys, node.Inputs[0].Schema)}{(window.Keys.IsEmpty ? "" : ", ")}window_start, window_end";
                yield return $"state: the aggregates of each key and {(window.Window.SlideMicros < window.Window.SizeMicros ? "pane" : "window")}{ValuesKept(window.Calls, node.Inputs[0].IsAppendOnly)}";
                yield return $"dropped: when the {ClosedBy(window.Window.IsProcessingTime)} has passed the end of the window, which is when its row comes";
                yield return $"waits for: {WaitsFor(node)}";
                break;
            case PaneAggregate panes:
                yield return $"key: {ExpressionText.Columns(panes.Keys, node.Inputs[0].Schema)}";
                yield return $"state: the aggregates of each key, no rows{ValuesKept(panes.Calls, node.Inputs[0].IsAppendOnly)}";
                yield return $"dropped: when the clock has come to {node.Inputs[0].Schema.Fields[panes.Until].Name}";
                break;
            case TemporalFilter filter:
                yield return "state: rows that are in the result and will leave it, or that will come";
                yield return filter.Until < 0 ? "dropped: when a row's time has come" : "dropped: when a row's time is over by the clock";
                break;
            case TemporalJoin temporal:
                yield return JoinKey(node, temporal.LeftKeys, temporal.RightKeys);
                yield return temporal.IsLookup ? "state: the rows of the right table by key" : "state: left rows ahead of the watermark, and the versions of right rows by key";
                yield return temporal.IsLookup ? "dropped: rows that are taken back" : "dropped: left rows when the watermark has passed them, a version when it has passed the next one";
                yield return temporal.IsLookup ? temporal.IsBounded ? "waits for: the end of the right table" : "waits for: nothing" : $"waits for: {WaitsFor(node)}";
                break;
            case TimedJoin timed:
                yield return JoinKey(node, timed.LeftKeys, timed.RightKeys);
                yield return "state: the rows of both sides that can still find a partner";
                yield return timed.Times.IsWindow
                    ? $"dropped: when the {ClosedBy(timed.Times.IsProcessingTime)} has passed the end of the window"
                    : $"dropped: left rows {ExpressionText.Duration(Math.Max(0, timed.Times.HighMicros))}, right rows {ExpressionText.Duration(Math.Max(0, -timed.Times.LowMicros))} behind the {ClosedBy(timed.Times.IsProcessingTime)}";
                yield return $"waits for: {WaitsFor(node)}";
                break;
            case AttachedWindowAggregate window:
                yield return $"key: {ExpressionText.Columns(window.Keys, node.Inputs[0].Schema)}{(window.Keys.IsEmpty ? "" : ", ")}window_start, window_end";
                yield return GroupedSessions.Of(window) is null
                    ? $"state: the aggregates of each key and window{ValuesKept(window.Calls, node.Inputs[0].IsAppendOnly)}"
                    : "state: the aggregates of each open session, merged when two grow together; no rows";
                yield return $"dropped: when the {ClosedBy(window.IsProcessingTime)} has passed the end of the window, which is when its row comes";
                yield return $"waits for: {WaitsFor(node)}";
                break;
            case SessionAssign session:
                yield return $"key: {(session.Keys.IsEmpty ? "none, one sequence of sessions" : ExpressionText.Columns(session.Keys, node.Inputs[0].Schema))}";
                yield return "state: the rows of open sessions";
                yield return $"dropped: when the {ClosedBy(session.IsProcessingTime)} has passed the end of the session, which is when its rows come";
                yield return $"waits for: {WaitsFor(node)}";
                break;
            case Join join:
                yield return JoinKey(node, join.LeftKeys, join.RightKeys);
                yield return join.OneKey is null ? "state: the rows of both sides by key" : $"state: the rows of {join.OneKey.Sides.Length} sides under one key; nothing for the joins below on it";
                yield return join.Expiry is { } expiry
                    ? $"dropped: {(expiry.Side == 0 ? "left" : "right")} rows {ExpressionText.Duration(Math.Max(0, expiry.HoldMicros))} behind the watermark: by their condition no later {(expiry.Side == 0 ? "right" : "left")} row can match them; {(expiry.Side == 0 ? "right" : "left")} rows never"
                    : node.Inputs.All(i => i.IsAppendOnly) ? "dropped: never: a row of either side can still find a partner" : "dropped: rows that are taken back";
                break;
            case SemiJoin semi:
                yield return JoinKey(node, semi.LeftKeys, semi.RightKeys);
                yield return "state: the rows of the left side with their matches, the different rows of the right side";
                yield return node.Inputs.All(i => i.IsAppendOnly) ? "dropped: never: a row of either side can still find a partner" : "dropped: rows that are taken back";
                break;
            case SetOperation:
                yield return "key: the whole row";
                yield return "state: each different row of either side with two counts";
                yield return node.Inputs.All(i => i.IsAppendOnly) ? "dropped: never: a row of either side can still come" : "dropped: rows that are taken back";
                break;
            case Upserts upserts:
                yield return $"key: {ExpressionText.Columns(upserts.Keys, node.Schema)}";
                yield return "state: the last row of each key";
                yield return "dropped: when the key is removed";
                break;
            case UpsertChanges changes:
                yield return $"key: {ExpressionText.Columns(changes.Keys, node.Inputs[0].Schema)}";
                yield return "state: the last row of each key";
                yield return "dropped: when the key is removed";
                break;
            case TopN { WindowEnd: >= 0 } top:
                yield return $"key: {ExpressionText.Columns(top.Partition, node.Inputs[0].Schema)}";
                yield return "state: the rows of open windows";
                yield return $"dropped: when the {ClosedBy(!node.WaitsForWatermark)} has passed the end of the window, which is when its rows come";
                yield return $"waits for: {WaitsFor(node)}";
                break;
            case TopN top:
                yield return $"key: {(top.Partition.IsEmpty ? "none, one partition" : ExpressionText.Columns(top.Partition, node.Inputs[0].Schema))}";
                yield return top.KeepsLists ? top.Last == 1 ? "state: the first row of each key" : $"state: a list of the first {top.Last} rows of each key"
                    : node.Inputs[0].IsAppendOnly ? $"state: the first {top.Last} rows of each key in order" : "state: all rows of each key in order";
                yield return node.Inputs[0].IsAppendOnly ? "dropped: a row when enough others come before it" : "dropped: rows that are taken back";
                break;
            case Over over:
                yield return $"key: {(over.Partition.IsEmpty ? "none, one partition" : ExpressionText.Columns(over.Partition, node.Inputs[0].Schema))}";
                yield return "state: the rows of each key in order";
                yield return over.Emission switch
                {
                    OverEmission.AtWatermark => $"dropped: when the watermark has passed a row and no later frame reaches it; waits for: {WaitsFor(node)}",
                    OverEmission.AtEnd => "dropped: when the input has ended",
                    _ => node.Inputs[0].IsAppendOnly ? "dropped: never: a later row can still change every frame" : "dropped: rows that are taken back",
                };
                break;
            case Sort:
                yield return "state: all rows, until the input has ended";
                break;
        }
    }

    private static string JoinTitle(string name, PlanNode node, ImmutableArray<int> leftKeys, ImmutableArray<int> rightKeys, ImmutableArray<int> nullSafe, BoundExpression? residual)
    {
        var (left, right) = (node.Inputs[0].Schema, node.Inputs[1].Schema);
        var conditions = leftKeys.Select((l, i) => $"{left.Fields[l].Name} {(nullSafe.Contains(i) ? "IS NOT DISTINCT FROM" : "=")} {right.Fields[rightKeys[i]].Name}");
        if (residual is not null) conditions = conditions.Append(ExpressionText.Of(residual, new Schema([.. left.Fields, .. right.Fields])));
        return $"{name} {string.Join(" AND ", conditions)}".TrimEnd();
    }

    private static string JoinKey(PlanNode node, ImmutableArray<int> left, ImmutableArray<int> right) => left.IsEmpty
        ? "key: none: every row is paired with every other"
        : $"key: {ExpressionText.Columns(left, node.Inputs[0].Schema)} = {ExpressionText.Columns(right, node.Inputs[1].Schema)}";

    private static string ClosedBy(bool isProcessingTime) => isProcessingTime ? "clock" : "watermark";

    private static string ValuesKept(ImmutableArray<PlanAggregate> calls, bool isAppendOnly, Func<PlanAggregate, bool>? marks = null)
    {
        var marked = calls.Where(c => marks is not null && marks(c)).ToList();
        var kept = calls.Where(c => c.KeepsValues(isAppendOnly)).Except(marked).Select(c => c.IsDistinct ? "DISTINCT" : c.Function).Distinct().ToList();
        var flags = marked.Count == 0 ? "" : ", and each value once with a flag for each filter of DISTINCT";
        return flags + (kept.Count == 0 ? "" : $", and each value with its count for {string.Join(", ", kept)}");
    }

    /// <summary>The tables below a node whose watermarks it waits for.</summary>
    private static string WaitsFor(PlanNode node)
    {
        if (!node.WaitsForWatermark) return "the clock";
        var tables = Scans(node).Where(s => s.Table.Watermark is not null).Select(s => s.Table.Name).Distinct().ToList();
        return tables.Count == 0 ? "the end of the input" : $"the watermark of {string.Join(" and of ", tables)}";
    }

    /// <summary>The tables that a plan reads.</summary>
    public static IEnumerable<Scan> Scans(PlanNode node) => node is Scan scan ? [scan] : node.Inputs.SelectMany(Scans);

    private static string OrderOf(IEnumerable<SortColumn> order, Schema input) => order.Any()
        ? " order " + string.Join(", ", order.Select(o => $"{(o.Column == SortColumn.Position ? "position" : input.Fields[o.Column].Name)}{(o.IsDescending ? " DESC" : "")}"))
        : "";

    private static string OverCallName(PlanOverCall call, Schema input) => call.Aggregate is not null
        ? Calls([call.Aggregate], input)
        : $"{call.Function.ToString().ToUpperInvariant()}({string.Join(", ", call.Columns().Select(c => input.Fields[c].Name))})";

    private static string Named(string expression, string name) => expression == name ? name : $"{expression} AS {name}";

    private static string ColumnNames(Schema schema) => string.Join(", ", schema.Fields.Select(f => f.Name));

    private static string By(IEnumerable<int> keys, Schema input) => keys.Any() ? $" by {ExpressionText.Columns(keys, input)}" : "";

    private static string Calls(IEnumerable<PlanAggregate> calls, Schema input) => string.Join(", ", calls.Select(c =>
        $"{c.Function}({(c.IsDistinct ? "DISTINCT " : "")}{(c.Arguments.IsEmpty ? "*" : ExpressionText.Columns(c.Arguments, input))}){(c.Filter < 0 ? "" : $" FILTER {input.Fields[c.Filter].Name}")}"));

    private static string WindowName(Window window, int time, Schema input)
    {
        var size = ExpressionText.Duration(window.SizeMicros);
        var text = window.IsCumulate ? $"CUMULATE({input.Fields[time].Name}, steps of {ExpressionText.Duration(window.SlideMicros)}, up to {size}"
            : window.SlideMicros == window.SizeMicros ? $"TUMBLE({input.Fields[time].Name}, {size}" : $"HOP({input.Fields[time].Name}, every {ExpressionText.Duration(window.SlideMicros)}, {size}";
        return $"{text}{(window.OffsetMicros == 0 ? "" : $", offset {ExpressionText.Duration(window.OffsetMicros)}")})";
    }
}
