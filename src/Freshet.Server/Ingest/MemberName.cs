namespace Freshet.Server.Ingest;

/// <summary>The names of Segment's wire format that the server reads or decides; every other member is the client's own.</summary>
internal enum MemberName : byte
{
    Other,
    Type,
    MessageId,
    UserId,
    AnonymousId,
    GroupId,
    PreviousId,
    Event,
    Name,
    Category,
    Properties,
    Traits,
    Context,
    Integrations,
    Timestamp,
    OriginalTimestamp,
    SentAt,
    ReceivedAt,
    WriteKey,
    Source,
    Batch,
    MayJoin,
    Anonymised,
}

internal static class MemberNames
{
    /// <summary>Which name this is. The length decides first, so most names cost one comparison.</summary>
    public static MemberName Of(ReadOnlySpan<byte> name) => name.Length switch
    {
        4 => Is(name, "type"u8, MemberName.Type) | Is(name, "name"u8, MemberName.Name),
        5 => Is(name, "event"u8, MemberName.Event) | Is(name, "batch"u8, MemberName.Batch),
        6 => Is(name, "userId"u8, MemberName.UserId) | Is(name, "traits"u8, MemberName.Traits) | Is(name, "sentAt"u8, MemberName.SentAt) | Is(name, "source"u8, MemberName.Source),
        7 => Is(name, "context"u8, MemberName.Context) | Is(name, "mayJoin"u8, MemberName.MayJoin) | Is(name, "groupId"u8, MemberName.GroupId),
        8 => Is(name, "category"u8, MemberName.Category) | Is(name, "writeKey"u8, MemberName.WriteKey),
        9 => Is(name, "messageId"u8, MemberName.MessageId) | Is(name, "timestamp"u8, MemberName.Timestamp),
        10 => Is(name, "properties"u8, MemberName.Properties) | Is(name, "previousId"u8, MemberName.PreviousId) | Is(name, "receivedAt"u8, MemberName.ReceivedAt) | Is(name, "anonymised"u8, MemberName.Anonymised),
        11 => Is(name, "anonymousId"u8, MemberName.AnonymousId),
        12 => Is(name, "integrations"u8, MemberName.Integrations),
        17 => Is(name, "originalTimestamp"u8, MemberName.OriginalTimestamp),
        _ => MemberName.Other,
    };

    /// <summary>The name as the wire spells it; empty for <see cref="MemberName.Other"/>.</summary>
    public static ReadOnlySpan<byte> Text(MemberName name) => name switch
    {
        MemberName.UserId => "userId"u8,
        MemberName.AnonymousId => "anonymousId"u8,
        MemberName.GroupId => "groupId"u8,
        MemberName.PreviousId => "previousId"u8,
        MemberName.Event => "event"u8,
        MemberName.Name => "name"u8,
        MemberName.Category => "category"u8,
        MemberName.Properties => "properties"u8,
        MemberName.Traits => "traits"u8,
        MemberName.Context => "context"u8,
        MemberName.Integrations => "integrations"u8,
        _ => default,
    };

    // The members of a length exclude each other, so "or" picks the one that is not Other (0).
    private static MemberName Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> known, MemberName result) =>
        name.SequenceEqual(known) ? result : MemberName.Other;
}
