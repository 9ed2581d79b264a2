using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Server.Api;
using Freshet.Server.Configuration;
using Freshet.Server.Http;

namespace Freshet.Server.Hosting;

/// <summary>GET /api/config: the settings in force and where each comes from, secrets and keys hidden; GET /api/logs: the last lines that the program has printed.</summary>
internal sealed class SystemRoutes(ProjectSettings settings, RecentLines? lines, AccessRules access)
{
    /// <summary>Characters of a write key that are shown, so that one can tell two apart.</summary>
    private const int KeyCharsShown = 4;

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/api/config", ["GET"], e => Answer(e, WriteConfig)) { Cors = access.AllowListedOrigins };
        yield return new Route("/api/logs", ["GET"], e => Answer(e, WriteLogs)) { Cors = access.AllowListedOrigins };
    }

    private ValueTask Answer(Exchange exchange, Action<Utf8JsonWriter> write)
    {
        if (access.Check(exchange) is { } refusal)
        {
            refusal.Write(exchange);
            return ValueTask.CompletedTask;
        }

        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        exchange.AnswerJson(200, buffer.WrittenSpan);
        return ValueTask.CompletedTask;
    }

    private void WriteConfig(Utf8JsonWriter json)
    {
        json.WriteString("project", settings.Folder);
        json.WriteStartArray("settings");
        foreach (var (setting, value, from) in settings.InForce)
        {
            json.WriteStartObject();
            json.WriteString("name", setting.Path.Replace("[]", "", StringComparison.Ordinal));
            json.WriteString("value", setting.IsSecret && value.Length > 0 ? "(set)" : value);
            json.WriteString("from", from);
            json.WriteString("help", setting.Help);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("keys");
        foreach (var key in settings.Keys)
        {
            json.WriteStartObject();
            json.WriteString("key", key.Key.Length >= 2 * KeyCharsShown ? key.Key[..KeyCharsShown] + "…" : "…");
            json.WriteString("source", key.Source);
            json.WriteString("kind", key.Kind.ToString().ToLowerInvariant());
            json.WriteNumber("eventsPerSecond", key.EventsPerSecond ?? settings.EventsPerSecondMax);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteLogs(Utf8JsonWriter json)
    {
        json.WriteStartArray("lines");
        foreach (var (at, text) in lines?.Lines ?? [])
        {
            json.WriteStartObject();
            json.WriteString("at", at.UtcDateTime);
            json.WriteString("text", text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
