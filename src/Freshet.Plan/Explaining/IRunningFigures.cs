
namespace Freshet.Plan.Explaining;

/// <summary>What EXPLAIN asks of the circuit that keeps a project's views; all answers are as of one moment between two steps.</summary>
public interface IRunningFigures
{
    /// <summary>Rows, time and state of a node's operator since the start, as a line; null where the node is part of another operator.</summary>
    string? Of(PlanNode node);

    /// <summary>
    /// EXPLAIN WATERMARK FOR a view's plan: for each table with a watermark its name, the watermark, the time of its last row, when that row
    /// was taken, since when it is idle, whether it holds the view back, the watermark at which the next result comes, and how far that is.
    /// </summary>
    IEnumerable<string?[]> Watermarks(PlanNode plan);
}
