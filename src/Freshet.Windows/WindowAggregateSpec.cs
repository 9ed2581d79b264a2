using System.Collections.Immutable;
using Freshet.Aggregation;
using Freshet.Columns;

namespace Freshet.Windows;

/// <summary>
/// GROUP BY key and window. Output: the key columns, window_start, window_end, window_time (end - 1 ms), then one column for
/// each call. Late rows (side output 1): the input's columns, lateness_ms and watermark.
/// </summary>
/// <param name="TimeColumn">The time attribute, µs; for attached windows the column of window_end.</param>
/// <param name="PositionColumns">Columns of the input that an error row carries.</param>
public sealed record WindowAggregateSpec(
    WindowSpec Window,
    Schema Input,
    int TimeColumn,
    ImmutableArray<int> Keys,
    ImmutableArray<AggregateCall> Calls,
    bool IsAppendOnly,
    ImmutableArray<int> PositionColumns)
{
    /// <summary>Input columns that are the position of a row, most significant first; none where rows have no position.</summary>
    public ImmutableArray<int> Position { get; init; } = [];

    /// <summary>Columns between the keys and the calls.</summary>
    public const int WindowColumns = 3;

    /// <summary>For attached windows the column of window_start.</summary>
    public int StartColumn { get; init; } = -1;

    /// <summary>The columns of the late rows.</summary>
    public Schema LateSchema { get; } = LateRows.SchemaOf(Input);

    /// <summary>
    /// Whether rows are added once to a pane of one slide and windows merge panes. Counted values do not merge, so with
    /// DISTINCT a row is added to each of its windows.
    /// </summary>
    internal bool UsesPanes => Window.Shape != WindowShape.Attached && Window.Count > 1 && Window.IsRegular && !Calls.Any(c => AccumulatorSet.CountsValues(c) || c.User is { CanMerge: false });
}
