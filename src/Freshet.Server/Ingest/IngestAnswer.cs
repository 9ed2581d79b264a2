using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Server.Http;

namespace Freshet.Server.Ingest;

/// <summary>The answers of the routes that take events. The common one is a constant.</summary>
internal static class IngestAnswer
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static void Success(Exchange exchange) => exchange.AnswerJson(200, "{\"success\":true}"u8);

    /// <summary>Events of which some were refused, or taken with a warning: 200 if any was taken, else 400.</summary>
    public static void Judged(Exchange exchange, IngestScratch scratch)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            var any = scratch.Staged.Count > 0;
            json.WriteStartObject();
            json.WriteBoolean("success", any);
            if (!any)
            {
                json.WriteString("code", "rejected");
                json.WriteString("message", "No event of the batch was taken; \"rejected\" says why.");
            }

            Write(json, exchange.Body.Span, scratch);
            json.WriteEndObject();
        }

        exchange.AnswerJson(scratch.Staged.Count > 0 ? 200 : 400, buffer.WrittenSpan);
    }

    /// <summary>The members "rejected" and "warnings", where there are any.</summary>
    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> body, IngestScratch scratch)
    {
        if (scratch.Rejected.Count > 0) Write(json, body, "rejected", scratch.Rejected);
        if (scratch.Warnings.Count > 0) Write(json, body, "warnings", scratch.Warnings);
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> body, string name, List<RejectedEvent> rejected)
    {
        json.WriteStartArray(name);
        foreach (var e in rejected)
        {
            json.WriteStartObject();
            json.WriteNumber("index", e.Index);
            json.WritePropertyName("messageId");
            if (e.MessageIdEnd > e.MessageIdStart && EventScanner.HasWholeSurrogates(body[e.MessageIdStart..e.MessageIdEnd])) json.WriteRawValue(body[e.MessageIdStart..e.MessageIdEnd], skipInputValidation: true);
            else json.WriteNullValue();
            json.WriteString("reason", e.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static Refusal TooLarge(bool batch, int maxBytes) => batch
        ? new(413, "batch_too_large", $"The batch has more than {maxBytes} bytes after decompression; send fewer events at once.")
        : new(413, "event_too_large", $"The event has more than {maxBytes} bytes after decompression; send less with it.");

    public static Refusal OfBody(BodyResult result, bool batch, int maxBytes) => result switch
    {
        BodyResult.TooLarge => TooLarge(batch, maxBytes),
        BodyResult.NotDecompressible => new Refusal(400, "invalid_body", "The body is not valid gzip."),
        _ => new Refusal(415, "unknown_encoding", "The Content-Encoding is not known; send gzip or none."),
    };

    /// <summary>The text of a credential of Basic authentication up to the colon.</summary>
    public static string? BasicUser(string encoded)
    {
        Span<byte> bytes = stackalloc byte[768];
        if (encoded.Length > 1024 || !Convert.TryFromBase64String(encoded, bytes, out var length)) return null;
        var user = bytes[..length];
        var colon = user.IndexOf((byte)':');
        return Encoding.UTF8.GetString(colon < 0 ? user : user[..colon]);
    }
}
