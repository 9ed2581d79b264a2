using System.Diagnostics;
using System.Numerics;

namespace Freshet.Server.Ingest;

/// <summary>
/// Counts durations in buckets that are exact to 1/16 of the value, from 1 µs to hours. Recording is one interlocked
/// addition; reading while others record is allowed and may miss the newest.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBuckets = 16;
    private readonly long[] _counts = new long[SubBuckets * 40];
    private long _sumMicroseconds;

    public long Count => _counts.Sum();

    public double SumSeconds => Interlocked.Read(ref _sumMicroseconds) / 1e6;

    public void Record(TimeSpan duration) => RecordMicroseconds((long)duration.TotalMicroseconds);

    /// <summary>Records the time since <paramref name="startedAt"/> (a <see cref="Stopwatch"/> timestamp).</summary>
    public void RecordSince(long startedAt) => Record(Stopwatch.GetElapsedTime(startedAt));

    public void RecordMicroseconds(long microseconds)
    {
        microseconds = Math.Max(microseconds, 0);
        Interlocked.Increment(ref _counts[Math.Min(IndexOf(microseconds), _counts.Length - 1)]);
        Interlocked.Add(ref _sumMicroseconds, microseconds);
    }

    /// <summary>The duration that a share of all recorded ones did not exceed, milliseconds; 0 without records.</summary>
    public double PercentileMs(double share, long[]? since = null)
    {
        var total = 0L;
        for (var i = 0; i < _counts.Length; i++) total += _counts[i] - (since?[i] ?? 0);
        if (total == 0) return 0;
        var rank = Math.Max(1, (long)Math.Ceiling(total * share));
        for (var i = 0; i < _counts.Length; i++)
        {
            rank -= _counts[i] - (since?[i] ?? 0);
            if (rank <= 0) return UpperBoundOf(i) / 1000.0;
        }

        return UpperBoundOf(_counts.Length - 1) / 1000.0;
    }

    /// <summary>What came since, in buckets of half an octave (milliseconds, the upper bound is not in it), from the first that holds anything to the last.</summary>
    public List<(double FromMs, double ToMs, long Count)> Coarse(long[] since)
    {
        const int Together = SubBuckets / 2;
        var buckets = new List<(double FromMs, double ToMs, long Count)>();
        var held = 0;
        for (var first = 0; first < _counts.Length; first += Together)
        {
            var count = 0L;
            for (var i = first; i < first + Together; i++) count += Math.Max(0, Volatile.Read(ref _counts[i]) - since[i]);
            if (count == 0 && buckets.Count == 0) continue;
            buckets.Add((first == 0 ? 0 : (UpperBoundOf(first - 1) + 1) / 1000.0, (UpperBoundOf(first + Together - 1) + 1) / 1000.0, count));
            if (count > 0) held = buckets.Count;
        }

        buckets.RemoveRange(held, buckets.Count - held);
        return buckets;
    }

    /// <summary>The counts now, to leave out what was before.</summary>
    public long[] Snapshot() => (long[])_counts.Clone();

    private static int IndexOf(long microseconds)
    {
        if (microseconds < SubBuckets) return (int)microseconds;
        var shift = BitOperations.Log2((ulong)microseconds) - 4;
        return (shift << 4) + (int)(microseconds >> shift);
    }

    private static long UpperBoundOf(int index)
    {
        if (index < SubBuckets * 2) return index;
        var shift = (index >> 4) - 1;
        return ((long)(index - (shift << 4)) << shift) + (1L << shift) - 1;
    }
}
