namespace Freshet.Server.Privacy;

/// <summary>What an erasure has removed where. Identifiers stand in it as keyed hashes alone.</summary>
internal sealed record Receipt
{
    /// <summary>The message id of the order.</summary>
    public required string Id { get; init; }

    /// <summary>running, or done: nothing of it is left in the log, in rejected events and in views.</summary>
    public required string Status { get; init; }

    /// <summary>The order's place in the log.</summary>
    public long Sequence { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Hashes of the profile's identifiers: they are suppressed from the order on.</summary>
    public IReadOnlyList<string> Identifiers { get; init; } = [];

    /// <summary>Events of the profile, whose records are empty now.</summary>
    public long Events { get; init; }

    /// <summary>Whether of these events is left what views keep that are anonymised, without a word of whose they were.</summary>
    public bool IsAnonymised { get; init; }

    /// <summary>Rejected events whose records are empty now.</summary>
    public long Rejected { get; init; }

    /// <summary>Log segments written anew, of both topics.</summary>
    public int Segments { get; init; }

    /// <summary>Rows by which views changed when they were built anew, besides those that the order itself has changed.</summary>
    public IReadOnlyDictionary<string, long> Views { get; init; } = new Dictionary<string, long>();
}

/// <summary>
/// An erasure whose log segments are being written anew: which records, and what is to be taken out of others. It is durable before the first
/// is touched, so that the work is ended after a crash at any place.
/// </summary>
/// <param name="Receipts">The receipts of the orders that are worked off together.</param>
/// <param name="End">Records of events from here on stay as they are.</param>
/// <param name="RejectedEnd">The same of rejected events.</param>
/// <param name="Hashes">Of all erased identifiers.</param>
/// <param name="Offsets">The events of the profiles.</param>
/// <param name="Dropped">Of events of others that carry an erased identifier: what the identity had dropped from them, as offset and hash.</param>
internal sealed record PendingErasure(IReadOnlyList<Receipt> Receipts, long End, long RejectedEnd, IReadOnlyList<string> Hashes, IReadOnlyList<long> Offsets, IReadOnlyList<string> Dropped);
