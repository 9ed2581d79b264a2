using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Freshet.Server.Http;

namespace Freshet.Server.Ingest;

/// <summary>
/// GET /v1/pixel/{identify,track,page,screen,group,alias}: an event from an image in a mail, as ?data= base64url of its JSON or as flat parameters with
/// dotted names (?properties.page=1). Whatever becomes of the event, the answer is 200 with a transparent pixel, after the
/// event is durable if it was taken; refusals show in the counters.
/// </summary>
internal sealed class PixelEndpoint(IngestService service, IngestEndpoint endpoint)
{
    private static readonly byte[] Gif = Convert.FromBase64String("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7");

    public IEnumerable<Route> Routes()
    {
        foreach (var type in Enum.GetValues<EventType>())
            if (type != EventType.None)
                yield return new Route($"/v1/pixel/{Encoding.ASCII.GetString(EventTypes.Text(type))}", ["GET"], e => HandleAsync(e, type)) { Cors = endpoint.AllowOrigins };
    }

    private async ValueTask HandleAsync(Exchange exchange, EventType type)
    {
        Interlocked.Increment(ref service.Counters.Requests);
        var scratch = service.Scratches.Rent();
        try
        {
            var receivedAt = 0L;
            var isRead = endpoint.TryHeaderKey(exchange, out var key) && Body(exchange) is { } body && body.Length <= service.Settings.EventBytesMax
                && service.Read(body, type, key, scratch, out _, out receivedAt) is null;
            // What Read has judged it has counted.
            if (!isRead) Interlocked.Increment(ref service.Counters.Rejected);
            if (isRead && scratch.Staged.Count > 0) await service.TakeAsync(scratch, receivedAt);
            if (isRead && scratch.Violations.Count > 0) await service.RecordAsync(scratch, receivedAt);
        }
        catch (LogUnavailableException)
        {
            Interlocked.Increment(ref service.Counters.Failed);
        }
        finally
        {
            service.Scratches.Return(scratch);
        }

        exchange.Response.Headers.CacheControl = "no-store";
        if (service.Settings.EventsAreRelaxed) exchange.Response.Headers["Freshet-Durability"] = "relaxed";
        exchange.Answer(200, "image/gif", Gif);
    }

    private static byte[]? Body(Exchange exchange)
    {
        if (exchange.Query("data") is not { } data) return FromParameters(exchange);
        var text = Encoding.UTF8.GetBytes(data.TrimEnd('=').Replace('+', '-').Replace('/', '_'));
        if (!Base64Url.IsValid(text)) return null;
        return Base64Url.DecodeFromUtf8(text);
    }

    /// <summary>?userId=1&amp;context.ip=2 as {"userId":"1","context":{"ip":"2"}}; one level of dots is enough for the wire's members, deeper ones nest.</summary>
    private static byte[] FromParameters(Exchange exchange)
    {
        var root = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (var pair in new Microsoft.AspNetCore.WebUtilities.QueryStringEnumerable(exchange.Request.QueryString))
        {
            var path = pair.DecodeName().ToString().Split('.', 16);
            var at = root;
            foreach (var part in path[..^1])
            {
                if (!at.TryGetValue(part, out var child) || child is not SortedDictionary<string, object>) at[part] = child = new SortedDictionary<string, object>(StringComparer.Ordinal);
                at = (SortedDictionary<string, object>)child;
            }

            at[path[^1]] = pair.DecodeValue().ToString();
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer)) Write(json, root);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, SortedDictionary<string, object> members)
    {
        json.WriteStartObject();
        foreach (var (name, value) in members)
        {
            json.WritePropertyName(name);
            if (value is SortedDictionary<string, object> child) Write(json, child);
            else json.WriteStringValue((string)value);
        }

        json.WriteEndObject();
    }
}
