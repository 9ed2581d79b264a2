using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Freshet.Server.Http;

/// <summary>
/// A request that is not served: status, a code for programs and a sentence for people, as
/// <c>{"success":false,"code":"..","message":".."}</c>; the shape that Segment's clients read too.
/// </summary>
internal sealed record Refusal(int Status, string Code, string Message)
{
    /// <summary>Seconds after which to come again, for 429 and 503.</summary>
    public int RetryAfterSeconds { get; init; }

    /// <summary>Where in a statement, from 1; 0 where it does not apply.</summary>
    public int Line { get; init; }

    public int Column { get; init; }

    public void Write(Exchange exchange)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteBoolean("success", false);
            json.WriteString("code", Code);
            json.WriteString("message", Message);
            if (Line > 0)
            {
                json.WriteNumber("line", Line);
                json.WriteNumber("column", Column);
            }

            json.WriteEndObject();
        }

        if (RetryAfterSeconds > 0) exchange.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        if (Status == 401) exchange.Response.Headers.WWWAuthenticate = "Bearer";
        exchange.AnswerJson(Status, buffer.WrittenSpan);
    }
}
