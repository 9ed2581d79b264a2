using System.Text.Json;
using Freshet.Server.Ingest;

namespace Freshet.Server.WebConsole;

/// <summary>
/// The last minute of a histogram: what it counts now less what it counted a minute ago, in buckets of half an octave. It keeps the counts of each sample of that
/// minute, 5 KB each. Called under the sampler's lock.
/// </summary>
internal sealed class LatencyWindow(string name, LatencyHistogram histogram)
{
    public const int Seconds = 60;
    private const int SamplesMax = Seconds / HistorySampler.EverySeconds;

    private readonly Queue<long[]> _before = new([histogram.Snapshot()]);

    /// <summary>Called at each sample, with the counts as they are.</summary>
    public void Sample(long[] counts)
    {
        _before.Enqueue(counts);
        if (_before.Count > SamplesMax) _before.Dequeue();
    }

    /// <summary>{"name","count","p50","p99","buckets":[{"fromMs","toMs","count"}]}, from the first bucket with anything in it to the last.</summary>
    public void Write(Utf8JsonWriter json)
    {
        var since = _before.Peek();
        var buckets = histogram.Coarse(since);
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteNumber("count", buckets.Sum(b => b.Count));
        json.WriteNumber("p50", histogram.PercentileMs(0.5, since));
        json.WriteNumber("p99", histogram.PercentileMs(0.99, since));
        json.WriteStartArray("buckets");
        foreach (var (from, to, count) in buckets)
        {
            json.WriteStartObject();
            json.WriteNumber("fromMs", from);
            json.WriteNumber("toMs", to);
            json.WriteNumber("count", count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
