namespace Freshet.Log;

/// <summary>
/// Syncs several files at once: the committer takes its share, and at most <see cref="ThreadsMax"/> threads of the log's own help it.
/// They start when a group first has two files. A failure of one is thrown when all have ended.
/// </summary>
internal sealed class FileSyncers : IDisposable
{
    public const int ThreadsMax = 3;

    private readonly List<Thread> _threads = [];
    private readonly SemaphoreSlim _work = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private IReadOnlyList<Partition> _files = [];
    private Exception? _failure;
    private int _next;
    private volatile bool _stopping;

    /// <summary>Returns when all files are durable.</summary>
    public void Sync(IReadOnlyList<Partition> files)
    {
        var helpers = Math.Min(files.Count - 1, ThreadsMax);
        if (helpers <= 0)
        {
            foreach (var file in files) file.Sync();
            return;
        }

        while (_threads.Count < helpers)
        {
            var thread = new Thread(Help) { IsBackground = true, Name = "freshet-sync" };
            _threads.Add(thread);
            thread.Start();
        }

        _files = files;
        _failure = null;
        _next = -1;
        _work.Release(helpers);
        TakeFiles();
        for (var i = 0; i < helpers; i++) _done.Wait();
        if (_failure is { } failure) throw failure;
    }

    public void Dispose()
    {
        _stopping = true;
        if (_threads.Count > 0) _work.Release(_threads.Count);
        foreach (var thread in _threads) thread.Join();
        _work.Dispose();
        _done.Dispose();
    }

    private void Help()
    {
        while (true)
        {
            _work.Wait();
            if (_stopping) return;
            TakeFiles();
            _done.Release();
        }
    }

    private void TakeFiles()
    {
        for (int i; (i = Interlocked.Increment(ref _next)) < _files.Count;)
        {
            try
            {
                _files[i].Sync();
            }
#pragma warning disable CA1031 // Whatever it was, the group is not durable; the committer throws it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref _failure, e, null);
            }
        }
    }
}
