namespace Freshet.Server.Ingest;

/// <summary>The calls of Segment's tracking API; <see cref="None"/> where the event itself must say.</summary>
internal enum EventType : byte
{
    None,
    Identify,
    Track,
    Page,
    Screen,
    Group,
    Alias,
}

internal static class EventTypes
{
    public static ReadOnlySpan<byte> Text(EventType type) => type switch
    {
        EventType.Identify => "identify"u8,
        EventType.Track => "track"u8,
        EventType.Page => "page"u8,
        EventType.Screen => "screen"u8,
        EventType.Group => "group"u8,
        EventType.Alias => "alias"u8,
        _ => default,
    };

    /// <summary>The type of that name, or None.</summary>
    public static EventType Of(ReadOnlySpan<byte> text)
    {
        for (var type = EventType.Identify; type <= EventType.Alias; type++)
            if (text.SequenceEqual(Text(type))) return type;
        return EventType.None;
    }
}
