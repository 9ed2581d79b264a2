using System.Text.Json;

namespace Freshet.Server.Ingest;

/// <summary>
/// What one event says, by position in the body, after its members have been judged: required fields there, types right,
/// times readable. A refusal is a sentence for the one who sent it.
/// </summary>
internal ref struct EventReader
{
    /// <summary>Longest message id, as Segment's, characters of its JSON text without quotes.</summary>
    public const int MessageIdMax = 100;

    private readonly ReadOnlySpan<byte> _body;

    public EventReader(ReadOnlySpan<byte> body)
    {
        _body = body;
        MessageId = UserId = AnonymousId = WriteKey = Context = Integrations = -1;
    }

    public EventType Type;

    /// <summary>Index of the member, or -1 where it is absent, null or an empty text.</summary>
    public int MessageId;
    public int UserId;
    public int AnonymousId;
    public int WriteKey;
    public int Context;
    public int Integrations;

    /// <summary>Milliseconds since 1970.</summary>
    public long? OriginalTimestamp;
    public long? SentAt;

    /// <summary>Reads the members of one event; null, or why it is refused.</summary>
    /// <param name="type">The type that the route says; None lets the event say.</param>
    public string? Read(ReadOnlySpan<Member> members, EventType type)
    {
        Type = type;
        long? timestamp = null;
        bool hasEvent = false, hasGroupId = false, hasPreviousId = false;
        for (var i = 0; i < members.Length; i++)
        {
            ref readonly var member = ref members[i];
            if (member.Kind == JsonTokenType.Null && member.Name != MemberName.Type) continue;
            var problem = member.Name switch
            {
                MemberName.Type => ReadType(member, type),
                MemberName.MessageId => ReadMessageId(member, i),
                MemberName.UserId => ReadId(member, i, ref UserId, "userId must be a string."),
                MemberName.AnonymousId => ReadId(member, i, ref AnonymousId, "anonymousId must be a string."),
                MemberName.WriteKey => ReadId(member, i, ref WriteKey, "writeKey must be a string."),
                MemberName.GroupId => ReadText(member, ref hasGroupId, "groupId must be a string."),
                MemberName.PreviousId => ReadText(member, ref hasPreviousId, "previousId must be a string."),
                MemberName.Event => ReadText(member, ref hasEvent, "event must be a string."),
                MemberName.Name => member.Kind == JsonTokenType.String ? null : "name must be a string.",
                MemberName.Category => member.Kind == JsonTokenType.String ? null : "category must be a string.",
                MemberName.Properties => member.Kind == JsonTokenType.StartObject ? null : "properties must be an object.",
                MemberName.Traits => member.Kind == JsonTokenType.StartObject ? null : "traits must be an object.",
                MemberName.Context => ReadObject(member, i, ref Context, "context must be an object."),
                MemberName.Integrations => ReadObject(member, i, ref Integrations, "integrations must be an object."),
                MemberName.Timestamp => ReadTime(member, ref timestamp, "timestamp must be an ISO-8601 time such as 2026-11-22T10:05:51.496Z."),
                MemberName.OriginalTimestamp => ReadTime(member, ref OriginalTimestamp, "originalTimestamp must be an ISO-8601 time such as 2026-11-22T10:05:51.496Z."),
                MemberName.SentAt => ReadTime(member, ref SentAt, "sentAt must be an ISO-8601 time such as 2026-11-22T10:05:51.496Z."),
                _ => null,
            };
            if (problem is not null) return problem;
        }

        OriginalTimestamp ??= timestamp;
        if (Type == EventType.None) return "The event has no type; give identify, track, page, screen, group or alias.";
        if (UserId < 0 && AnonymousId < 0) return "The event has neither userId nor anonymousId; give one of them.";
        return Type switch
        {
            EventType.Track when !hasEvent => "A track event needs its name in \"event\".",
            EventType.Group when !hasGroupId => "A group event needs \"groupId\".",
            EventType.Alias when !hasPreviousId => "An alias event needs \"previousId\".",
            _ => null,
        };
    }

    /// <summary>A time member of the envelope of a batch.</summary>
    public readonly string? ReadTime(in Member member, ref long? time, string expected)
    {
        if (member.Kind != JsonTokenType.String || !EventTime.TryParse(Content(member), out var milliseconds)) return expected;
        time = milliseconds;
        return null;
    }

    /// <summary>A string's text between the quotes, as sent.</summary>
    private readonly ReadOnlySpan<byte> Content(in Member member) => _body[(member.ValueStart + 1)..(member.ValueEnd - 1)];

    private string? ReadType(in Member member, EventType route)
    {
        if (member.Kind == JsonTokenType.Null) return null;
        if (member.Kind != JsonTokenType.String) return "type must be a string.";
        if (route != EventType.None) return null; // the route says; browsers send the type as well
        Type = EventTypes.Of(Content(member));
        return Type == EventType.None ? "The type is none of identify, track, page, screen, group and alias." : null;
    }

    private string? ReadMessageId(in Member member, int index)
    {
        if (member.Kind != JsonTokenType.String) return "messageId must be a string.";
        var length = member.ValueEnd - member.ValueStart - 2;
        if (length > MessageIdMax && Content(member).Length - CountContinuation(Content(member)) > MessageIdMax) return "messageId is longer than 100 characters.";
        if (length > 0) MessageId = index;
        return null;
    }

    private static int CountContinuation(ReadOnlySpan<byte> text)
    {
        var count = 0;
        foreach (var b in text)
            if ((b & 0xC0) == 0x80) count++;
        return count;
    }

    private static string? ReadId(in Member member, int index, ref int at, string expected)
    {
        if (member.Kind != JsonTokenType.String) return expected;
        if (member.ValueEnd - member.ValueStart > 2) at = index;
        return null;
    }

    private static string? ReadText(in Member member, ref bool present, string expected)
    {
        if (member.Kind != JsonTokenType.String) return expected;
        present = member.ValueEnd - member.ValueStart > 2;
        return null;
    }

    private static string? ReadObject(in Member member, int index, ref int at, string expected)
    {
        if (member.Kind != JsonTokenType.StartObject) return expected;
        at = index;
        return null;
    }
}
