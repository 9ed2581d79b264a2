using System.Text.Json;

namespace Freshet.Server.Plans;

/// <summary>What a stored event says of which plan it is under.</summary>
internal readonly record struct EventHead(bool IsTrack, string? Event, int? Version)
{
    /// <summary>Reads a record of the topic events; of a member that appears twice the last counts.</summary>
    public static EventHead Read(ReadOnlySpan<byte> value)
    {
        var reader = new Utf8JsonReader(value, new JsonReaderOptions { MaxDepth = 1024 });
        bool isTrack = false;
        string? name = null;
        int? version = null;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                isTrack = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("track"u8);
                if (!isTrack) return default;
            }
            else if (reader.ValueTextEquals("event"u8))
            {
                reader.Read();
                name = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            }
            else if (reader.ValueTextEquals("context"u8))
            {
                reader.Read();
                version = VersionIn(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return new EventHead(isTrack, name, version);
    }

    /// <summary>context.protocols.event_version, from the value of context; leaves the reader at its end.</summary>
    private static int? VersionIn(ref Utf8JsonReader reader)
    {
        int? version = null;
        if (reader.TokenType != JsonTokenType.StartObject) return null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isProtocols = reader.ValueTextEquals("protocols"u8);
            reader.Read();
            if (!isProtocols || reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isVersion = reader.ValueTextEquals("event_version"u8);
                reader.Read();
                if (!isVersion) reader.Skip();
                else if (reader.TokenType == JsonTokenType.Number) version = reader.TryGetInt32(out var number) ? number : null;
                else if (reader.TokenType == JsonTokenType.String) version = int.TryParse(reader.GetString(), out var text) ? text : null;
                else reader.Skip();
            }
        }

        return version;
    }
}
