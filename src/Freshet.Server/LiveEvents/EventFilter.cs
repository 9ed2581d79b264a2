using System.Text;
using System.Text.Json;
using Freshet.Server.Http;

namespace Freshet.Server.LiveEvents;

/// <summary>
/// Which events a watcher asks for: by type, by name (of a track event, page or screen), by source, and by an identifier, which is any whole
/// string in the event. Everything is compared as bytes of the stored record, so that an event that does not fit costs one pass over its
/// first members.
/// </summary>
internal sealed class EventFilter
{
    private readonly byte[]? _type;
    private readonly byte[]? _name;
    private readonly byte[]? _source;
    private readonly byte[]? _identifier;

    private EventFilter(byte[]? type, byte[]? name, byte[]? source, byte[]? identifier)
    {
        _type = type;
        _name = name;
        _source = source;
        _identifier = identifier;
    }

    public bool IsAll => _type is null && _name is null && _source is null && _identifier is null;

    public static EventFilter Of(Exchange exchange)
    {
        byte[]? Bytes(string name) => exchange.Query(name) is { Length: > 0 and <= 1000 } text ? Encoding.UTF8.GetBytes(text) : null;
        // The type of an identifier says nothing here: user_id:42 is 42.
        var identifier = exchange.Query("identifier") is { Length: > 0 and <= 1000 } text ? JsonSerializer.SerializeToUtf8Bytes(ValueOf(text), Relaxed) : null;
        return new EventFilter(Bytes("type"), Bytes("name"), Bytes("source"), identifier);
    }

    /// <param name="record">An event as the topic <c>events</c> has it, or as it was sent.</param>
    public bool Fits(ReadOnlySpan<byte> record)
    {
        if (_identifier is not null && record.IndexOf(_identifier) < 0) return false;
        if (_type is null && _name is null && _source is null) return true;
        bool type = _type is null, name = _name is null, source = _source is null;
        try
        {
            var reader = new Utf8JsonReader(record, new JsonReaderOptions { MaxDepth = 1024 });
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName && !(type && name && source))
            {
                var isType = !type && reader.ValueTextEquals("type"u8);
                var isName = !name && (reader.ValueTextEquals("event"u8) || reader.ValueTextEquals("name"u8));
                var isSource = !source && reader.ValueTextEquals("source"u8);
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                {
                    type |= isType && reader.ValueTextEquals(_type);
                    name |= isName && reader.ValueTextEquals(_name);
                    source |= isSource && reader.ValueTextEquals(_source);
                }

                reader.Skip();
            }
        }
        catch (JsonException)
        {
            return false;
        }

        return type && name && source;
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string ValueOf(string identifier)
    {
        var colon = identifier.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && colon < identifier.Length - 1 && identifier[..colon].All(c => char.IsAsciiLetter(c) || c is '_' or '.') ? identifier[(colon + 1)..] : identifier;
    }
}
