using Freshet.Server.Ingest;

namespace Freshet.Server.Tests.Ingest;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Coarse_buckets_hold_what_came_since_and_follow_one_another()
    {
        var histogram = new LatencyHistogram();
        histogram.RecordMicroseconds(5);
        var since = histogram.Snapshot();
        Assert.Empty(histogram.Coarse(since));
        long[] times = [0, 7, 8, 900, 1000, 1000, 90_000];
        foreach (var time in times) histogram.RecordMicroseconds(time);
        var buckets = histogram.Coarse(since);
        Assert.Equal(times.Length, buckets.Sum(b => b.Count));
        foreach (var (from, to, count) in buckets) Assert.Equal(times.Count(t => t >= from * 1000 && t < to * 1000), count);
        for (var i = 1; i < buckets.Count; i++) Assert.Equal(buckets[i - 1].ToMs, buckets[i].FromMs);
        Assert.True(buckets[0].Count > 0 && buckets[^1].Count > 0);
    }
}
