namespace Freshet.Log;

/// <summary>
/// Syncs several files at once: the committer takes one after another, and at most <see cref="ThreadsMax"/> threads of the log's own help it.
/// They start when a group first has two files. Nobody waits for a helper that has taken no file, so that one that gets no core costs nothing.
/// </summary>
internal sealed class FileSyncers : IDisposable
{
    public const int ThreadsMax = 3;

    private readonly List<Thread> _threads = [];
    private readonly SemaphoreSlim _work = new(0);
    private readonly AutoResetEvent _ended = new(false);
    private Round? _round;
    private volatile bool _stopping;

    /// <summary>Returns when all files are durable; a failure of one is thrown when all have ended.</summary>
    /// <param name="synced">Called for each file as soon as it is durable, on the thread that has synced it.</param>
    public void Sync(IReadOnlyList<Partition> files, Action<Partition> synced)
    {
        var helpers = Math.Min(files.Count - 1, ThreadsMax);
        if (helpers <= 0)
        {
            foreach (var file in files)
            {
                file.Sync();
                synced(file);
            }

            return;
        }

        while (_threads.Count < helpers)
        {
            var thread = new Thread(Help) { IsBackground = true, Name = "freshet-sync" };
            _threads.Add(thread);
            thread.Start();
        }

        var round = new Round([.. files], synced, _ended);
        Volatile.Write(ref _round, round);
        _work.Release(helpers);
        round.TakeFiles();
        _ended.WaitOne();
        if (round.Failure is { } failure) throw failure;
    }

    public void Dispose()
    {
        _stopping = true;
        if (_threads.Count > 0) _work.Release(_threads.Count);
        foreach (var thread in _threads) thread.Join();
        _work.Dispose();
        _ended.Dispose();
    }

    private void Help()
    {
        while (true)
        {
            _work.Wait();
            if (_stopping) return;
            // Whoever comes late finds a round without files, or the next one.
            Volatile.Read(ref _round)!.TakeFiles();
        }
    }

    /// <summary>The files of one group. Its last file ends it, whichever thread that is.</summary>
    private sealed class Round(Partition[] files, Action<Partition> synced, AutoResetEvent ended)
    {
        private Exception? _failure;
        private int _next = -1;
        private int _left = files.Length;

        public Exception? Failure => _failure;

        public void TakeFiles()
        {
            for (int i; (i = Interlocked.Increment(ref _next)) < files.Length;)
            {
                try
                {
                    files[i].Sync();
                    synced(files[i]);
                }
#pragma warning disable CA1031 // Whatever it was, the group is not durable; the committer throws it.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    Interlocked.CompareExchange(ref _failure, e, null);
                }

                if (Interlocked.Decrement(ref _left) == 0) ended.Set();
            }
        }
    }
}
