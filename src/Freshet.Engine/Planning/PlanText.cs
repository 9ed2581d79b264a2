using Freshet.Sql.Plan;

namespace Freshet.Engine.Planning;

/// <summary>EXPLAIN: a plan as lines, each operator with its key, its state, and when the state is dropped.</summary>
public static class PlanText
{
    public static IEnumerable<string> Of(PlanNode plan) => Lines(plan, 0);

    private static IEnumerable<string> Lines(PlanNode node, int depth)
    {
        yield return $"{new string(' ', depth * 2)}{NameOf(node)}  [{(node.IsAppendOnly ? "append-only" : "changes")}{StateOf(node)}]";
        foreach (var input in node.Inputs)
            foreach (var line in Lines(input, depth + 1)) yield return line;
    }

    private static string Columns(PlanNode node, IEnumerable<int> columns) => string.Join(", ", columns.Select(c => node.Schema.Fields[c].Name));

    private static string NameOf(PlanNode node) => node switch
    {
        Scan scan => $"Scan {scan.Table.Name} ({string.Join(", ", scan.Schema.Fields.Select(f => f.Name))})",
        Values values => $"Values ({values.Rows.Length} rows)",
        Filter => "Filter",
        Project project => $"Project ({string.Join(", ", project.Names)})",
        Sql.Plan.Aggregate { Calls.IsEmpty: true } distinct => $"Distinct ({Columns(distinct.Inputs[0], distinct.Keys)})",
        Sql.Plan.Aggregate aggregate => $"Aggregate (key: {(aggregate.Keys.IsEmpty ? "none" : Columns(aggregate.Inputs[0], aggregate.Keys))}; {string.Join(", ", aggregate.Calls)})",
        WindowAssign assign => $"Windows ({WindowText(assign.Window)} of {assign.Inputs[0].Schema.Fields[assign.TimeColumn].Name})",
        WindowAggregate window => $"Window aggregate ({WindowText(window.Window)}; key: {(window.Keys.IsEmpty ? "none" : Columns(window.Inputs[0], window.Keys))}; {string.Join(", ", window.Calls)})",
        Join join => $"{(join.IsLeftOuter ? "Left join" : "Join")} (key: {Columns(join.Inputs[0], join.LeftKeys)} = {Columns(join.Inputs[1], join.RightKeys)})",
        Union => "Union all",
        Unnest unnest => $"Unnest ({string.Join(", ", unnest.Elements.Select(e => e.Name))})",
        Sort sort => $"Sort (limit: {sort.Limit?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"})",
        _ => node.Describe(),
    };

    private static string WindowText(Window window) => window.SizeMicros == window.SlideMicros
        ? $"{TimeSpan.FromMicroseconds(window.SizeMicros)}"
        : $"{TimeSpan.FromMicroseconds(window.SizeMicros)} every {TimeSpan.FromMicroseconds(window.SlideMicros)}";

    private static string StateOf(PlanNode node) => node switch
    {
        Sql.Plan.Aggregate => "; state: one row for each key, dropped when its last input row is taken back",
        WindowAggregate => "; state: open windows, dropped when the watermark passes their end",
        Join => "; state: all rows of both sides",
        Sort => "; state: all rows until the end",
        _ => "",
    };
}
