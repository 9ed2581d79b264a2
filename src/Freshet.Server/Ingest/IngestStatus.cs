using System.Text.Json;
using Freshet.Server.Api;

namespace Freshet.Server.Ingest;

/// <summary>What ingest shows of itself.</summary>
internal sealed class IngestStatus(IngestService service) : IStatusSection
{
    public string Name => "ingest";

    public void WriteStatus(Utf8JsonWriter json)
    {
        var c = service.Counters;
        json.WriteNumber("requests", Volatile.Read(ref c.Requests));
        json.WriteNumber("accepted", Volatile.Read(ref c.Accepted));
        json.WriteNumber("duplicates", Volatile.Read(ref c.Duplicates));
        json.WriteNumber("rejected", Volatile.Read(ref c.Rejected));
        json.WriteNumber("suppressed", service.Erasures?.Suppressed ?? 0);
        json.WriteNumber("clampedTimes", Volatile.Read(ref c.Clamped));
        json.WriteNumber("unauthorized", Volatile.Read(ref c.Unauthorized));
        json.WriteNumber("rateLimited", Volatile.Read(ref c.RateLimited));
        json.WriteNumber("overloaded", Volatile.Read(ref c.Overloaded));
        json.WriteNumber("ackMsP50", c.Ack.PercentileMs(0.5));
        json.WriteNumber("ackMsP99", c.Ack.PercentileMs(0.99));
        var remembered = service.Remembered;
        json.WriteStartObject("messageIds");
        json.WriteNumber("remembered", remembered.Count);
        json.WriteNumber("bytes", remembered.Bytes);
        json.WriteNumber("bytesMax", remembered.BytesMax);
        json.WriteNumber("windowSeconds", Math.Round(remembered.Window.TotalSeconds, 1));
        json.WriteBoolean("windowShortened", remembered.IsShortened);
        json.WriteEndObject();
    }

    public void WriteMetrics(MetricsText metrics)
    {
        var c = service.Counters;
        metrics.Counter("freshet_ingest_requests_total", "Requests on the routes that take events.", Volatile.Read(ref c.Requests));
        metrics.Counter("freshet_ingest_events_total", "Events by what became of them.", Volatile.Read(ref c.Accepted), "outcome=\"accepted\"");
        metrics.Sample("freshet_ingest_events_total", Volatile.Read(ref c.Duplicates), "outcome=\"duplicate\"");
        metrics.Sample("freshet_ingest_events_total", Volatile.Read(ref c.Rejected), "outcome=\"rejected\"");
        metrics.Sample("freshet_ingest_events_total", Volatile.Read(ref c.RateLimited), "outcome=\"rate_limited\"");
        metrics.Sample("freshet_ingest_events_total", Volatile.Read(ref c.Overloaded), "outcome=\"overloaded\"");
        metrics.Sample("freshet_ingest_events_total", service.Erasures?.Suppressed ?? 0, "outcome=\"suppressed\"");
        metrics.Counter("freshet_ingest_clamped_times_total", "Events whose time was later than their arrival.", Volatile.Read(ref c.Clamped));
        metrics.Counter("freshet_ingest_unauthorized_total", "Requests without a known write key.", Volatile.Read(ref c.Unauthorized));
        metrics.Counter("freshet_ingest_bytes_total", "Bytes of the records of accepted events.", Volatile.Read(ref c.Bytes));
        metrics.Summary("freshet_ingest_ack_seconds", "From a request's arrival to its durable acknowledgement.", c.Ack);
        var remembered = service.Remembered;
        metrics.Gauge("freshet_message_ids", "Message ids remembered.", remembered.Count);
        metrics.Gauge("freshet_message_ids_bytes", "Memory of remembered message ids.", remembered.Bytes);
        metrics.Gauge("freshet_message_ids_window_seconds", "How far back every message id is remembered; less than configured where the memory is full.", remembered.Window.TotalSeconds);
    }
}
