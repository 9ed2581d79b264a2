using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Freshet.Server.Http;

namespace Freshet.Server.Profiles;

/// <summary>
/// Segment's Profile API: GET /v1/spaces/{any}/collections/users/profiles/{type}:{value}/{traits|external_ids|events|metadata|links}, with its
/// shapes, paging and errors. Events are the recent ones of each identifier; next is where in the list the next page begins.
/// </summary>
internal sealed class SegmentProfileRoutes(ProfileReader? reader, ProfileAccess access)
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
        if (parts is not [_, "collections", "users", "profiles", var identifier, var part] || !Parts.Contains(part))
        {
            Error(exchange, 404, "not_found", "The routes are collections/users/profiles/<type>:<value>/traits, external_ids, events, metadata and links.");
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

        using var snapshot = await reader.OpenAsync(exchange.Aborted);
        using var reading = new ProfileReading(reader, snapshot);
        if (reading.Find(identifier[..colon], identifier[(colon + 1)..]) is not { } profile)
        {
            Error(exchange, 404, "not_found", "Profile was not found.");
            return;
        }

        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            json.WriteStartObject();
            var page = new Page(path, from, limit);
            Write(json, exchange, reading, profile, part, page);
            json.WriteEndObject();
        }

        exchange.Response.Headers["X-Freshet-Step"] = snapshot.Step.ToString(CultureInfo.InvariantCulture);
        exchange.AnswerJson(200, buffer.WrittenSpan);
    }

    private void Write(Utf8JsonWriter json, Exchange exchange, ProfileReading reading, long profile, string part, Page page)
    {
        var identifiers = reading.Identifiers(profile);
        var include = exchange.Query("include")?.Split(',');
        var exclude = exchange.Query("exclude")?.Split(',');
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
            case "events":
                var events = reading.Events(identifiers).Where(e => Fits(exchange, e, include, exclude)).ToList();
                if (exchange.Query("sort") == "asc") events.Reverse();
                json.WriteStartArray("data");
                foreach (var one in page.Of(events)) WriteEvent(json, one, identifiers, profile);
                json.WriteEndArray();
                page.Write(json, events.Count);
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

    private static bool Fits(Exchange exchange, JsonElement record, string[]? include, string[]? exclude)
    {
        var name = record.TryGetProperty("event", out var said) ? said.GetString() : null;
        var time = record.GetProperty("timestamp").GetString()!;
        return (include is null || include.Contains(name)) && (exclude is null || !exclude.Contains(name))
            && (exchange.Query("start") is not { } start || string.CompareOrdinal(time, start) >= 0) && (exchange.Query("end") is not { } end || string.CompareOrdinal(time, end) < 0);
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

    private static void WriteEvent(Utf8JsonWriter json, JsonElement record, List<ProfileIdentifier> identifiers, long profile)
    {
        json.WriteStartObject();
        json.WriteStartArray("external_ids");
        foreach (var identifier in identifiers)
        {
            // Those that the event carries itself, as far as they have a member of their own.
            var carried = identifier.Type switch { "user_id" => Text(record, "userId"), "anonymous_id" => Text(record, "anonymousId"), _ => null };
            if (carried is null || carried != identifier.Value) continue;
            json.WriteStartObject();
            json.WriteString("collection", "users");
            json.WriteString("type", identifier.Type);
            json.WriteString("id", carried);
            json.WriteString("encoding", "none");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        Copy(json, record, "context", "context");
        Copy(json, record, "type", "type");
        Copy(json, record, "messageId", "message_id");
        Copy(json, record, "source", "source_id");
        Copy(json, record, "timestamp", "timestamp");
        Copy(json, record, "properties", "properties");
        Copy(json, record, "traits", "traits");
        Copy(json, record, "event", "event");
        json.WriteStartObject("related");
        json.WriteString("users", profile.ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
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
        json.WriteString("last_message_id", latest.ValueKind == JsonValueKind.Object ? Text(latest, "messageId") : null);
        json.WriteString("last_source_id", latest.ValueKind == JsonValueKind.Object ? Text(latest, "source") : null);
        json.WriteEndObject();
    }

    private static void WriteLink(Utf8JsonWriter json, string group)
    {
        json.WriteStartObject();
        json.WriteString("to_collection", "accounts");
        json.WriteStartArray("external_ids");
        json.WriteStartObject();
        json.WriteString("id", group);
        json.WriteString("type", "group_id");
        json.WriteString("collection", "accounts");
        json.WriteString("encoding", "none");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Copy(Utf8JsonWriter json, JsonElement from, string member, string name)
    {
        if (!from.TryGetProperty(member, out var value)) return;
        json.WritePropertyName(name);
        value.WriteTo(json);
    }

    private static string? Text(JsonElement from, string member) => from.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool TryNumber(Exchange exchange, string name, int otherwise, out int number)
    {
        number = otherwise;
        return exchange.Query(name) is not { Length: > 0 } text || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    private static void Error(Exchange exchange, int status, string code, string message) =>
        exchange.AnswerJson(status, JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["error"] = new Dictionary<string, string> { ["code"] = code, ["message"] = message } }));

    /// <summary>A part of a list, and the cursor that leads on.</summary>
    private sealed record Page(string Path, int From, int Limit)
    {
        public IEnumerable<T> Of<T>(List<T> all) => all.Skip(From).Take(Limit);

        public void Write(Utf8JsonWriter json, int count)
        {
            var hasMore = count - Limit > From;
            json.WriteStartObject("cursor");
            json.WriteString("url", Path);
            json.WriteBoolean("has_more", hasMore);
            json.WriteString("next", hasMore ? (From + Limit).ToString(CultureInfo.InvariantCulture) : "");
            json.WriteNumber("limit", Limit);
            json.WriteEndObject();
        }
    }
}
