using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Windows;

/// <summary>Where each row of a batch goes, by row index: its pane's start, and the ends of the first and last window that hold the pane.</summary>
internal readonly unsafe struct PaneBounds(int rows, BatchMemory scratch)
{
    public long* Starts { get; } = scratch.Allocate<long>(rows);

    public long* FirstEnds { get; } = scratch.Allocate<long>(rows);

    public long* LastEnds { get; } = scratch.Allocate<long>(rows);

    public Column StartColumn => new() { Kind = PhysicalKind.Int64, Values = Starts };

    public Column FirstEndColumn => new() { Kind = PhysicalKind.Int64, Values = FirstEnds };
}

/// <summary>The panes of rows.</summary>
internal static unsafe class PaneKernel
{
    /// <summary>
    /// Writes the bounds of the <paramref name="copy"/>-th pane of each row and gives the rows that have one: all, or with
    /// CUMULATE in whole windows those that are not past its longest window. Rows without one have none of a later copy.
    /// </summary>
    internal static int* Bounds(Batch batch, WindowAggregateSpec spec, int copy, int* rows, ref int count, BatchMemory scratch, in PaneBounds bounds)
    {
        var window = spec.Window;
        if (window.Shape == WindowShape.Attached)
        {
            Copy(batch.Columns[spec.StartColumn], batch.Rows, bounds.Starts);
            Copy(batch.Columns[spec.TimeColumn], batch.Rows, bounds.FirstEnds);
            Copy(batch.Columns[spec.TimeColumn], batch.Rows, bounds.LastEnds);
            return rows;
        }

        WindowKernel.SlideStarts(batch.Columns[spec.TimeColumn], batch.Rows, window, scratch, bounds.Starts);
        if (spec.UsesPanes)
        {
            WindowKernel.Add(bounds.Starts, batch.Rows, window.SlideMicros, bounds.FirstEnds);
            for (var i = 0; i < count; i++) bounds.LastEnds[rows[i]] = window.LastEnd(bounds.Starts[rows[i]]);
            return rows;
        }

        if (window.Shape == WindowShape.Cumulate) return Cumulated(window, copy, rows, ref count, scratch, bounds);
        WindowKernel.Add(bounds.Starts, batch.Rows, -copy * window.SlideMicros, bounds.Starts);
        WindowKernel.Add(bounds.Starts, batch.Rows, window.SizeMicros, bounds.FirstEnds);
        WindowKernel.Add(bounds.FirstEnds, batch.Rows, 0, bounds.LastEnds);
        return window.IsRegular ? rows : Held(batch.Columns[spec.TimeColumn], window.Clock.Zone, bounds, rows, ref count, scratch);
    }

    /// <summary>The rows that their window still holds, where a size is no multiple of the slide.</summary>
    private static int* Held(in Column times, TimeZoneInfo? zone, in PaneBounds bounds, int* rows, ref int count, BatchMemory scratch)
    {
        var kept = scratch.Allocate<int>(count);
        var keptCount = 0;
        for (var i = 0; i < count; i++)
        {
            var time = times.As<long>()[times.IndexOf(rows[i])];
            if (zone is not null) time = Freshet.Columns.Formats.TimeText.ToLocal(time, zone);
            if (time < bounds.LastEnds[rows[i]]) kept[keptCount++] = rows[i];
        }

        count = keptCount;
        return kept;
    }

    private static int* Cumulated(WindowSpec window, int copy, int* rows, ref int count, BatchMemory scratch, in PaneBounds bounds)
    {
        var kept = scratch.Allocate<int>(count);
        var keptCount = 0;
        for (var i = 0; i < count; i++)
        {
            var row = rows[i];
            var end = bounds.Starts[row] + (copy + 1) * window.SlideMicros;
            bounds.Starts[row] = WindowKernel.SlideStart(bounds.Starts[row], window.SizeMicros, window.OffsetMicros);
            bounds.FirstEnds[row] = end;
            bounds.LastEnds[row] = end;
            if (end <= bounds.Starts[row] + window.SizeMicros) kept[keptCount++] = row;
        }

        count = keptCount;
        return kept;
    }

    /// <summary>Of rows that are late for one window of CUMULATE, those for which it is the longest: they are late for all.</summary>
    internal static int LateForLongest(WindowSpec window, in PaneBounds bounds, int* late, int count)
    {
        var kept = 0;
        for (var i = 0; i < count; i++)
            if (bounds.FirstEnds[late[i]] == bounds.Starts[late[i]] + window.SizeMicros) late[kept++] = late[i];
        return kept;
    }

    private static void Copy(in Column column, int rows, long* values)
    {
        if (column.IsConstant) new Span<long>(values, rows).Fill(*column.As<long>());
        else new ReadOnlySpan<long>(column.Values, rows).CopyTo(new Span<long>(values, rows));
    }
}
