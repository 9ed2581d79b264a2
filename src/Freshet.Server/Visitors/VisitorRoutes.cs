using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Server.Api;
using Freshet.Server.Http;
using Freshet.Server.Profiles;
using Freshet.Server.Subscriptions;

namespace Freshet.Server.Visitors;

/// <summary>
/// POST /api/visitor-tokens, for those who may read profiles; GET /v1/me and /v1/me/changes, for whoever has such a token: of one profile the traits and
/// segments that <c>profiles.expose</c> lists, and nothing else. A token of an anonymous_id opens nothing once the profile is a known person's.
/// </summary>
internal sealed class VisitorRoutes(ProfileReader? reader, VisitorTokens tokens, ProfileAccess access, AccessRules rules, IReadOnlyList<string> exposed, StepPulse? pulse, Task stopping)
{
    private const int BodyBytesMax = 4096;
    private static readonly string[] Known = ["user_id", "email", "phone"];
    private static readonly TimeSpan LifetimeDefault = TimeSpan.FromHours(1);
    private static readonly TimeSpan LifetimeMax = TimeSpan.FromHours(24);
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(10);

    /// <summary>Changes that come closer together are told together.</summary>
    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(50);

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/api/visitor-tokens", ["POST"], SignAsync) { Cors = rules.AllowListedOrigins };
        yield return new Route("/v1/me", ["GET"], ReadAsync) { Cors = AllowAny };
        yield return new Route("/v1/me/changes", ["GET"], FollowAsync) { Cors = AllowAny };
    }

    /// <summary>Only a token opens these routes, and no browser sends one by itself.</summary>
    private static void AllowAny(Exchange exchange)
    {
        var headers = exchange.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        if (exchange.Method != "OPTIONS") return;
        headers.AccessControlAllowMethods = "GET";
        headers.AccessControlAllowHeaders = "authorization, accept, last-event-id";
        headers.AccessControlMaxAge = "86400";
    }

    private async ValueTask SignAsync(Exchange exchange)
    {
        var refusal = access.Check(exchange) ?? (reader is null ? ProfileRoutes.NoProfiles() : null);
        if (refusal is null && await exchange.ReadBodyAsync(BodyBytesMax) == BodyResult.Complete && Asked(exchange.Body) is { } asked)
        {
            var (token, ends) = tokens.Sign(asked.Type, asked.Value, asked.Lifetime);
            exchange.AnswerJson(200, JsonSerializer.SerializeToUtf8Bytes(new { token, expires_at = ends.ToString("yyyy-MM-ddTHH:mm:ss'Z'", CultureInfo.InvariantCulture) }));
            return;
        }

        refusal ??= new Refusal(400, "invalid_body", $"Send {{\"user_id\":\"42\"}} or {{\"anonymous_id\":\"a1\"}}, and \"expiresIn\" with 1 to {LifetimeMax.TotalSeconds:0} seconds, or without it for {LifetimeDefault.TotalSeconds:0}.");
        refusal.Write(exchange);
    }

    private static (string Type, string Value, TimeSpan Lifetime)? Asked(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var parsed = JsonDocument.Parse(body);
            var root = parsed.RootElement;
            if (root.ValueKind != JsonValueKind.Object) return null;
            string? Text(string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= 500 } text ? text : null;
            var (user, anonymous) = (Text("user_id"), Text("anonymous_id"));
            if (user is null == anonymous is null) return null;
            var lifetime = LifetimeDefault;
            if (root.TryGetProperty("expiresIn", out var seconds))
            {
                if (!seconds.TryGetInt32(out var number) || number < 1 || number > LifetimeMax.TotalSeconds) return null;
                lifetime = TimeSpan.FromSeconds(number);
            }

            return user is not null ? ("user_id", user, lifetime) : ("anonymous_id", anonymous!, lifetime);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private async ValueTask ReadAsync(Exchange exchange)
    {
        if (VisitorOf(exchange) is not { } visitor)
        {
            NoToken().Write(exchange);
            return;
        }

        var (step, json) = await DocumentAsync(visitor, exchange.Aborted);
        if (json is null)
        {
            Closed().Write(exchange);
            return;
        }

        exchange.Response.Headers["X-Freshet-Step"] = step.ToString(CultureInfo.InvariantCulture);
        exchange.AnswerJson(200, json);
    }

    /// <summary>What is exposed as an event of Server-Sent Events, at once and whenever it has changed, until the token is over or opens the profile no more.</summary>
    private async ValueTask FollowAsync(Exchange exchange)
    {
        if (VisitorOf(exchange) is not { } visitor)
        {
            NoToken().Write(exchange);
            return;
        }

        if (pulse is null || (await DocumentAsync(visitor, exchange.Aborted)).Json is null)
        {
            Closed().Write(exchange);
            return;
        }

        exchange.Response.Headers.CacheControl = "no-store";
        exchange.Response.Headers["X-Accel-Buffering"] = "no";
        await exchange.BeginAnswerAsync(200, "text/event-stream; charset=utf-8");
        try
        {
            byte[]? told = null;
            while (true)
            {
                var next = pulse.Next;
                var isOver = stopping.IsCompleted || DateTimeOffset.UtcNow.ToUnixTimeSeconds() >= visitor.ExpiresAt;
                var (step, json) = isOver ? default : await DocumentAsync(visitor, exchange.Aborted);
                if (json is null)
                {
                    await TellAsync(exchange, "end", -1, "{}"u8.ToArray());
                    return;
                }

                if (told is null || !told.AsSpan().SequenceEqual(json)) await TellAsync(exchange, "profile", step, told = json);
                var waited = await Task.WhenAny(next, stopping, Task.Delay(ProgressEvery, exchange.Aborted));
                if (exchange.Aborted.IsCancellationRequested) return;
                if (waited == next) await Task.Delay(TellEvery, exchange.Aborted);
                else if (waited != stopping) await TellAsync(exchange, "progress", -1, "{}"u8.ToArray());
            }
        }
        catch (OperationCanceledException)
        {
            // The client has gone, or has read nothing for too long.
            exchange.Abort();
        }
    }

    private static async ValueTask TellAsync(Exchange exchange, string kind, long step, byte[] json)
    {
        var writer = exchange.Writer;
        writer.Write(Encoding.ASCII.GetBytes(step < 0 ? $"event: {kind}\ndata: " : string.Create(CultureInfo.InvariantCulture, $"event: {kind}\nid: {step}\ndata: ")));
        writer.Write(json);
        writer.Write("\n\n"u8);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(exchange.Aborted);
        patience.CancelAfter(SubscribeRoutes.WriteTimeMax);
        await writer.FlushAsync(patience.Token);
    }

    private async ValueTask<(long Step, byte[]? Json)> DocumentAsync(Visitor visitor, CancellationToken cancellation)
    {
        if (reader is null) return default;
        using var snapshot = await reader.OpenAsync(cancellation);
        using var reading = new ProfileReading(reader, snapshot);
        return (snapshot.Step, Document(reader, reading, visitor));
    }

    /// <summary>{"traits":{...},"segments":[...]}, of what is exposed; null where the token opens no profile, or no more.</summary>
    private byte[]? Document(ProfileReader profiles, ProfileReading reading, Visitor visitor)
    {
        var profile = reading.Find(visitor.Type, visitor.Value);
        if (profile is { } found && visitor.Type == "anonymous_id" && reading.Identifiers(found).Any(i => Known.Contains(i.Type))) return null;
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Relaxed))
        {
            json.WriteStartObject();
            json.WriteStartObject("traits");
            if (profile is { } of)
            {
                foreach (var (name, value) in reading.Told(of))
                {
                    if (!exposed.Contains(name) || profiles.Traits.Any(t => t.Name == name)) continue;
                    json.WritePropertyName(name);
                    json.WriteRawValue(value, skipInputValidation: true);
                }

                ProfileJson.WriteTraits(json, [.. profiles.Traits.Where(t => exposed.Contains(t.Name))], reading, of);
            }

            json.WriteEndObject();
            json.WriteStartArray("segments");
            foreach (var segment in profiles.Segments)
                if (profile is { } owner && exposed.Contains(segment.Name) && reading.Find(segment.Table, owner)) json.WriteStringValue(segment.Json);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Of the header, or of ?token= where the browser's EventSource can send none.</summary>
    private Visitor? VisitorOf(Exchange exchange)
    {
        var authorization = exchange.Headers.Authorization.ToString();
        var token = authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization[7..].Trim() : exchange.Query("token");
        return token is null ? null : tokens.Read(token);
    }

    private static Refusal NoToken() => new(401, "visitor_token_required", "This route needs a visitor's token that is not over: POST /api/visitor-tokens signs one (Authorization: Bearer fvt_...).");

    private static Refusal Closed() => new(403, "visitor_token_closed", "The token of an anonymous_id opens nothing once its profile has a user_id, an email or a phone: sign one for the user_id.");
}
