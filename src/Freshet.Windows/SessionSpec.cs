using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Windows;

/// <summary>
/// SESSION as a table function. Output: the input's columns, then window_start, window_end and window_time (end - 1 ms).
/// Late rows (side output 1): the input's columns, lateness_ms and watermark.
/// </summary>
/// <param name="Keys">PARTITION BY; empty for one sequence of sessions.</param>
/// <param name="TimeColumn">The time attribute, µs.</param>
/// <param name="GapMicros">A session ends this long after its last row.</param>
/// <param name="IsAppendOnly">The input takes nothing back.</param>
public sealed record SessionSpec(Schema Input, ImmutableArray<int> Keys, int TimeColumn, long GapMicros, WindowClock Clock, bool IsAppendOnly)
{
    /// <summary>The column of the rows' position, by which rows of one watermark are judged in turn; -1: as they arrive.</summary>
    public int Order { get; init; } = -1;

    /// <summary>Instead of the rows the aggregates of each session leave: the keys, window_start, window_end, window_time, the calls. Only where the input takes nothing back.</summary>
    public SessionGrouping? Grouping { get; init; }

    internal ImmutableArray<SqlType> Types => [.. Input.Fields.Select(f => f.Type)];
}
