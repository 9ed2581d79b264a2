namespace Freshet.Dataflow.Circuits;

/// <summary>A thread of a circuit: it does one piece of work each time it is woken, and sleeps between them.</summary>
internal sealed class WorkerThread : IDisposable
{
    private readonly int _number;
    private readonly SemaphoreSlim _start = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private readonly Thread _thread;
    private Action<int>? _work;

    public WorkerThread(int number)
    {
        _number = number;
        _thread = new Thread(Loop) { IsBackground = true, Name = $"freshet-worker-{number}" };
        _thread.Start();
    }

    /// <summary>Begins the work, which gets the thread's number and throws nothing.</summary>
    public void Start(Action<int> work)
    {
        _work = work;
        _start.Release();
    }

    /// <summary>Waits until the work is done.</summary>
    public void Join() => _done.Wait();

    public void Dispose()
    {
        _work = null;
        _start.Release();
        _thread.Join();
        _start.Dispose();
        _done.Dispose();
    }

    private void Loop()
    {
        while (true)
        {
            _start.Wait();
            if (_work is null) return;
            _work(_number);
            _done.Release();
        }
    }
}
