using System.Text.Json;
using Freshet.Server.Ingest;

namespace Freshet.Commands.Demo;

/// <summary>What the demo measures. Percentiles leave out the first two seconds, in which everything runs for the first time.</summary>
internal sealed class DemoFigures
{
    public long Acknowledged;
    public long Errors;

    public LatencyHistogram Ack { get; } = new();

    public LatencyHistogram Visible { get; } = new();

    /// <summary>Set when the warm-up is over.</summary>
    public volatile bool IsMeasuring;

    public string Summary(double seconds, IngestCounters counters) =>
        FormattableString.Invariant($"{Acknowledged:N0} events in {seconds:0.0} s ({Acknowledged / Math.Max(0.001, seconds):N0}/s), ack {Text(Ack)}, visible {Text(Visible)} (without the first 2 s), {counters.Duplicates:N0} duplicates, {counters.Rejected:N0} rejected, {Errors:N0} errors");

    /// <summary>Both percentiles as people read them; - before anything has been measured.</summary>
    public static string Text(LatencyHistogram latencies) =>
        latencies.Count == 0 ? "p50 - p99 -" : FormattableString.Invariant($"p50 {latencies.PercentileMs(0.5):0.00} p99 {latencies.PercentileMs(0.99):0.00} ms");

    public string Json(double seconds, IngestCounters counters)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("events", Acknowledged);
            json.WriteNumber("eventsPerSecond", Math.Round(Acknowledged / Math.Max(0.001, seconds), 1));
            json.WriteNumber("ackMsP50", Math.Round(Ack.PercentileMs(0.5), 3));
            json.WriteNumber("ackMsP99", Math.Round(Ack.PercentileMs(0.99), 3));
            json.WriteNumber("visibleMsP50", Math.Round(Visible.PercentileMs(0.5), 3));
            json.WriteNumber("visibleMsP99", Math.Round(Visible.PercentileMs(0.99), 3));
            json.WriteNumber("errors", Errors);
            json.WriteNumber("duplicates", counters.Duplicates);
            json.WriteNumber("rejected", counters.Rejected);
            json.WriteNumber("seconds", Math.Round(seconds, 1));
            json.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
