using Freshet.Dataflow;
namespace Freshet.Windows;

/// <summary>Which rows a window holds.</summary>
public enum WindowShape
{
    /// <summary>TUMBLE (slide = size) and HOP: [start, start + size) with start = offset + k * slide.</summary>
    Hop,

    /// <summary>CUMULATE: [start, start + n * slide) up to the size, with start = offset + k * size.</summary>
    Cumulate,

    /// <summary>Rows come with the bounds of their window in two columns.</summary>
    Attached,
}

/// <summary>What closes windows.</summary>
/// <param name="IsProcessingTime">The step's clock instead of the watermark; no row is late then.</param>
/// <param name="Zone">Windows lie in the local time of this zone (times are TIMESTAMP_LTZ); null where times are what windows are made of.</param>
public sealed record WindowClock(bool IsProcessingTime = false, TimeZoneInfo? Zone = null)
{
    public static WindowClock EventTime { get; } = new();

    /// <summary>The latest window end that is closed at a step with this watermark.</summary>
    public long ClosedEnd(StepContext step, long watermark)
    {
        if (!IsProcessingTime || watermark == Operator.EndWatermark) return WindowKernel.ClosedEnd(watermark, Zone);
        return Zone is null ? step.ClockMicros : WindowKernel.ClosedEnd(step.ClockMicros - WindowKernel.TimeBeforeEndMicros, Zone);
    }
}

/// <summary>
/// Windows of fixed lengths, µs. A row of time t belongs to the windows that hold t: <see cref="Count"/> of them for
/// <see cref="WindowShape.Hop"/>, at most so many for <see cref="WindowShape.Cumulate"/>.
/// </summary>
public sealed record WindowSpec
{
    /// <exception cref="ArgumentException">A length is not positive, or the size of CUMULATE no multiple of its step.</exception>
    public WindowSpec(long sizeMicros, long slideMicros, long offsetMicros = 0, WindowShape shape = WindowShape.Hop)
    {
        if (sizeMicros <= 0 || slideMicros <= 0 || (shape == WindowShape.Cumulate && sizeMicros % slideMicros != 0))
            throw new ArgumentException($"A window of {sizeMicros} µs with a slide of {slideMicros} µs: both must be positive, and the size of CUMULATE a multiple of its step.");
        SizeMicros = sizeMicros;
        SlideMicros = slideMicros;
        OffsetMicros = offsetMicros;
        Shape = shape;
    }

    /// <summary>Windows that come with their rows.</summary>
    public static WindowSpec Attached { get; } = new(1, 1, 0, WindowShape.Attached);

    public static WindowSpec Tumble(long sizeMicros, long offsetMicros = 0) => new(sizeMicros, sizeMicros, offsetMicros);

    public static WindowSpec Hop(long slideMicros, long sizeMicros, long offsetMicros = 0) => new(sizeMicros, slideMicros, offsetMicros);

    public static WindowSpec Cumulate(long stepMicros, long sizeMicros, long offsetMicros = 0) => new(sizeMicros, stepMicros, offsetMicros, WindowShape.Cumulate);

    public WindowShape Shape { get; }

    /// <summary>The length of a window; of the longest for CUMULATE.</summary>
    public long SizeMicros { get; }

    /// <summary>The distance of window ends.</summary>
    public long SlideMicros { get; }

    public long OffsetMicros { get; }

    public WindowClock Clock { get; init; } = WindowClock.EventTime;

    /// <summary>The most windows that a row belongs to.</summary>
    public int Count => checked((int)((SizeMicros + SlideMicros - 1) / SlideMicros));

    /// <summary>Whether windows are made of whole slides, as they are in window table functions; the older HOP may have others.</summary>
    internal bool IsRegular => SizeMicros % SlideMicros == 0;

    /// <summary>The end of the last window that holds the slide which starts at <paramref name="slideStart"/>.</summary>
    internal long LastEnd(long slideStart) =>
        SizeMicros + (Shape == WindowShape.Cumulate ? WindowKernel.SlideStart(slideStart, SizeMicros, OffsetMicros) : slideStart);

    /// <summary>The start of the window that ends at <paramref name="end"/>.</summary>
    internal long StartOf(long end) =>
        Shape == WindowShape.Cumulate ? WindowKernel.SlideStart(end - 1, SizeMicros, OffsetMicros) : end - SizeMicros;
}
