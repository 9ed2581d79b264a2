using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Plan;

/// <summary>
/// Which columns of a node hold the bounds of the window that each of its rows lies in. No row of a window comes after the
/// watermark (or, for processing time, the clock) has closed it, so what is kept for a window may be dropped then.
/// </summary>
/// <param name="Starts">Columns with window_start.</param>
/// <param name="Ends">Columns with window_end.</param>
/// <param name="Times">Columns with window_time.</param>
/// <param name="Time">The type of window_time: TIMESTAMP_LTZ where the time attribute is an instant; the bounds are then local times.</param>
/// <param name="IsProcessingTime">Windows are closed by the clock.</param>
public sealed record WindowBounds(ImmutableArray<int> Starts, ImmutableArray<int> Ends, ImmutableArray<int> Times, SqlType Time, bool IsProcessingTime)
{
    /// <summary>The bounds of a node that adds window_start, window_end and window_time from a column on.</summary>
    public static WindowBounds At(int start, SqlType time, bool isProcessingTime) => new([start], [start + 1], [start + 2], time, isProcessingTime);

    /// <summary>The bounds in another node's columns, of which <paramref name="source"/> tells where they come from (-1: from nowhere); null where one is lost.</summary>
    public WindowBounds? Mapped(int columns, Func<int, int> source)
    {
        ImmutableArray<int> Those(ImmutableArray<int> of) => [.. Enumerable.Range(0, columns).Where(c => of.Contains(source(c)))];
        var mapped = this with { Starts = Those(Starts), Ends = Those(Ends), Times = Those(Times) };
        return mapped.Starts.IsEmpty || mapped.Ends.IsEmpty ? null : mapped;
    }

    public bool Contains(int column) => Starts.Contains(column) || Ends.Contains(column) || Times.Contains(column);
}
