namespace Freshet.Server.Subscriptions;

/// <summary>What a message to a subscriber is.</summary>
internal enum MessageKind
{
    /// <summary>The columns; the first message.</summary>
    Start,

    /// <summary>The place to go on from is no longer known: what the reader has is void, a snapshot follows.</summary>
    Reset,

    /// <summary>Rows of the result as of a step; the last of them says so.</summary>
    Snapshot,

    /// <summary>One step's whole delta.</summary>
    Changes,

    /// <summary>Nothing has changed up to this step.</summary>
    Progress,

    /// <summary>The last message: why there are no more.</summary>
    End,
}

/// <summary>A message as it is sent, one JSON object. Immutable, shared by all readers of a view.</summary>
/// <param name="Step">The step that a reader who has it is at; -1 where it has got to none.</param>
internal sealed record ChangeMessage(MessageKind Kind, long Step, ReadOnlyMemory<byte> Json);
