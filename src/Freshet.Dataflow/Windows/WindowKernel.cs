using Freshet.Columns;

namespace Freshet.Dataflow.Windows;

/// <summary>Window arithmetic over columns of times.</summary>
internal static unsafe class WindowKernel
{
    /// <summary>A window's last moment is this much before its end (Flink's times have ms).</summary>
    internal const long TimeBeforeEndMicros = 1000;

    /// <summary>
    /// Writes for each row the start of the latest slide at or before its time. NULL times give unspecified starts.
    /// Neighbouring rows mostly share a slide, so that a division is rare.
    /// </summary>
    internal static void SlideStarts(in Column times, int rows, WindowSpec window, long* starts)
    {
        var values = times.As<long>();
        var (slide, offset) = (window.SlideMicros, window.OffsetMicros);
        if (times.IsConstant)
        {
            new Span<long>(starts, rows).Fill(SlideStart(*values, slide, offset));
            return;
        }

        var start = SlideStart(0, slide, offset);
        for (var row = 0; row < rows; row++)
        {
            var time = values[row];
            if ((ulong)(time - start) >= (ulong)slide) start = SlideStart(time, slide, offset);
            starts[row] = start;
        }
    }

    /// <summary>The start of the slide that holds <paramref name="time"/>.</summary>
    internal static long SlideStart(long time, long slide, long offset)
    {
        var into = (time - offset) % slide;
        if (into < 0) into += slide;
        return time - into;
    }

    /// <summary>Adds the same number to every value.</summary>
    internal static void Add(long* values, int count, long add, long* result)
    {
        for (var i = 0; i < count; i++) result[i] = values[i] + add;
    }

    /// <summary>
    /// Sorts the rows of a batch by what their own watermark has closed: keeps those with an open window in
    /// <paramref name="kept"/> and lists the others in <paramref name="late"/>. For a row whose first windows are closed,
    /// <paramref name="firstEnds"/> becomes the end of its first open one.
    /// </summary>
    /// <param name="watermarks">By row index; null where no row is behind its watermark.</param>
    /// <param name="fired">The end of the last window that has fired: it is closed for every row.</param>
    /// <param name="hasOneWindow">Whether the first window is the only one of the row's copy.</param>
    /// <param name="starts">The start of each row's pane, by row index.</param>
    /// <param name="firstEnds">On entry the end of the pane's first window, by row index.</param>
    internal static int SplitLate(long* watermarks, long fired, int* rows, int count, WindowSpec window, bool hasOneWindow, long* starts, long* firstEnds, int* kept, int* late, out int lateCount)
    {
        var keptCount = 0;
        lateCount = 0;
        for (var i = 0; i < count; i++)
        {
            var row = rows[i];
            var closed = watermarks is null ? fired : Math.Max(fired, ClosedEnd(watermarks[row]));
            if (closed >= (hasOneWindow ? firstEnds[row] : starts[row] + window.SizeMicros))
            {
                late[lateCount++] = row;
                continue;
            }

            if (closed >= firstEnds[row])
                firstEnds[row] += ((closed - firstEnds[row]) / window.SlideMicros + 1) * window.SlideMicros;
            kept[keptCount++] = row;
        }

        return keptCount;
    }

    /// <summary>The latest window end that a watermark closes.</summary>
    internal static long ClosedEnd(long watermark) => watermark > long.MaxValue - TimeBeforeEndMicros ? long.MaxValue : watermark + TimeBeforeEndMicros;
}
