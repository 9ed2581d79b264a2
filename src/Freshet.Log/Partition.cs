using Freshet.Log.Records;
using Freshet.Log.Segments;
using Freshet.Storage;

namespace Freshet.Log;

/// <summary>
/// One partition of a topic: records in offset order in log segments.
/// Invariant: offsets are dense; <see cref="DurableOffset"/> ≤ <see cref="NextOffset"/>; a record below DurableOffset is on
/// disk and keeps its bytes, but for <see cref="Rewrite"/>, which leaves its offset and timestamp. Appended to through <see cref="LogStore"/>; read from any thread, without waiting for writers.
/// </summary>
public sealed class Partition : IDisposable
{
    internal const int ReadersLeaveMs = 60_000;

    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly LogOptions _options;
    private long _next;
    private long _durable;
    private LogSegment[] _segments;
    private readonly List<(LogSegment Segment, long DeletedAtMs)> _deleted = [];

    /// <summary>Held while the list of log segments changes, and by the committer while it writes.</summary>
    private readonly Lock _change = new();

    internal Partition(IDisk disk, string directory, string topic, int index, LogOptions options)
    {
        _disk = disk;
        _directory = directory;
        _options = options;
        Topic = topic;
        Index = index;
        if (!disk.Exists(directory)) disk.CreateDirectory(directory);
        SegmentRewriter.RemoveLeftovers(disk, directory);
        _segments = OpenSegments();

        // A killed process may have left names that no sync has covered; its last bytes have been written again.
        disk.SyncDirectory(directory);
        disk.SyncDirectory(Path.GetDirectoryName(directory)!);
        _durable = _next;
    }

    public string Topic { get; }

    public int Index { get; }

    /// <summary>How the topic is synced and what is kept of it.</summary>
    public TopicSettings Settings { get; internal set; } = TopicSettings.Default;

    /// <summary>What is being committed; the committer's alone.</summary>
    internal List<RecordSet> Group { get; } = [];

    /// <summary>Bytes written that no sync has covered, and when the first of them was written, ms by the log's clock; the committer's alone.</summary>
    internal long UnsyncedBytes { get; private set; }

    internal long UnsyncedSinceMs { get; private set; }

    /// <summary>The first offset there is.</summary>
    public LogOffset StartOffset => Volatile.Read(ref _segments)[0].BaseOffset;

    /// <summary>The offset of the next record: everything before it has been written, perhaps not yet synced.</summary>
    public LogOffset NextOffset => new(Volatile.Read(ref _next));

    /// <summary>Everything before this offset is durable.</summary>
    public LogOffset DurableOffset => new(Volatile.Read(ref _durable));

    /// <summary>Whether the last write was refused because the disk is full.</summary>
    public bool IsDiskFull { get; internal set; }

    /// <summary>Everything before this offset has been answered: durable, or of a relaxed topic written.</summary>
    public LogOffset AnsweredOffset => Settings.IsRelaxed ? NextOffset : DurableOffset;

    /// <summary>Bytes of all batches.</summary>
    public long SizeBytes => Volatile.Read(ref _segments).Sum(s => s.EndBytes);

    /// <summary>
    /// Reads whole batches, from the one that holds <paramref name="from"/>, up to but not including a batch that starts at or
    /// after <paramref name="to"/>. Gives the bytes read: 0 at the end; at least one batch when there is one, however large the
    /// target has to be (<paramref name="needBytes"/> says so when it is too small).
    /// </summary>
    /// <exception cref="StorageException">A batch on disk is damaged.</exception>
    public int Read(LogOffset from, LogOffset to, Span<byte> target, out int needBytes)
    {
        needBytes = 0;
        if (to > NextOffset) to = NextOffset;
        if (from >= to) return 0;
        var segment = SegmentOf(from);
        if (from < segment.BaseOffset) throw new StorageException(StorageError.NotFound, $"{this} begins at offset {segment.BaseOffset}; what was before it, from offset {from}, has been deleted by the topic's retention.");
        var position = segment.PositionBefore(from);
        Span<byte> head = stackalloc byte[RecordBatchHeader.SizeBytes];
        RecordBatchHeader header;
        while (true)
        {
            if (segment.Read(position, head) < head.Length || !RecordBatchHeader.TryRead(head, out header)) throw Damaged(segment, position);
            if (from < header.NextOffset) break;
            position += header.Bytes;
        }

        if (header.Bytes > target.Length)
        {
            needBytes = header.Bytes;
            return 0;
        }

        var read = segment.Read(position, target);
        var whole = 0;
        while (RecordBatchHeader.TryRead(target[whole..read], out header) && header.Bytes <= read - whole && header.BaseOffset < to)
        {
            if (!RecordBatchHeader.IsIntact(target.Slice(whole, header.Bytes))) throw Damaged(segment, position + whole);
            whole += header.Bytes;
        }

        return whole;
    }

    /// <summary>The offset of a record at or before the first whose timestamp is at or after a time.</summary>
    public LogOffset OffsetBefore(long timestampMs)
    {
        Span<byte> head = stackalloc byte[RecordBatchHeader.SizeBytes];
        foreach (var segment in Volatile.Read(ref _segments))
        {
            if (segment.MaxTimestampMs < timestampMs) continue;
            var position = segment.PositionBefore(timestampMs);
            if (segment.Read(position, head) == head.Length && RecordBatchHeader.TryRead(head, out var header)) return header.BaseOffset;
        }

        return NextOffset;
    }

    public override string ToString() => $"{Topic}-{Index}";

    public void Dispose()
    {
        foreach (var segment in _segments) segment.Dispose();
        foreach (var (segment, _) in _deleted) segment.Dispose();
    }

    /// <summary>Writes one batch; the committer alone. On a throw the partition is as it was.</summary>
    internal void Write(Span<byte> batch, int count, long baseTimestampMs, long maxTimestampMs, long tag, long clockMs)
    {
        lock (_change) WriteLocked(batch, count, baseTimestampMs, maxTimestampMs, tag, clockMs);
    }

    private void WriteLocked(Span<byte> batch, int count, long baseTimestampMs, long maxTimestampMs, long tag, long clockMs)
    {
        if (_segments[^1].EndBytes >= _options.SegmentBytes) Roll();
        RecordBatchHeader.Write(batch, NextOffset, count, baseTimestampMs, maxTimestampMs, tag, checked((int)(_next - _durable)));
        _segments[^1].Write(batch);
        if (!RecordBatchHeader.TryRead(batch, out var header)) throw new InvalidOperationException("A batch that was just made cannot be read.");
        _segments[^1].Advance(header);
        Volatile.Write(ref _next, header.NextOffset.Value);
        if (UnsyncedBytes == 0) UnsyncedSinceMs = clockMs;
        UnsyncedBytes += batch.Length;
    }

    internal void Sync() => Volatile.Read(ref _segments)[^1].Sync();

    /// <summary>
    /// Writes the records before an offset anew, as an editor says: they keep their offsets and timestamps. All log segments that
    /// hold one are closed first; each is replaced by itself, at once and durably. Gives the records that were changed and the
    /// segments that hold them. One at a time; appends and reads go on.
    /// </summary>
    internal (long Records, int Segments) Rewrite(LogOffset end, RecordEditor edit, long nowMs)
    {
        lock (_change)
        {
            CloseDeleted(nowMs);
            if (_segments[^1].BaseOffset < end && _segments[^1].EndBytes > 0) Roll();
        }

        var rewriter = new SegmentRewriter(_disk, _directory);
        var rewritten = 0;
        foreach (var old in Volatile.Read(ref _segments).Where(s => s.BaseOffset < end && s.EndBytes > 0))
        {
            if (!rewriter.TryRewrite(old, edit)) continue;
            var replaced = new LogSegment(_disk.Open(Path.Combine(_directory, LogSegment.NameOf(old.BaseOffset)), create: false), old.BaseOffset, _options.ExtentBytes);
            replaced.Recover(isLast: false, checkSums: false);
            lock (_change)
            {
                Volatile.Write(ref _segments, [.. _segments.Select(s => ReferenceEquals(s, old) ? replaced : s)]);
                _deleted.Add((old, nowMs));
            }

            rewritten++;
        }

        return (rewriter.Records, rewritten);
    }

    /// <summary>Closes files that have been deleted or replaced long enough ago for their readers to have left.</summary>
    internal void CloseDeleted(long nowMs)
    {
        lock (_change)
        {
            for (var i = _deleted.Count - 1; i >= 0; i--)
            {
                if (nowMs - _deleted[i].DeletedAtMs < ReadersLeaveMs) continue;
                _deleted[i].Segment.Dispose();
                _deleted.RemoveAt(i);
            }
        }
    }

    internal void MarkDurable()
    {
        UnsyncedBytes = 0;
        Volatile.Write(ref _durable, _next);
    }

    /// <summary>
    /// Deletes the oldest log segments that the settings no longer keep; the last one always stays. A file that is being read is
    /// closed a minute later.
    /// </summary>
    internal void ApplyRetention(long nowMs, long clockMs)
    {
        lock (_change) DeleteOldest(nowMs, clockMs);
    }

    private void DeleteOldest(long nowMs, long clockMs)
    {
        CloseDeleted(clockMs);
        var first = 0;
        var size = SizeBytes;
        for (; first < _segments.Length - 1; first++)
        {
            var segment = _segments[first];
            var isOld = Settings.RetentionTime is { } age && segment.MaxTimestampMs < nowMs - (long)age.TotalMilliseconds;
            var isTooMuch = Settings.RetentionBytes is { } bytes && size - segment.EndBytes >= bytes;
            if (!isOld && !isTooMuch) break;
            size -= segment.EndBytes;
        }

        if (first == 0) return;
        var gone = _segments[..first];
        Volatile.Write(ref _segments, _segments[first..]);
        // Oldest first, each name durable before the next: what is left after a crash has no hole.
        foreach (var segment in gone)
        {
            _disk.Delete(segment.Path);
            _disk.SyncDirectory(_directory);
            _deleted.Add((segment, clockMs));
        }
    }

    private void Roll()
    {
        _segments[^1].Sync();
        var segment = CreateSegment(NextOffset);
        Volatile.Write(ref _segments, [.. _segments, segment]);
    }

    private LogSegment CreateSegment(LogOffset baseOffset)
    {
        var file = _disk.Open(Path.Combine(_directory, LogSegment.NameOf(baseOffset)), create: true);
        try
        {
            _disk.SyncDirectory(_directory);
            return new LogSegment(file, baseOffset, _options.ExtentBytes);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private LogSegment[] OpenSegments()
    {
        var names = _disk.List(_directory).Where(n => n.EndsWith(LogSegment.Extension, StringComparison.Ordinal)).ToList();
        if (names.Count == 0) return [CreateSegment(default)];
        var segments = new LogSegment[names.Count];
        for (var i = 0; i < segments.Length; i++)
        {
            var baseOffset = new LogOffset(long.Parse(names[i].AsSpan(0, 20), System.Globalization.CultureInfo.InvariantCulture));
            segments[i] = new LogSegment(_disk.Open(Path.Combine(_directory, names[i]), create: false), baseOffset, _options.ExtentBytes);
            var last = i == segments.Length - 1;
            if (i > 0 && _next != baseOffset.Value)
                throw new StorageException(StorageError.Corrupt, $"{segments[i].Path} starts at offset {baseOffset}, but the segment before it ends at {_next}: records {_next} to {baseOffset.Value - 1} are missing. Restore the missing file from a backup.");
            // Older segments were synced before the next was begun; their batches are checked when they are read.
            _next = segments[i].Recover(isLast: last, checkSums: last).Value;
        }

        return segments;
    }

    private LogSegment SegmentOf(LogOffset offset)
    {
        var segments = Volatile.Read(ref _segments);
        for (var i = segments.Length - 1; i > 0; i--)
            if (segments[i].BaseOffset <= offset) return segments[i];
        return segments[0];
    }

    private static StorageException Damaged(LogSegment segment, long position) =>
        new(StorageError.Corrupt, $"{segment.Path} is damaged at byte {position}: a record batch there cannot be read. Restore the file from a backup.");
}
