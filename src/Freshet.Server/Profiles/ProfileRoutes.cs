using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Server.Api;
using Freshet.Server.Http;
using Freshet.Server.Ingest;

namespace Freshet.Server.Profiles;

/// <summary>
/// GET /api/profiles/{type}:{value}; POST .../split, .../link and .../erase, each an event in the log, answered after its own step.
/// </summary>
internal sealed class ProfileRoutes(ProfileReader? reader, IngestService service, ProfileAccess access, AccessRules rules)
{
    private const string Prefix = "/api/profiles/";
    private const int BodyBytesMax = 64 << 10;

    public IEnumerable<Route> Routes()
    {
        yield return new Route(Prefix, ["GET", "POST"], HandleAsync) { Cors = rules.AllowListedOrigins };
    }

    private async ValueTask HandleAsync(Exchange exchange)
    {
        var parts = exchange.Request.RawTarget.Split('?')[0][Prefix.Length..].Split('/').Select(Uri.UnescapeDataString).ToArray();
        var colon = parts[0].IndexOf(':', StringComparison.Ordinal);
        var refusal = access.Check(exchange)
            ?? (reader is null ? NoProfiles() : null)
            ?? (colon <= 0 || colon == parts[0].Length - 1 ? new Refusal(400, "invalid_identifier", "A profile is named by one of its identifiers: user_id:42, email:a@example.com.") : null)
            ?? (parts.Length != (exchange.Method == "GET" ? 1 : 2) || (parts.Length == 2 && parts[1] is not ("split" or "link" or "erase")) ? new Refusal(404, "unknown_route", "Profiles are read by GET /api/profiles/<type>:<value>, and changed by POST to .../split, .../link or .../erase.") : null);
        if (refusal is not null)
        {
            refusal.Write(exchange);
            return;
        }

        var (type, value) = (parts[0][..colon], parts[0][(colon + 1)..]);
        if (exchange.Method == "GET") await ReadAsync(exchange, type, value);
        else await ChangeAsync(exchange, type, value, parts[1]);
    }

    public static Refusal NoProfiles() =>
        new(404, "no_profiles", "This project keeps no profiles: declare a trait or a segment, CREATE TRAIT or CREATE SEGMENT, or name profile_id in a view.");

    private async ValueTask ReadAsync(Exchange exchange, string type, string value)
    {
        using var snapshot = await reader!.OpenAsync(exchange.Aborted);
        if (await reader.FindAsync(snapshot, type, value, exchange.Aborted) is not { } profile)
        {
            new Refusal(404, "no_such_profile", $"No profile has the identifier {type}:{value} as of step {snapshot.Step}.").Write(exchange);
            return;
        }

        await AnswerAsync(exchange, snapshot, profile);
    }

    private async ValueTask AnswerAsync(Exchange exchange, IViewSnapshot snapshot, long profile)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        await using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
            await ProfileJson.WriteAsync(json, reader!, snapshot, profile, isWhole: true, exchange.Aborted);
        exchange.Response.Headers["X-Freshet-Step"] = snapshot.Step.ToString(CultureInfo.InvariantCulture);
        exchange.AnswerJson(200, buffer.WrittenSpan);
    }

    private async ValueTask ChangeAsync(Exchange exchange, string type, string value, string change)
    {
        if (await exchange.ReadBodyAsync(BodyBytesMax) != BodyResult.Complete || Named(exchange.Body, out var named) is false)
        {
            new Refusal(400, "invalid_body", "Send {\"identifiers\":[\"type:value\", ...]}: a split names those that leave, a link those that belong together with this one.").Write(exchange);
            return;
        }

        if (change != "erase" && named.Count == 0)
        {
            new Refusal(400, "invalid_body", $"A {change} needs \"identifiers\": [\"type:value\", ...].").Write(exchange);
            return;
        }

        using (var before = await reader!.OpenAsync(exchange.Aborted))
        {
            if (await reader.FindAsync(before, type, value, exchange.Aborted) is null)
            {
                new Refusal(404, "no_such_profile", $"No profile has the identifier {type}:{value} as of step {before.Step}.").Write(exchange);
                return;
            }
        }

        try
        {
            var sequence = await service.AppendOwnAsync(change, $"{type}:{value}", named);
            await reader.WhenVisibleAsync(sequence, exchange.Aborted);
        }
        catch (LogUnavailableException e)
        {
            new Refusal(503, "overloaded", e.Message) { RetryAfterSeconds = 1 }.Write(exchange);
            return;
        }

        using var snapshot = await reader.OpenAsync(exchange.Aborted);
        exchange.Response.Headers["X-Freshet-Step"] = snapshot.Step.ToString(CultureInfo.InvariantCulture);
        if (change != "erase" && await reader.FindAsync(snapshot, type, value, exchange.Aborted) is { } profile) await AnswerAsync(exchange, snapshot, profile);
        else exchange.AnswerJson(200, "{\"success\":true}"u8);
    }

    private static bool Named(ReadOnlyMemory<byte> body, out List<string> named)
    {
        named = [];
        if (body.IsEmpty) return true;
        try
        {
            using var parsed = JsonDocument.Parse(body);
            if (parsed.RootElement.ValueKind != JsonValueKind.Object) return false;
            if (!parsed.RootElement.TryGetProperty("identifiers", out var list)) return true;
            if (list.ValueKind != JsonValueKind.Array) return false;
            foreach (var item in list.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.String || item.GetString()!.IndexOf(':', StringComparison.Ordinal) <= 0) return false;
                named.Add(item.GetString()!);
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
