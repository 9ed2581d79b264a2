using System.Text.Json;

namespace Freshet.Server.Profiles;

/// <summary>Events and identifiers as Segment's Profile API writes them.</summary>
internal static class SegmentEvents
{
    /// <param name="identifiers">Those of the profile; what the event carries itself of them is written with it.</param>
    /// <param name="collection">users or accounts, and who of it.</param>
    public static void Write(Utf8JsonWriter json, JsonElement record, IEnumerable<ProfileIdentifier> identifiers, string collection, string whose)
    {
        json.WriteStartObject();
        json.WriteStartArray("external_ids");
        foreach (var identifier in identifiers)
        {
            // Those that have a member of their own.
            var carried = identifier.Type switch { "user_id" => Text(record, "userId"), "anonymous_id" => Text(record, "anonymousId"), _ => null };
            if (carried is not null && carried == identifier.Value) WriteExternalId(json, "users", identifier.Type, carried);
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
        json.WriteString(collection, whose);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void WriteExternalId(Utf8JsonWriter json, string collection, string? type, string? id)
    {
        json.WriteStartObject();
        json.WriteString("collection", collection);
        json.WriteString("type", type);
        json.WriteString("id", id);
        json.WriteString("encoding", "none");
        json.WriteEndObject();
    }

    public static string? Text(JsonElement from, string member) => from.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static void Copy(Utf8JsonWriter json, JsonElement from, string member, string name)
    {
        if (!from.TryGetProperty(member, out var value)) return;
        json.WritePropertyName(name);
        value.WriteTo(json);
    }
}
