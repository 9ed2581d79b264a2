namespace Freshet.Dataflow.Windows;

/// <summary>
/// Windows of equal length: TUMBLE (slide = size) and HOP. Times and lengths in µs. A row of time t belongs to the
/// <see cref="Count"/> windows [start, start + size) with start = offset + k * slide that hold t.
/// </summary>
public sealed record WindowSpec
{
    /// <exception cref="ArgumentException">A length is not positive or the size no multiple of the slide, as Flink demands.</exception>
    public WindowSpec(long sizeMicros, long slideMicros, long offsetMicros = 0)
    {
        if (sizeMicros <= 0 || slideMicros <= 0 || sizeMicros % slideMicros != 0)
            throw new ArgumentException($"A window of {sizeMicros} µs with a slide of {slideMicros} µs: both must be positive and the size a multiple of the slide.");
        SizeMicros = sizeMicros;
        SlideMicros = slideMicros;
        OffsetMicros = offsetMicros;
    }

    public static WindowSpec Tumble(long sizeMicros, long offsetMicros = 0) => new(sizeMicros, sizeMicros, offsetMicros);

    public static WindowSpec Hop(long slideMicros, long sizeMicros, long offsetMicros = 0) => new(sizeMicros, slideMicros, offsetMicros);

    public long SizeMicros { get; }

    public long SlideMicros { get; }

    public long OffsetMicros { get; }

    /// <summary>Windows that a row belongs to.</summary>
    public int Count => checked((int)(SizeMicros / SlideMicros));
}
