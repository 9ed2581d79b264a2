using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Dataflow;

namespace Freshet.Windows;

/// <summary>Window arithmetic over columns of times.</summary>
internal static unsafe class WindowKernel
{
    /// <summary>A window's last moment is this much before its end (Flink's times have ms).</summary>
    internal const long TimeBeforeEndMicros = 1000;

    /// <summary>
    /// Writes for each row the start of the latest slide at or before its time. NULL times give unspecified starts.
    /// Neighbouring rows mostly share a slide, so that a division is rare.
    /// </summary>
    internal static void SlideStarts(in Column times, int rows, WindowSpec window, BatchMemory scratch, long* starts)
    {
        var local = window.Clock.Zone is null ? times : ToLocal(times, rows, window.Clock.Zone, scratch);
        var values = local.As<long>();
        var (slide, offset) = (window.SlideMicros, window.OffsetMicros);
        if (local.IsConstant)
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

    /// <summary>The last moment of windows that end at local times, as an instant: what window_time holds where times are TIMESTAMP_LTZ.</summary>
    internal static void LastMoments(long* ends, int count, TimeZoneInfo? zone, long* result)
    {
        for (var i = 0; i < count; i++) result[i] = LastMoment(ends[i], zone);
    }

    /// <inheritdoc cref="LastMoments"/>
    internal static long LastMoment(long end, TimeZoneInfo? zone) =>
        zone is null ? end - TimeBeforeEndMicros : TimeText.ToUtc(end - TimeBeforeEndMicros, zone);

    /// <summary>
    /// Sorts the rows of a batch by what their own watermark has closed: keeps those with an open window in
    /// <paramref name="kept"/> and lists the others in <paramref name="late"/>. For a row whose first windows are closed,
    /// <paramref name="firstEnds"/> becomes the end of its first open one.
    /// </summary>
    /// <param name="watermarks">By row index; null where no row is behind its watermark.</param>
    /// <param name="fired">The end of the last window that has fired: it is closed for every row.</param>
    /// <param name="slide">The distance of window ends.</param>
    /// <param name="firstEnds">On entry the end of the pane's first window, by row index.</param>
    /// <param name="lastEnds">The end of the pane's last window, by row index.</param>
    internal static int SplitLate(long* watermarks, long fired, TimeZoneInfo? zone, int* rows, int count, long slide, long* firstEnds, long* lastEnds, int* kept, int* late, out int lateCount)
    {
        var keptCount = 0;
        lateCount = 0;
        for (var i = 0; i < count; i++)
        {
            var row = rows[i];
            var closed = watermarks is null ? fired : Math.Max(fired, ClosedEnd(watermarks[row], zone));
            if (closed >= lastEnds[row])
            {
                late[lateCount++] = row;
                continue;
            }

            if (closed >= firstEnds[row]) firstEnds[row] += ((closed - firstEnds[row]) / slide + 1) * slide;
            kept[keptCount++] = row;
        }

        return keptCount;
    }

    /// <summary>
    /// The latest window end that a watermark closes. In a zone where clocks are set back, an hour of local time is there
    /// twice: it closes when the second one does.
    /// </summary>
    internal static long ClosedEnd(long watermark, TimeZoneInfo? zone = null)
    {
        if (watermark > long.MaxValue - TimeBeforeEndMicros) return long.MaxValue;
        if (zone is null || watermark == Operator.NoWatermark) return watermark + TimeBeforeEndMicros;
        var local = TimeText.ToLocal(watermark, zone);
        // Of a repeated hour, an instant is taken for the first turn's where the local time stands for it.
        return IsAmbiguous(local, zone) && TimeText.ToUtc(local, zone) == watermark ? FirstAmbiguous(local, zone) : local + TimeBeforeEndMicros;
    }

    /// <summary>The beginning of the repeated hour that holds a local time, to the minute.</summary>
    private static long FirstAmbiguous(long local, TimeZoneInfo zone)
    {
        const long Minute = 60_000_000;
        var at = SlideStart(local, Minute, 0);
        while (IsAmbiguous(at - Minute, zone)) at -= Minute;
        return at;
    }

    private static bool IsAmbiguous(long local, TimeZoneInfo zone) =>
        local is > -62_000_000_000_000_000 and < 253_000_000_000_000_000 && zone.IsAmbiguousTime(new DateTime(DateTime.UnixEpoch.Ticks + local * 10, DateTimeKind.Unspecified));

    /// <summary>Instants as local times.</summary>
    internal static Column ToLocal(in Column times, int rows, TimeZoneInfo zone, BatchMemory memory)
    {
        var count = times.IsConstant ? 1 : rows;
        var local = Column.Allocate(times.Kind, count, memory);
        local.IsConstant = times.IsConstant;
        local.Validity = times.Validity;
        for (var row = 0; row < count; row++)
            if (times.IsValid(row)) local.As<long>()[row] = TimeText.ToLocal(times.As<long>()[row], zone);
        return local;
    }
}
