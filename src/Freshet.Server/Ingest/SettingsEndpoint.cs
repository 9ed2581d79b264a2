using System.Buffers;
using System.Text.Json;
using Freshet.Server.Http;

namespace Freshet.Server.Ingest;

/// <summary>
/// GET /v1/projects/{writeKey}/settings: what Segment's browser, C#, Kotlin and React Native clients read before they send.
/// It tells them to send here. An unknown key is 404, as Segment answers; analytics.js then does not start.
/// </summary>
internal sealed class SettingsEndpoint(IngestService service, IngestEndpoint endpoint)
{
    public IEnumerable<Route> Routes()
    {
        yield return new Route("/v1/projects/", ["GET"], Handle) { Cors = endpoint.AllowOrigins };
    }

    private ValueTask Handle(Exchange exchange)
    {
        var rest = exchange.Path["/v1/projects/".Length..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var key = slash < 0 ? "" : rest[..slash];
        if (slash < 0 || rest[slash..] != "/settings" || service.Keys.Find(key) is null)
        {
            new Refusal(404, "unknown_write_key", "There are no settings for this write key; see \"keys\" in freshet.json.").Write(exchange);
            return ValueTask.CompletedTask;
        }

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("integrations");
            json.WriteStartObject("Segment.io");
            json.WriteString("apiKey", key);
            json.WriteString("apiHost", $"{exchange.Headers.Host}/v1");
            json.WriteString("protocol", service.Settings.BehindProxy ? "https" : exchange.Request.Scheme);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        exchange.Response.Headers.CacheControl = "no-cache";
        exchange.AnswerJson(200, buffer.WrittenSpan);
        return ValueTask.CompletedTask;
    }
}
