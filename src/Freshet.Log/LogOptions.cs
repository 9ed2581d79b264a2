namespace Freshet.Log;

/// <summary>Sizes of a log. The defaults suit a disk of any kind.</summary>
public sealed record LogOptions
{
    /// <summary>A log segment is closed when it has this many bytes.</summary>
    public long SegmentBytes { get; init; } = 256 << 20;

    /// <summary>Files grow by this many zero bytes at a time, ahead of the writes.</summary>
    public int ExtentBytes { get; init; } = 8 << 20;

    /// <summary>Bytes that may wait for the disk; more is refused until some are durable.</summary>
    public long PendingMaxBytes { get; init; } = 64 << 20;

    /// <summary>Bytes of one group commit.</summary>
    public int GroupMaxBytes { get; init; } = 8 << 20;
}
