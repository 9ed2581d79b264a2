using System.Text.Json;
using Freshet.Customers.Profiles;
using Freshet.Server.Api;

namespace Freshet.Server.Profiles;

/// <summary>A profile as JSON.</summary>
internal static class ProfileJson
{
    private static readonly string[] Hidden = ["identifier", "source", "message_id"];

    /// <summary>{"profile_id", "traits", "computed", "segments", "identifiers"} and, for those who ask for the whole, "links" and "events".</summary>
    public static async ValueTask WriteAsync(Utf8JsonWriter json, ProfileReader reader, IViewSnapshot snapshot, long profile, bool isWhole, CancellationToken cancellation)
    {
        json.WriteStartObject();
        json.WriteNumber("profile_id", profile);
        json.WritePropertyName("traits");
        json.WriteRawValue(await reader.DocumentAsync(snapshot, ProfileReads.Traits, profile, cancellation) ?? "{}", skipInputValidation: true);
        json.WriteStartObject("computed");
        foreach (var trait in reader.Traits)
        {
            if (await ProfileReader.TraitAsync(snapshot, trait, profile, cancellation) is not { } value) continue;
            json.WritePropertyName(trait.Name);
            json.WriteRawValue(value, skipInputValidation: true);
        }

        json.WriteEndObject();
        WriteTexts(json, "segments", await reader.SegmentsAsync(snapshot, profile, cancellation));
        using var identifiers = JsonDocument.Parse(await reader.DocumentAsync(snapshot, ProfileReads.Identifiers, profile, cancellation) ?? "[]");
        json.WriteStartArray("identifiers");
        foreach (var identifier in identifiers.RootElement.EnumerateArray())
        {
            json.WriteStartObject();
            foreach (var member in identifier.EnumerateObject())
                if (!Hidden.Contains(member.Name)) member.WriteTo(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (isWhole)
        {
            json.WriteStartArray("links");
            using var links = JsonDocument.Parse(await reader.DocumentAsync(snapshot, ProfileReads.Links, profile, cancellation) ?? "[]");
            foreach (var link in links.RootElement.EnumerateArray())
            {
                json.WriteStartObject();
                json.WriteString("type", "group_id");
                json.WriteString("value", link.GetString());
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("events");
            foreach (var one in (await reader.EventsAsync(snapshot, identifiers.RootElement.EnumerateArray(), cancellation)).Take(10)) one.WriteTo(json);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    public static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
