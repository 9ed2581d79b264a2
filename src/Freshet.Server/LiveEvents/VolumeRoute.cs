using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Server.Api;
using Freshet.Server.Http;
using Freshet.Server.Ingest;

namespace Freshet.Server.LiveEvents;

/// <summary>
/// GET /api/events/volumes: for each type and name of event how many have come since the start, when the last did, how many a minute now,
/// how many are usual, and a value for each minute of the last hour.
/// </summary>
internal sealed class VolumeRoute(IngestService ingest, AccessRules access)
{
    private const int SamplesOfMinute = 60 / EventVolumes.EverySeconds;

    /// <summary>Fewer minutes say nothing of what is usual.</summary>
    private const int MinutesMin = 5;

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/api/events/volumes", ["GET"], Read) { Cors = access.AllowListedOrigins };
    }

    private ValueTask Read(Exchange exchange)
    {
        if (access.Check(exchange) is { } refusal)
        {
            refusal.Write(exchange);
            return ValueTask.CompletedTask;
        }

        var buffer = new ArrayBufferWriter<byte>(16 << 10);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartArray("events");
            ingest.Volumes.Read((type, name, total, lastAt, samples) => Write(json, type, name, total, lastAt, samples));
            json.WriteEndArray();
            json.WriteEndObject();
        }

        exchange.AnswerJson(200, buffer.WrittenSpan);
        return ValueTask.CompletedTask;
    }

    private static void Write(Utf8JsonWriter json, string type, string name, long total, long lastAt, ReadOnlySpan<int> samples)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("name", name);
        json.WriteNumber("total", total);
        json.WriteString("last", DateTimeOffset.FromUnixTimeMilliseconds(lastAt).UtcDateTime);
        // Whole minutes, counted from the newest sample, so that the newest minute is always whole.
        var minutes = new List<int>();
        for (var end = samples.Length; end >= SamplesOfMinute; end -= SamplesOfMinute)
        {
            var sum = 0;
            foreach (var sample in samples[(end - SamplesOfMinute)..end]) sum += sample;
            minutes.Insert(0, sum);
        }

        var newest = 0;
        foreach (var sample in samples[Math.Max(0, samples.Length - SamplesOfMinute)..]) newest += sample;
        json.WriteNumber("lastMinute", newest);
        if (minutes.Count > MinutesMin)
        {
            // The newest does not judge itself.
            var others = minutes.Take(minutes.Count - 1).Order().ToList();
            json.WriteNumber("usualLow", others[others.Count / 10]);
            json.WriteNumber("usualHigh", others[others.Count - 1 - others.Count / 10]);
        }

        json.WriteStartArray("perMinute");
        foreach (var minute in minutes) json.WriteNumberValue(minute);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
