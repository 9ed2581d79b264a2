using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Customers.Profiles;
using Freshet.Server.Api;
using Freshet.Server.Http;
using Freshet.Server.Privacy;

namespace Freshet.Server.Profiles;

/// <summary>
/// Segment's Profile API: GET /v1/spaces/{any}/collections/{users|accounts}/profiles/{type}:{value}/{traits|external_ids|events|metadata|links}, with
/// its shapes, paging and errors. The latest events are kept; older ones, and those that are picked, are read from the log.
/// </summary>
internal sealed class SegmentProfileRoutes(ProfileReader? reader, SegmentAccounts? accounts, EventHistory history, ErasureService? erasures, ProfileAccess access)
{
    private const string Prefix = "/v1/spaces/";
    private const int LimitDefault = 10;
    private const int LimitMax = 200;
    private static readonly string[] Parts = ["traits", "external_ids", "events", "metadata", "links"];

    public IEnumerable<Route> Routes()
    {
        yield return new Route(Prefix, ["GET"], HandleAsync);
    }

    private async ValueTask HandleAsync(Exchange exchange)
    {
        if (access.Check(exchange) is { } refusal)
        {
            Error(exchange, refusal.Status, "authentication_error", refusal.Message);
            return;
        }

        var path = exchange.Request.RawTarget.Split('?')[0];
        var parts = path[Prefix.Length..].Split('/').Select(Uri.UnescapeDataString).ToArray();
        if (parts is not [_, "collections", ("users" or "accounts") and var collection, "profiles", var identifier, var part] || !Parts.Contains(part))
        {
            Error(exchange, 404, "not_found", "The routes are collections/users|accounts/profiles/<type>:<value>/traits, external_ids, events, metadata and links.");
            return;
        }

        var colon = identifier.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || !TryNumber(exchange, "limit", LimitDefault, out var limit) || limit is < 1 or > LimitMax || !TryNumber(exchange, "next", 0, out var from))
        {
            Error(exchange, 400, "validation_error", $"A profile is named type:value; limit is 1 to {LimitMax}; next is that of the page before.");
            return;
        }

        if (reader is null)
        {
            Error(exchange, 404, "not_found", ProfileRoutes.NoProfiles().Message);
            return;
        }

        var (type, value) = (identifier[..colon], identifier[(colon + 1)..]);
        if (collection == "accounts" && type != "group_id")
        {
            Error(exchange, 400, "validation_error", "An account is named group_id:value.");
            return;
        }

        using var snapshot = await reader.OpenAsync(exchange.Aborted);
        using var reading = new ProfileReading(reader, snapshot);
        var buffer = new ArrayBufferWriter<byte>(1024);
        try
        {
            await using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
            json.WriteStartObject();
            var page = new SegmentPage(path, from, limit);
            if (!await (collection == "users" ? TryWriteAsync(json, exchange, reading, type, value, part, page) : TryWriteAccountAsync(json, exchange, snapshot, reading, value, part, page)))
            {
                if (collection == "users" && erasures is not null && erasures.Receipts.IsSuppressed(type, reader.Normalized(type, value))) Error(exchange, 410, "gone", "Profile was deleted.");
                else Error(exchange, 404, "not_found", "Profile was not found.");
                return;
            }

            json.WriteEndObject();
        }
        catch (RefusedException e)
        {
            Error(exchange, e.Refusal.Status, e.Refusal.Code, e.Refusal.Message);
            return;
        }

        exchange.Response.Headers["X-Freshet-Step"] = snapshot.Step.ToString(CultureInfo.InvariantCulture);
        exchange.AnswerJson(200, buffer.WrittenSpan);
    }

    public static Refusal BadTime() => new(400, "validation_error", "start and end are moments such as 2026-11-25T10:00:00Z.");

    private async ValueTask<bool> TryWriteAsync(Utf8JsonWriter json, Exchange exchange, ProfileReading reading, string type, string value, string part, SegmentPage page)
    {
        if (reading.Find(type, value) is not { } profile) return false;
        if (part == "events") await WriteEventsAsync(json, exchange, reading, profile, page);
        else Write(json, exchange, reading, profile, part, page);
        return true;
    }

    private async ValueTask<bool> TryWriteAccountAsync(Utf8JsonWriter json, Exchange exchange, IViewSnapshot snapshot, ProfileReading reading, string group, string part, SegmentPage page)
    {
        if (accounts is null || await accounts.FindAsync(snapshot, group, exchange.Aborted) is not { } account) return false;
        await accounts.WriteAsync(json, exchange, snapshot, reading, account, part, page);
        return true;
    }

    /// <summary>A page of events, and whether there may be more. The latest of each identifier are kept, so that of all of them as many are right.</summary>
    private async ValueTask WriteEventsAsync(Utf8JsonWriter json, Exchange exchange, ProfileReading reading, long profile, SegmentPage page)
    {
        if (EventFilter.Of(exchange) is not { } filter) throw new RefusedException(BadTime());
        var identifiers = reading.Identifiers(profile);
        var (events, hasMore) = (new List<JsonElement>(), false);
        if (filter.IsPlain && page.From + (long)page.Limit <= ProfileReads.RecentEvents)
        {
            var latest = reading.Events(identifiers);
            (events, hasMore) = ([.. page.Of(latest)], latest.Count >= ProfileReads.RecentEvents || latest.Count > page.From + page.Limit);
        }
        else if (reading.Numbers(profile) is { Count: > 0 } numbers)
        {
            (events, hasMore) = await history.ReadAsync("`identity$events`", $"identifier IN ({string.Join(", ", numbers)})", filter, page.From, page.Limit, exchange.Aborted);
        }

        json.WriteStartArray("data");
        foreach (var one in events) SegmentEvents.Write(json, one, identifiers, "users", profile.ToString(CultureInfo.InvariantCulture));
        json.WriteEndArray();
        page.Write(json, hasMore);
    }

    private void Write(Utf8JsonWriter json, Exchange exchange, ProfileReading reading, long profile, string part, SegmentPage page)
    {
        var identifiers = reading.Identifiers(profile);
        var include = exchange.Query("include")?.Split(',');
        switch (part)
        {
            case "traits":
                var traits = Traits(exchange, reading, profile).Where(t => include is null || include.Contains(t.Name)).ToList();
                json.WriteStartObject("traits");
                foreach (var (name, value) in page.Of(traits))
                {
                    json.WritePropertyName(name);
                    json.WriteRawValue(value, skipInputValidation: true);
                }

                json.WriteEndObject();
                page.Write(json, traits.Count);
                break;
            case "external_ids":
                var ids = identifiers.Where(i => include is null || include.Contains(i.Type)).ToList();
                json.WriteStartArray("data");
                foreach (var id in page.Of(ids)) WriteIdentifier(json, id);
                json.WriteEndArray();
                page.Write(json, ids.Count);
                break;
            case "metadata":
                var latest = reading.Events(identifiers).FirstOrDefault();
                WriteMetadata(json, identifiers, latest);
                break;
            default:
                using (var links = JsonDocument.Parse(reading.Document(reader!.Links, profile) ?? "[]"))
                {
                    var all = links.RootElement.EnumerateArray().ToList();
                    json.WriteStartArray("data");
                    foreach (var link in page.Of(all)) WriteLink(json, link.GetString()!);
                    json.WriteEndArray();
                    page.Write(json, all.Count);
                }

                break;
        }
    }

    /// <summary>Told traits, computed traits, and segments as true or false; by name.</summary>
    private List<(string Name, string Json)> Traits(Exchange exchange, ProfileReading reading, long profile)
    {
        var kind = exchange.Query("class");
        var traits = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (kind is null)
            foreach (var (name, value) in reading.Told(profile)) traits[name] = value;
        if (kind is null or "computed_trait")
        {
            var buffer = new ArrayBufferWriter<byte>(256);
            using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            {
                json.WriteStartObject();
                ProfileJson.WriteTraits(json, reader!.Traits, reading, profile);
                json.WriteEndObject();
            }

            using var parsed = JsonDocument.Parse(buffer.WrittenMemory);
            foreach (var member in parsed.RootElement.EnumerateObject()) traits[member.Name] = member.Value.GetRawText();
        }

        if (kind is null or "audience")
            foreach (var segment in reader!.Segments) traits[segment.Name] = reading.Find(segment.Table, profile) ? "true" : "false";
        return [.. traits.Select(t => (t.Key, t.Value))];
    }

    private static void WriteIdentifier(Utf8JsonWriter json, ProfileIdentifier identifier)
    {
        json.WriteStartObject();
        json.WriteString("source_id", identifier.Source);
        json.WriteString("collection", "users");
        json.WriteString("id", identifier.Value);
        json.WriteString("type", identifier.Type);
        json.WriteString("created_at", identifier.FirstSeen);
        json.WriteString("encoding", "none");
        json.WriteString("first_message_id", identifier.MessageId);
        json.WriteEndObject();
    }

    private static void WriteMetadata(Utf8JsonWriter json, List<ProfileIdentifier> identifiers, JsonElement latest)
    {
        var byAge = identifiers.OrderBy(i => i.FirstSeen, StringComparer.Ordinal).ToList();
        json.WriteStartObject("metadata");
        json.WriteString("created_at", byAge.Select(i => i.FirstSeen).FirstOrDefault());
        json.WriteString("updated_at", byAge.Max(i => i.LastSeen));
        json.WriteNull("expires_at");
        json.WriteString("first_message_id", byAge.Select(i => i.MessageId).FirstOrDefault());
        json.WriteString("first_source_id", byAge.Select(i => i.Source).FirstOrDefault());
        json.WriteString("last_message_id", latest.ValueKind == JsonValueKind.Object ? SegmentEvents.Text(latest, "messageId") : null);
        json.WriteString("last_source_id", latest.ValueKind == JsonValueKind.Object ? SegmentEvents.Text(latest, "source") : null);
        json.WriteEndObject();
    }

    private static void WriteLink(Utf8JsonWriter json, string group)
    {
        json.WriteStartObject();
        json.WriteString("to_collection", "accounts");
        json.WriteStartArray("external_ids");
        SegmentEvents.WriteExternalId(json, "accounts", "group_id", group);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static bool TryNumber(Exchange exchange, string name, int otherwise, out int number)
    {
        number = otherwise;
        return exchange.Query(name) is not { Length: > 0 } text || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static void Error(Exchange exchange, int status, string code, string message) =>
        exchange.AnswerJson(status, JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["error"] = new Dictionary<string, string> { ["code"] = code, ["message"] = message } }));
}
