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
}
