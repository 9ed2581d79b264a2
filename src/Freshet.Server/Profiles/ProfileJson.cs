using System.Text.Json;
using Freshet.Columns;
using Freshet.Server.Api;

namespace Freshet.Server.Profiles;

/// <summary>A profile as JSON.</summary>
internal static unsafe class ProfileJson
{

    /// <summary>How many events a profile shows at most.</summary>
    public const int EventsMax = 10;

    /// <summary>{"profile_id", "traits", "computed", "segments", "identifiers"} and, for those who ask for the whole, "links" and "events".</summary>
    /// <param name="events">How many of the latest events; -1 for a profile without links and events.</param>
    public static void Write(Utf8JsonWriter json, ProfileReader reader, ProfileReading reading, long profile, int events)
    {
        reading.Prefetch(profile);
        json.WriteStartObject();
        json.WriteNumber("profile_id"u8, profile);
        json.WriteStartObject("traits"u8);
        foreach (var told in reading.ReadTold(profile))
        {
            json.WritePropertyName(StringView.Span(&told.Name));
            json.WriteRawValue(told.Json.Length == 0 ? "null"u8 : StringView.Span(&told.Json), skipInputValidation: true);
        }

        json.WriteEndObject();
        json.WriteStartObject("computed"u8);
        WriteTraits(json, reader.Traits, reading, profile);
        json.WriteEndObject();
        WriteSegments(json, reader, reading, profile);
        json.WriteStartArray("identifiers"u8);
        foreach (var identifier in reading.ReadIdentifiers(profile)) Write(json, identifier);
        json.WriteEndArray();
        if (events >= 0) WriteRest(json, reader, reading, profile, events);
        json.WriteEndObject();
    }

    /// <summary>The members of an object: the traits that the profile has.</summary>
    public static void WriteTraits(Utf8JsonWriter json, IReadOnlyList<ProfileValue> traits, ProfileReading reading, long profile)
    {
        foreach (var trait in traits)
        {
            if (!reading.Find(trait.Table, profile)) continue;
            json.WritePropertyName(trait.Json);
            if (reading.Row.IsNull(1)) json.WriteNullValue();
            else RowJson.WriteValue(json, trait.Type, reading.Row[1], 0);
        }
    }

    public static void WriteSegments(Utf8JsonWriter json, ProfileReader reader, ProfileReading reading, long? profile)
    {
        json.WriteStartArray("segments"u8);
        foreach (var segment in reader.Segments)
            if (profile is { } found && reading.Find(segment.Table, found)) json.WriteStringValue(segment.Json);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, IdentifierRow identifier)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, StringView.Span(&identifier.Type));
        json.WriteString("value"u8, StringView.Span(&identifier.Value));
        WriteTime(json, "first_seen"u8, identifier.FirstSeen);
        WriteTime(json, "last_seen"u8, identifier.LastSeen);
        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, long micros)
    {
        if (micros == IdentifierRow.None)
        {
            json.WriteNull(name);
            return;
        }

        Span<byte> text = stackalloc byte[CellText.MaxBytes];
        json.WriteString(name, text[..ProfileReading.WriteSeen(micros, text)]);
    }

    private static void WriteRest(Utf8JsonWriter json, ProfileReader reader, ProfileReading reading, long profile, int events)
    {
        json.WriteStartArray("links"u8);
        if (reading.Document(reader.Links, profile) is { } document)
        {
            using var links = JsonDocument.Parse(document);
            foreach (var link in links.RootElement.EnumerateArray())
            {
                json.WriteStartObject();
                json.WriteString("type"u8, "group_id"u8);
                json.WriteString("value"u8, link.GetString());
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
        json.WriteStartArray("events"u8);
        if (events > 0)
            foreach (var one in reading.Events(reading.Identifiers(profile)).Take(events)) one.WriteTo(json);
        json.WriteEndArray();
    }
}
