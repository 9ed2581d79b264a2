using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Server.Ingest;

namespace Freshet.Server.Plans;

/// <summary>
/// A record of the topic of rejected events: the columns of <c>events$rejected</c> as members. Its action is block or warn, or replayed for an event that
/// was blocked and taken later; then it has no payload.
/// </summary>
internal static class RejectedRecord
{
    public const string Replayed = "replayed";

    private static readonly (string Column, string Member)[] Copied =
    [
        ("message_id", "messageId"), ("event", "event"), ("type", "type"), ("user_id", "userId"), ("anonymous_id", "anonymousId"), ("source", "source"), ("event_time", "timestamp"), ("received_at", "receivedAt"),
    ];

    /// <param name="value">The record that the topic events has or would have.</param>
    public static byte[] Write(Verdict verdict, ReadOnlySpan<byte> value) => Write(verdict.Blocks ? "block" : "warn", verdict.Reasons, value, hasPayload: true);

    /// <summary>The same for an event that has been taken after all.</summary>
    public static byte[] WriteReplayed(ReadOnlySpan<byte> value) => Write(Replayed, [], value, hasPayload: false);

    /// <summary>The event of a record that was blocked; null for other records.</summary>
    public static byte[]? BlockedEvent(ReadOnlySpan<byte> record)
    {
        using var parsed = JsonDocument.Parse(record.ToArray(), new JsonDocumentOptions { MaxDepth = 1024 });
        return parsed.RootElement.GetProperty("action").ValueEquals("block"u8) ? System.Text.Encoding.UTF8.GetBytes(parsed.RootElement.GetProperty("payload").GetRawText()) : null;
    }

    private static byte[] Write(string action, IReadOnlyList<string> reasons, ReadOnlySpan<byte> value, bool hasPayload)
    {
        var buffer = new ArrayBufferWriter<byte>(value.Length + 512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteString("action", action);
            Copy(json, value);
            json.WriteString("reason", string.Join("; ", reasons));
            json.WriteStartArray("reasons");
            foreach (var reason in reasons) json.WriteStringValue(reason);
            json.WriteEndArray();
            Span<byte> now = stackalloc byte[EventTime.WrittenBytes];
            EventTime.Write(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), now);
            json.WriteString("rejected_at", now);
            if (hasPayload)
            {
                json.WritePropertyName("payload");
                json.WriteRawValue(value, skipInputValidation: true);
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Copy(Utf8JsonWriter json, ReadOnlySpan<byte> value)
    {
        var reader = new Utf8JsonReader(value, new JsonReaderOptions { MaxDepth = 1024 });
        var members = new Dictionary<string, string?>(StringComparer.Ordinal);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            var member = Array.Find(Copied, c => c.Member == name).Column;
            reader.Read();
            if (member is not null && reader.TokenType == JsonTokenType.String) members[member] = reader.GetString();
            else reader.Skip();
        }

        foreach (var (column, text) in members) json.WriteString(column, text);
    }
}
