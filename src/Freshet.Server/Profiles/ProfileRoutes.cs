using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Server.Api;
using Freshet.Server.Configuration;
using Freshet.Server.Http;
using Freshet.Server.Ingest;
using Freshet.Server.Segments;

namespace Freshet.Server.Profiles;

/// <summary>
/// GET /api/profiles/{type}:{value}, and why it is in a segment: .../segments/{segment}/why; POST .../split, .../link and .../erase, each an event in the log, answered after its own step.
/// </summary>
internal sealed class ProfileRoutes(ProfileReader? reader, MembershipAnswers? memberships, IngestService service, ProfileAccess access, AccessRules rules)
{
    private const string Prefix = "/api/profiles/";
    private const int BodyBytesMax = 64 << 10;
    private static readonly TimeSpan ErasureWait = TimeSpan.FromSeconds(10);

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
            ?? (colon <= 0 || colon == parts[0].Length - 1 ? InvalidIdentifier() : null)
            ?? (IsRoute(exchange.Method, parts) ? null : new Refusal(404, "unknown_route", "Profiles are read by GET /api/profiles/<type>:<value> and .../segments/<segment>/why, and changed by POST to .../split, .../link or .../erase."));
        if (refusal is not null)
        {
            refusal.Write(exchange);
            return;
        }

        var (type, value) = (parts[0][..colon], parts[0][(colon + 1)..]);
        if (parts.Length == 4) await ExplainAsync(exchange, type, value, parts[2]);
        else if (exchange.Method == "GET") await ReadAsync(exchange, type, value);
        else await ChangeAsync(exchange, type, value, parts[1]);
    }

    public static Refusal NoProfiles() =>
        new(404, "no_profiles", "This project keeps no profiles: declare a trait or a segment, CREATE TRAIT or CREATE SEGMENT, or name profile_id in a view.");

    public static Refusal InvalidIdentifier() => new(400, "invalid_identifier", "A profile is named by one of its identifiers: user_id:42, email:a@example.com.");

    /// <summary>Nobody has the identifier; where its type is misspelt, the nearest that is known.</summary>
    public static Refusal NoSuchProfile(ProfileReader reader, string type, string value, long step)
    {
        var hint = reader.IdentifierTypes.Contains(type) || NearestName.Of(type, reader.IdentifierTypes) is not { } near ? "" : $" There is no type {type}: did you mean \"{near}\"?";
        return new Refusal(404, "no_such_profile", $"No profile has the identifier {type}:{value} as of step {step}.{hint}");
    }

    private static bool IsRoute(string method, string[] parts) => parts switch
    {
        [_] or [_, "segments", _, "why"] => method == "GET",
        [_, "split" or "link" or "erase"] => method == "POST",
        _ => false,
    };

    private async ValueTask ExplainAsync(Exchange exchange, string type, string value, string segment)
    {
        var (membership, refusal) = await memberships!.ExplainAsync(type, value, segment, exchange.Aborted);
        if (membership is null)
        {
            refusal!.Write(exchange);
            return;
        }

        var buffer = new ArrayBufferWriter<byte>(1024);
        await using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
            MembershipJson.Write(json, membership);
        exchange.Response.Headers["X-Freshet-Step"] = membership.Step.ToString(CultureInfo.InvariantCulture);
        exchange.AnswerJson(200, buffer.WrittenSpan);
    }

    private async ValueTask ReadAsync(Exchange exchange, string type, string value)
    {
        using var snapshot = await reader!.OpenAsync(exchange.Aborted);
        using var reading = new ProfileReading(reader, snapshot);
        if (reading.Find(type, value) is not { } profile)
        {
            NoProfile(type, value, snapshot.Step).Write(exchange);
            return;
        }

        var events = ProfileJson.EventsMax;
        if (exchange.Query("events") is { } wanted && (!int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out events) || events > ProfileJson.EventsMax))
        {
            new Refusal(400, "invalid_events", $"?events is how many of the latest events to show, 0 to {ProfileJson.EventsMax}.").Write(exchange);
            return;
        }

        Answer(exchange, reading, snapshot.Step, profile, events);
    }

    private void Answer(Exchange exchange, ProfileReading reading, long step, long profile, int events = ProfileJson.EventsMax)
    {
        var buffer = new ArrayBufferWriter<byte>(2048);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
            ProfileJson.Write(json, reader!, reading, profile, events);
        exchange.Response.Headers["X-Freshet-Step"] = step.ToString(CultureInfo.InvariantCulture);
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
            using var known = new ProfileReading(reader, before);
            if (known.Find(type, value) is null)
            {
                NoProfile(type, value, before.Step).Write(exchange);
                return;
            }
        }

        if (change == "erase")
        {
            await EraseAsync(exchange, type, value);
            return;
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
        using var reading = new ProfileReading(reader, snapshot);
        if (reading.Find(type, value) is { } profile) Answer(exchange, reading, snapshot.Step, profile);
        else exchange.AnswerJson(200, "{\"success\":true}"u8);
    }

    private Refusal NoProfile(string type, string value, long step) =>
        service.Erasures is { } erasures && erasures.Receipts.IsSuppressed(type, reader!.Normalized(type, value))
            ? new Refusal(410, "profile_erased", "The profile of this identifier has been erased; GET /api/erasures has the receipt.")
            : NoSuchProfile(reader!, type, value, step);

    /// <summary>Suppresses the profile's identifiers, orders the erasure, and works it off; one that takes long is answered while it runs.</summary>
    private async ValueTask EraseAsync(Exchange exchange, string type, string value)
    {
        try
        {
            using (var before = await reader!.OpenAsync(exchange.Aborted))
            {
                using var known = new ProfileReading(reader, before);
                if (known.Find(type, value) is { } profile)
                {
                    List<(string Type, string Value)> identifiers = [.. known.Identifiers(profile).Select(i => (i.Type, i.Value))];
                    service.Erasures?.Announce(identifiers);
                    if (type == "profile_id" && identifiers.Count > 0) (type, value) = identifiers[0];
                }
            }

            var sequence = await service.AppendOwnAsync("erase", $"{type}:{value}", []);
            await reader.WhenVisibleAsync(sequence, exchange.Aborted);
            if (service.Erasures is { } erasures)
            {
                service.Rejections.Forget();
                var run = Task.Run(erasures.RunAsync);
                if (await Task.WhenAny(run, Task.Delay(ErasureWait, exchange.Aborted)) == run) await run;
                var receipt = erasures.Receipts.Receipts.FirstOrDefault(r => r.Sequence == sequence);
                exchange.AnswerJson(200, JsonSerializer.SerializeToUtf8Bytes(new { success = true, receipt = receipt?.Id, status = receipt?.Status ?? "running" }));
                return;
            }
        }
        catch (LogUnavailableException e)
        {
            new Refusal(503, "overloaded", e.Message) { RetryAfterSeconds = 1 }.Write(exchange);
            return;
        }

        exchange.AnswerJson(200, "{\"success\":true}"u8);
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
