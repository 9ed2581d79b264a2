namespace Freshet.Server.Ingest;

/// <summary>
/// Where accepted events go: the topic <c>events</c>. Appends are queued in the order of the calls and become durable in that
/// order, so whoever waits for a later one has the earlier ones too.
/// </summary>
internal interface IEventLog
{
    /// <summary>Bytes queued and not yet durable.</summary>
    long PendingBytes { get; }

    /// <summary>
    /// Queues the events that are not repeats as one append, copies what it needs before it returns, and completes with
    /// the last one's sequence number when they are durable.
    /// </summary>
    ValueTask<long> AppendAsync(StagedEvents events, long receivedAt);

    /// <summary>Appends records to the topic of rejected events; completes when they are durable.</summary>
    ValueTask RejectAsync(IReadOnlyList<byte[]> records, long rejectedAt);

    /// <summary>The record of a sequence number; null where it is no more.</summary>
    byte[]? Read(long sequence);

    /// <summary>Shows the records from a sequence number up to, not with, another.</summary>
    void Read(long from, long to, SequenceVisitor visit);

    /// <summary>Shows every record of the topic of rejected events, oldest first.</summary>
    void ReadRejected(EventVisitor visit);

    /// <summary>The sequence number of the last durable event; -1 before the first.</summary>
    long LastDurable { get; }

    /// <summary>The place of the last rejected event that this process has kept; -1 before the first.</summary>
    long LastRejected { get; }

    /// <summary>Whether the log waits for room on the disk.</summary>
    bool IsDiskFull { get; }
}

/// <summary>Sees one record; the bytes are valid during the call.</summary>
internal delegate void EventVisitor(ReadOnlySpan<byte> value, long receivedAt);

/// <summary>Sees one record and its sequence number; the bytes are valid during the call.</summary>
internal delegate void SequenceVisitor(long sequence, ReadOnlySpan<byte> value, long receivedAt);

/// <summary>The log does not take an event now; nothing of the request was taken.</summary>
internal sealed class LogUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
