namespace Freshet.Log;

/// <summary>Sizes of a log. The defaults suit a disk of any kind.</summary>
public sealed record LogOptions
{
    /// <summary>A log segment is closed when it has this many bytes.</summary>
    public long SegmentBytes { get; init; } = 256 << 20;

    /// <summary>Files grow by this many zero bytes at a time, ahead of the writes; smaller ones double.</summary>
    public int ExtentBytes { get; init; } = 8 << 20;

    /// <summary>Bytes that may wait for the disk; more is refused until some are durable.</summary>
    public long PendingMaxBytes { get; init; } = 64 << 20;

    /// <summary>Bytes of one group commit.</summary>
    public int GroupMaxBytes { get; init; } = 8 << 20;

    /// <summary>The longest that an answered append of a relaxed topic waits for its sync, ms.</summary>
    public int RelaxedSyncMs { get; init; } = 100;

    /// <summary>Bytes of answered appends of a relaxed topic at which it is synced at once.</summary>
    public int RelaxedSyncBytes { get; init; } = 256 << 10;

    /// <summary>How often log segments are held against the retention of their topics, ms.</summary>
    public int RetentionCheckMs { get; init; } = 10_000;
}
