using System.Buffers;
using System.Diagnostics;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Server.Http;

namespace Freshet.Server.Api;

/// <summary>
/// GET /api/status (JSON), /metrics (Prometheus), /health/live and /health/ready. Health answers anyone and tells only
/// whether; ready is 503 until the views have caught up with the log.
/// </summary>
internal sealed class StatusRoutes(IReadOnlyList<IStatusSection> sections, AccessRules access, Func<string?> notReady)
{
    private readonly long _startedAt = Stopwatch.GetTimestamp();

    public static string Version { get; } = typeof(StatusRoutes).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/api/status", ["GET"], Status) { Cors = access.AllowListedOrigins };
        yield return new Route("/metrics", ["GET"], Metrics);
        yield return new Route("/health/live", ["GET"], e =>
        {
            e.AnswerJson(200, "{\"status\":\"live\"}"u8);
            return ValueTask.CompletedTask;
        });
        yield return new Route("/health/ready", ["GET"], Ready);
    }

    private ValueTask Status(Exchange exchange)
    {
        if (access.Check(exchange) is { } refusal)
        {
            refusal.Write(exchange);
            return ValueTask.CompletedTask;
        }

        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("version", Version);
            json.WriteNumber("uptimeSeconds", Math.Round(Stopwatch.GetElapsedTime(_startedAt).TotalSeconds, 1));
            json.WriteBoolean("ready", notReady() is null);
            json.WriteNumber("residentBytes", Environment.WorkingSet);
            foreach (var section in sections)
            {
                json.WriteStartObject(section.Name);
                section.WriteStatus(json);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        exchange.AnswerJson(200, buffer.WrittenSpan);
        return ValueTask.CompletedTask;
    }

    private ValueTask Metrics(Exchange exchange)
    {
        if (access.Check(exchange) is { } refusal)
        {
            refusal.Write(exchange);
            return ValueTask.CompletedTask;
        }

        var text = new MetricsText();
        text.Gauge("freshet_uptime_seconds", "Seconds since the start.", Stopwatch.GetElapsedTime(_startedAt).TotalSeconds);
        text.Gauge("freshet_ready", "1 when the views have caught up with the log.", notReady() is null ? 1 : 0);
        text.Gauge("process_resident_memory_bytes", "Resident memory.", Environment.WorkingSet);
        foreach (var section in sections) section.WriteMetrics(text);
        exchange.Answer(200, "text/plain; version=0.0.4; charset=utf-8", Encoding.UTF8.GetBytes(text.ToString()));
        return ValueTask.CompletedTask;
    }

    private ValueTask Ready(Exchange exchange)
    {
        if (notReady() is { } reason)
            new Refusal(503, "not_ready", reason) { RetryAfterSeconds = 1 }.Write(exchange);
        else
            exchange.AnswerJson(200, "{\"status\":\"ready\"}"u8);
        return ValueTask.CompletedTask;
    }
}
