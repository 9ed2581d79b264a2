using System.Collections.Concurrent;
using System.Diagnostics;
using Freshet.Log.Records;
using Freshet.Storage;

namespace Freshet.Log;

/// <summary>
/// The topics of a data directory, and their group commit: whatever has arrived while the last sync was in flight is written
/// and synced together, one batch for each partition, all files in parallel. There is no artificial wait.
/// <para>An append is answered when it is durable and not before. After a failed write of a sync nothing is acknowledged any
/// more, every waiter gets the failure, and <see cref="Failed"/> tells the process to stop: it recovers from what is on disk.
/// A full disk refuses the appends that do not fit and leaves what was there.</para>
/// </summary>
public sealed class LogStore : IDisposable
{
    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly LogOptions _options;
    private readonly IDisposable _lock;
    private readonly ConcurrentDictionary<(string Topic, int Index), Partition> _partitions = new();
    private readonly Lock _openLock = new();
    private readonly ConcurrentQueue<RecordSet> _pending = new();
    private readonly SemaphoreSlim _signal = new(0);
    private readonly Thread _committer;
    private readonly List<RecordSet> _group = [];
    private readonly List<Partition> _dirty = [];
    private byte[] _batch = new byte[1 << 20];
    private long _pendingBytes;
    private int _signalled;
    private Exception? _failure;
    private volatile bool _stopping;

    private LogStore(IDisk disk, string directory, LogOptions options, bool runCommitter)
    {
        _disk = disk;
        _directory = directory;
        _options = options;
        disk.CreateDirectory(directory);
        _lock = disk.Lock(directory);
        _committer = new Thread(CommitLoop) { IsBackground = true, Name = "freshet-committer" };
        if (runCommitter) _committer.Start();
    }

    /// <summary>Bytes appended and not yet durable.</summary>
    public long PendingBytes => Interlocked.Read(ref _pendingBytes);

    /// <summary>Syncs since the start, and the time that they took.</summary>
    public long Syncs { get; private set; }

    public TimeSpan SyncTime { get; private set; }

    public IEnumerable<Partition> Partitions => _partitions.Values;

    /// <summary>Records have been written and are about to be synced. Called on the committer's thread: returns at once.</summary>
    public event Action? Written;

    /// <summary>A group is durable. Called on the committer's thread: returns at once.</summary>
    public event Action? Synced;

    /// <summary>Called once, on the committer's thread, when nothing can be made durable any more.</summary>
    public event Action<Exception>? Failed;

    /// <summary>Opens a data directory and owns it until disposed.</summary>
    /// <exception cref="StorageException">In use by another process, not writable, or damaged.</exception>
    public static LogStore Open(IDisk disk, string directory, LogOptions? options = null) => new(disk, directory, options ?? new LogOptions(), runCommitter: true);

    /// <summary>As <see cref="Open"/>, but commits happen only in <see cref="CommitOnce"/>: for tests that decide the order of things.</summary>
    public static LogStore OpenManual(IDisk disk, string directory, LogOptions? options = null) => new(disk, directory, options ?? new LogOptions(), runCommitter: false);

    /// <summary>Opens a partition, or makes it: the folder <c>topic-index</c>.</summary>
    public Partition OpenPartition(string topic, int index = 0)
    {
        lock (_openLock)
        {
            if (_partitions.TryGetValue((topic, index), out var partition)) return partition;
            partition = new Partition(_disk, Path.Combine(_directory, $"{topic}-{index}"), topic, index, _options);
            _partitions[(topic, index)] = partition;
            return partition;
        }
    }

    /// <summary>Whether a partition is on disk.</summary>
    public bool HasPartition(string topic, int index = 0) => _disk.Exists(Path.Combine(_directory, $"{topic}-{index}"));

    /// <summary>
    /// Appends records; completes with the offset of the first when all are durable. Takes over the set. Appends of one thread to
    /// one partition keep their order.
    /// </summary>
    /// <exception cref="StorageException">The log has failed, or the disk is full.</exception>
    public ValueTask<LogOffset> AppendAsync(Partition partition, RecordSet records)
    {
        if (records.Count == 0) throw new ArgumentException("There is nothing to append.", nameof(records));
        if (Volatile.Read(ref _failure) is { } failure) throw Stopped(failure);
        Interlocked.Add(ref _pendingBytes, records.Bytes);
        var answer = records.BeginAppend(partition);
        _pending.Enqueue(records);
        if (Interlocked.Exchange(ref _signalled, 1) == 0) _signal.Release();
        return answer;
    }

    /// <summary>Whether more may be appended now; where not, the caller says "busy" to its own caller.</summary>
    public bool HasRoom => PendingBytes < _options.PendingMaxBytes;

    /// <summary>Writes and syncs one group of what is pending; false when there was nothing.</summary>
    public bool CommitOnce()
    {
        TakeGroup();
        if (_group.Count == 0) return false;
        if (_failure is not null)
        {
            FailGroup(Stopped(_failure));
            return true;
        }

        try
        {
            WriteGroup();
            Written?.Invoke();
            SyncDirty();
            foreach (var partition in _dirty) partition.MarkDurable();
            Synced?.Invoke();
        }
        catch (Exception e)
        {
            Volatile.Write(ref _failure, e);
            FailGroup(Stopped(e));
            Failed?.Invoke(e);
            return true;
        }

        foreach (var set in _group)
        {
            Interlocked.Add(ref _pendingBytes, -set.Bytes);
            set.Complete();
        }

        return true;
    }

    public void Dispose()
    {
        _stopping = true;
        _signal.Release();
        if (_committer.IsAlive) _committer.Join();
        while (CommitOnce())
        {
        }

        foreach (var partition in _partitions.Values) partition.Dispose();
        _lock.Dispose();
        _signal.Dispose();
    }

    private void CommitLoop()
    {
        while (!_stopping)
        {
            _signal.Wait();
            // A full fence: were the store to pass the look at the queue, an append between the two would wake nobody.
            Interlocked.Exchange(ref _signalled, 0);
            while (CommitOnce())
            {
            }
        }
    }

    /// <summary>Takes what is pending, up to the group's size; a partition's records of another tag wait for the next group.</summary>
    private void TakeGroup()
    {
        _group.Clear();
        long bytes = 0;
        while (_pending.TryPeek(out var set) && (bytes == 0 || bytes + set.Bytes <= _options.GroupMaxBytes))
        {
            foreach (var other in _group)
                if (other.Target == set.Target && other.Tag != set.Tag) return;
            _pending.TryDequeue(out _);
            _group.Add(set);
            bytes += set.Bytes;
        }
    }

    private void WriteGroup()
    {
        _dirty.Clear();
        foreach (var set in _group)
            if (!_dirty.Contains(set.Target!)) _dirty.Add(set.Target!);
        for (var i = _dirty.Count - 1; i >= 0; i--)
        {
            var partition = _dirty[i];
            try
            {
                WriteBatch(partition);
            }
            catch (StorageException e) when (e.Error == StorageError.DiskFull)
            {
                // Nothing of the batch counts; what fits later is taken later.
                _dirty.RemoveAt(i);
                FailOf(partition, e);
            }
        }
    }

    private void WriteBatch(Partition partition)
    {
        var count = 0;
        long tag = -1;
        var baseTimestamp = long.MaxValue;
        var maxTimestamp = long.MinValue;
        var room = RecordBatchHeader.SizeBytes;
        foreach (var set in _group)
        {
            if (set.Target != partition) continue;
            tag = set.Tag;
            room += set.Bytes + set.Count * (3 * Varint.MaxBytes + 1);
            for (var at = 0; at < set.Bytes;)
            {
                at = set.Read(at, out var timestamp, out _);
                baseTimestamp = Math.Min(baseTimestamp, timestamp);
                maxTimestamp = Math.Max(maxTimestamp, timestamp);
            }
        }

        if (_batch.Length < room) _batch = new byte[Math.Max(room, _batch.Length * 2)];
        var end = RecordBatchHeader.SizeBytes;
        foreach (var set in _group)
        {
            if (set.Target != partition) continue;
            set.First = partition.NextOffset + count;
            for (var at = 0; at < set.Bytes;)
            {
                at = set.Read(at, out var timestamp, out var tail);
                end += WriteRecord(_batch.AsSpan(end), timestamp - baseTimestamp, count, tail);
                count++;
            }
        }

        partition.Write(_batch.AsSpan(0, end), count, baseTimestamp, maxTimestamp, tag);
    }

    private static int WriteRecord(Span<byte> target, long timestampDelta, int offsetDelta, ReadOnlySpan<byte> tail)
    {
        var at = Varint.Write(target, 1 + Varint.SizeOf(timestampDelta) + Varint.SizeOf(offsetDelta) + tail.Length);
        target[at++] = 0;
        at += Varint.Write(target[at..], timestampDelta);
        at += Varint.Write(target[at..], offsetDelta);
        tail.CopyTo(target[at..]);
        return at + tail.Length;
    }

    /// <summary>All files at once: the group's latency is that of its slowest sync.</summary>
    private void SyncDirty()
    {
        var start = Stopwatch.GetTimestamp();
        if (_dirty.Count == 1) _dirty[0].Sync();
        else if (_dirty.Count > 1) Parallel.ForEach(_dirty, partition => partition.Sync());
        SyncTime += Stopwatch.GetElapsedTime(start);
        Syncs++;
    }

    private void FailOf(Partition partition, Exception reason)
    {
        for (var i = _group.Count - 1; i >= 0; i--)
        {
            if (_group[i].Target != partition) continue;
            Interlocked.Add(ref _pendingBytes, -_group[i].Bytes);
            _group[i].Fail(reason);
            _group.RemoveAt(i);
        }
    }

    private void FailGroup(Exception reason)
    {
        foreach (var set in _group)
        {
            Interlocked.Add(ref _pendingBytes, -set.Bytes);
            set.Fail(reason);
        }

        _group.Clear();
    }

    private static StorageException Stopped(Exception reason) =>
        new(StorageError.Io, "The log has stopped because a write could not be made durable; restart the process to recover from what is on disk. " + reason.Message, reason);
}
