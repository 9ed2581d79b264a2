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
/// <para>Relaxed topics are answered when written and synced a little later (<see cref="TopicSettings.IsRelaxed"/>).</para>
/// </summary>
public sealed class LogStore : IDisposable
{
    private const int FullDiskRetryMs = 200;

    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly LogOptions _options;
    private readonly IDisposable _lock;
    private readonly ConcurrentDictionary<(string Topic, int Index), Partition> _partitions = new();
    private readonly Lock _openLock = new();
    private readonly ConcurrentQueue<RecordSet> _pending = new();
    // Not a SemaphoreSlim: the committer would spin before it sleeps, once a group.
    private readonly AutoResetEvent _signal = new(false);
    private readonly Thread _committer;
    private readonly List<Partition> _group = [];
    private readonly List<Partition> _toSync = [];
    private readonly BatchBuilder _builder = new();
    private readonly FileSyncers _syncers = new();
    private readonly Action<Partition> _answerDurable;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _retentionCheckedMs;
    private long _pendingBytes;
    private int _appending;
    private int _signalled;
    private Exception? _failure;
    private volatile bool _stopping;

    private LogStore(IDisk disk, string directory, LogOptions options, bool runCommitter)
    {
        _disk = disk;
        _directory = directory;
        _options = options;
        CreateDurably(disk, Path.GetFullPath(directory));
        _lock = disk.Lock(directory);
        _answerDurable = AnswerDurable;
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
    /// <param name="settings">What holds for the topic from now on; null leaves it as it is, at first the default.</param>
    public Partition OpenPartition(string topic, int index = 0, TopicSettings? settings = null)
    {
        lock (_openLock)
        {
            if (_partitions.TryGetValue((topic, index), out var partition))
            {
                partition.Settings = settings ?? partition.Settings;
                return partition;
            }

            partition = new Partition(_disk, Path.Combine(_directory, $"{topic}-{index}"), topic, index, _options) { Settings = settings ?? TopicSettings.Default };
            _partitions[(topic, index)] = partition;
            return partition;
        }
    }

    /// <summary>
    /// Appends records; completes with the offset of the first when all are durable, or of a relaxed topic written. Takes over the
    /// set. Appends of one thread to one partition keep their order.
    /// </summary>
    /// <exception cref="StorageException">The log has failed or is closed, or the disk is full.</exception>
    public ValueTask<LogOffset> AppendAsync(Partition partition, RecordSet records)
    {
        if (records.Count == 0) throw new ArgumentException("There is nothing to append.", nameof(records));
        if (Volatile.Read(ref _failure) is { } failure) throw Stopped(failure);
        // Whoever closes the log waits for those who are between these two lines, and then answers what they have queued.
        Interlocked.Increment(ref _appending);
        try
        {
            if (_stopping) throw new StorageException(StorageError.Io, "The log is closed: nothing can be appended any more.");
            Interlocked.Add(ref _pendingBytes, records.Bytes);
            var answer = records.BeginAppend(partition);
            _pending.Enqueue(records);
            if (Interlocked.Exchange(ref _signalled, 1) == 0) _signal.Set();
            return answer;
        }
        finally
        {
            Interlocked.Decrement(ref _appending);
        }
    }

    /// <summary>
    /// As <see cref="AppendAsync"/>, for the engine's own records, which nobody can send again: while the disk is full it waits for
    /// room and tries again.
    /// </summary>
    public async Task<LogOffset> AppendWhenRoomAsync(Partition partition, RecordSet records)
    {
        records.StaysOnFailure = true;
        while (true)
        {
            try
            {
                return await AppendAsync(partition, records).ConfigureAwait(false);
            }
            catch (StorageException e) when (e.Error == StorageError.DiskFull)
            {
                await Task.Delay(FullDiskRetryMs).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether a topic's last write was refused because the disk is full.</summary>
    public bool IsDiskFull => _partitions.Values.Any(p => p.IsDiskFull);

    /// <summary>Whether more may be appended now; where not, the caller says "busy" to its own caller.</summary>
    public bool HasRoom => PendingBytes < _options.PendingMaxBytes;

    /// <summary>Writes and syncs one group of what is pending, and what is due of relaxed topics; false when there was nothing.</summary>
    public bool CommitOnce()
    {
        TakeGroup();
        var any = _group.Count > 0;
        if (_failure is not null)
        {
            AnswerAll(Stopped(_failure));
            return any;
        }

        try
        {
            WriteGroup();
            ChooseSyncs();
            if (_group.Count > 0) Written?.Invoke();
            AnswerRelaxed();
            if (_toSync.Count > 0) SyncChosen();
        }
        catch (Exception e)
        {
            Volatile.Write(ref _failure, e);
            AnswerAll(Stopped(e));
            Failed?.Invoke(e);
            return true;
        }

        AnswerAll(null);
        return any;
    }

    /// <summary>
    /// Writes a topic's records before an offset anew, as an editor says (<see cref="RecordEditor"/>); durable when it returns. Any thread
    /// but the committer's, one at a time; appends go on. After a throw each log segment is the old or the new one, and the same call
    /// again does what is left.
    /// </summary>
    public (long Records, int Segments) Rewrite(Partition partition, LogOffset end, RecordEditor edit)
    {
        if (Volatile.Read(ref _failure) is { } failure) throw Stopped(failure);
        try
        {
            var done = partition.Rewrite(end, edit, Environment.TickCount64);
            if (done.Segments > 0) _ = CloseLaterAsync(partition);
            return done;
        }
        catch (StorageException e) when (e.Error == StorageError.Io)
        {
            // It may be the sync of what has been appended that failed.
            Volatile.Write(ref _failure, e);
            Failed?.Invoke(e);
            throw;
        }
    }

    /// <summary>A replaced file's bytes are gone when nobody has it open any more.</summary>
    private async Task CloseLaterAsync(Partition partition)
    {
        await Task.Delay(Partition.ReadersLeaveMs + 1000).ConfigureAwait(false);
        if (!_stopping) partition.CloseDeleted(Environment.TickCount64);
    }

    /// <summary>Deletes log segments that have outlived the retention of their topics.</summary>
    public void ApplyRetention(DateTimeOffset now)
    {
        foreach (var partition in _partitions.Values) partition.ApplyRetention(now.ToUnixTimeMilliseconds(), Environment.TickCount64);
    }

    public void Dispose()
    {
        _stopping = true;
        SpinWait.SpinUntil(() => Volatile.Read(ref _appending) == 0);
        _signal.Set();
        if (_committer.IsAlive) _committer.Join();
        while (CommitOnce())
        {
        }

        SyncRelaxed();
        _syncers.Dispose();
        foreach (var partition in _partitions.Values) partition.Dispose();
        _lock.Dispose();
        _signal.Dispose();
    }

    /// <summary>A directory and those above it; the name of each new one is durable in its parent, and that of the last in any case.</summary>
    private static void CreateDurably(IDisk disk, string directory)
    {
        var isNew = !disk.Exists(directory);
        var parents = new Stack<string>();
        for (var path = directory; Path.GetDirectoryName(path) is { } parent && (path == directory || !disk.Exists(path)); path = parent) parents.Push(parent);
        disk.CreateDirectory(directory);
        foreach (var parent in parents)
        {
            try
            {
                disk.SyncDirectory(parent);
            }
            catch (StorageException e) when (e.Error == StorageError.Denied && !isNew)
            {
                // The directory was given to this user by another one, who made it durable.
            }
        }
    }

    private void CommitLoop()
    {
        while (!_stopping)
        {
            _signal.WaitOne(WaitMs());
            // A full fence: were the store to pass the look at the queue, an append between the two would wake nobody.
            Interlocked.Exchange(ref _signalled, 0);
            while (CommitOnce())
            {
            }

            CheckRetention();
        }
    }

    /// <summary>Until a relaxed topic or the retention is due.</summary>
    private int WaitMs()
    {
        var due = long.MaxValue;
        if (_failure is not null) return Timeout.Infinite;
        foreach (var partition in _partitions.Values)
        {
            if (partition.UnsyncedBytes > 0) due = Math.Min(due, partition.UnsyncedSinceMs + _options.RelaxedSyncMs);
            if (!partition.Settings.KeepsAll) due = Math.Min(due, _retentionCheckedMs + _options.RetentionCheckMs);
        }

        return due == long.MaxValue ? Timeout.Infinite : (int)Math.Clamp(due - _clock.ElapsedMilliseconds, 1, int.MaxValue);
    }

    private void CheckRetention()
    {
        if (_failure is not null || _clock.ElapsedMilliseconds < _retentionCheckedMs + _options.RetentionCheckMs) return;
        _retentionCheckedMs = _clock.ElapsedMilliseconds;
        try
        {
            ApplyRetention(DateTimeOffset.UtcNow);
        }
        catch (StorageException e)
        {
            Volatile.Write(ref _failure, e);
            Failed?.Invoke(e);
        }
    }

    /// <summary>Takes what is pending, up to the group's size; a partition's records of another tag wait for the next group.</summary>
    private void TakeGroup()
    {
        _group.Clear();
        long bytes = 0;
        while (_pending.TryPeek(out var set) && (bytes == 0 || bytes + set.Bytes <= _options.GroupMaxBytes))
        {
            var waiting = set.Target!.Group;
            if (waiting.Count > 0 && waiting[0].Tag != set.Tag) return;
            _pending.TryDequeue(out _);
            if (waiting.Count == 0) _group.Add(set.Target);
            waiting.Add(set);
            bytes += set.Bytes;
        }
    }

    private void WriteGroup()
    {
        foreach (var partition in _group)
        {
            try
            {
                var batch = _builder.Build(partition.Group, partition.NextOffset);
                partition.Write(batch, _builder.Count, _builder.BaseTimestampMs, _builder.MaxTimestampMs, partition.Group[0].Tag, _clock.ElapsedMilliseconds);
                partition.IsDiskFull = false;
            }
            catch (StorageException e) when (e.Error == StorageError.DiskFull)
            {
                // Nothing of the batch counts; what fits later is taken later.
                partition.IsDiskFull = true;
                Answer(partition, e);
            }
        }

        _group.RemoveAll(p => p.Group.Count == 0);
    }

    private void ChooseSyncs()
    {
        _toSync.Clear();
        var now = _clock.ElapsedMilliseconds;
        foreach (var partition in _partitions.Values)
        {
            if (partition.UnsyncedBytes == 0) continue;
            var canWait = partition.Settings.IsRelaxed && partition.UnsyncedBytes < _options.RelaxedSyncBytes && now < partition.UnsyncedSinceMs + _options.RelaxedSyncMs;
            if (!canWait) _toSync.Add(partition);
        }
    }

    /// <summary>All files at once; each one's appends are answered when it is durable, whatever the others do.</summary>
    private void SyncChosen()
    {
        var start = Stopwatch.GetTimestamp();
        _syncers.Sync(_toSync, _answerDurable);
        SyncTime += Stopwatch.GetElapsedTime(start);
        Syncs++;
        Synced?.Invoke();
    }

    /// <summary>Of the thread that has synced the file; the committer waits meanwhile.</summary>
    private void AnswerDurable(Partition partition)
    {
        partition.MarkDurable();
        Answer(partition, null);
    }

    /// <summary>At a close that follows no failure, what was answered before its sync is synced.</summary>
    private void SyncRelaxed()
    {
        if (_failure is not null) return;
        try
        {
            _toSync.Clear();
            _toSync.AddRange(_partitions.Values.Where(p => p.UnsyncedBytes > 0));
            if (_toSync.Count > 0) SyncChosen();
        }
        catch (StorageException e)
        {
            Failed?.Invoke(e);
        }
    }

    /// <summary>What is answered when it is written waits for nobody's sync.</summary>
    private void AnswerRelaxed()
    {
        foreach (var partition in _group)
            if (partition.Settings.IsRelaxed) Answer(partition, null);
    }

    private void AnswerAll(Exception? failure)
    {
        foreach (var partition in _group) Answer(partition, failure);
        _group.Clear();
    }

    private void Answer(Partition partition, Exception? failure)
    {
        foreach (var set in partition.Group)
        {
            Interlocked.Add(ref _pendingBytes, -set.Bytes);
            if (failure is null) set.Complete();
            else set.Fail(failure);
        }

        partition.Group.Clear();
    }

    private static StorageException Stopped(Exception reason) =>
        new(StorageError.Io, "The log has stopped because a write could not be made durable; restart the process to recover from what is on disk. " + reason.Message, reason);
}
