using System.Globalization;
using Freshet.Plan;

namespace Freshet.Engine.Graphs;

/// <summary>Why nothing has come out of a node: the nearest reason that its figures show, as a sentence.</summary>
internal static class Reasons
{
    /// <param name="before">The nodes before it, with their own reasons.</param>
    public static string? WhyNothing(GraphNode node, PlanNode? plan, List<GraphNode> before)
    {
        if (node.Figures.RowsOut > 0 && (node.Kind != GraphNodeKind.View || node.Figures.StateRows > 0)) return null;
        if (node.Kind == GraphNodeKind.Source) return "No rows have come yet.";
        if (node.Kind == GraphNodeKind.View && node.Figures.RowsIn > 0) return "All rows that came have been taken back.";
        var inputs = node.Inputs.Select(i => before.First(b => b.Id == i)).ToList();
        if (node.Figures.RowsIn == 0)
        {
            // What is furthest up has the reason; those between only repeat it.
            return inputs.FirstOrDefault(i => i.Why is not null) is not { } dry ? "No rows have reached it yet."
                : dry.Why!.StartsWith("Nothing comes from", StringComparison.Ordinal) ? dry.Why : $"Nothing comes from {dry.Title}: {char.ToLowerInvariant(dry.Why[0])}{dry.Why[1..]}";
        }

        if (node.DueMicros is { } due)
        {
            return node.WatermarkMicros is { } watermark
                ? Text($"It waits for the watermark: the next rows leave at {Time(due)}, {Math.Max(0, (due - watermark) / 1_000_000.0):0.#} s of event time from now.")
                : Text($"It waits for the watermark: the next rows leave at {Time(due)}, and there is none yet.");
        }

        var rows = Text($"{node.Figures.RowsIn:N0} row{(node.Figures.RowsIn == 1 ? "" : "s")}");
        return plan switch
        {
            Filter or Project { Inputs: [Filter] } => $"None of {rows} passes the condition.",
            Join or SemiJoin or TimedJoin or TemporalJoin => $"No two of {rows} have met.",
            TemporalFilter when node.Figures.StateRows > 0 => Text($"The clock has not come to the time of its {node.Figures.StateRows:N0} rows."),
            TemporalFilter => $"The time of {rows} is over.",
            _ => $"{rows} came, and none has left.",
        };
    }

    private static string Time(long micros) => DateTime.UnixEpoch.AddMicroseconds(Math.Min(micros, 253_402_300_799_000_000)).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
