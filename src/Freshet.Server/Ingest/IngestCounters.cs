namespace Freshet.Server.Ingest;

/// <summary>What ingest has done since the start, for status and metrics. All fields are changed with interlocked additions.</summary>
internal sealed class IngestCounters
{
    public long Accepted;
    public long Duplicates;

    /// <summary>Events refused; a body that cannot be read counts as one.</summary>
    public long Rejected;

    public long Clamped;
    public long Bytes;
    public long Requests;
    public long Unauthorized;
    public long RateLimited;
    public long Overloaded;
    public long Failed;

    /// <summary>From the request's arrival to its durable acknowledgement.</summary>
    public LatencyHistogram Ack { get; } = new();
}
