namespace Freshet.Dataflow.Circuits;

/// <summary>A thread that runs one worker through the steps it is woken for, and sleeps between them.</summary>
internal sealed class WorkerThread : IDisposable
{
    private readonly Worker _worker;
    private readonly Circuit _circuit;
    private readonly SemaphoreSlim _start = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private readonly Thread _thread;
    private StepContext? _step;

    public WorkerThread(Worker worker, Circuit circuit, int number)
    {
        _worker = worker;
        _circuit = circuit;
        _thread = new Thread(Loop) { IsBackground = true, Name = $"freshet-worker-{number}" };
        _thread.Start();
    }

    public void Start(StepContext step)
    {
        _step = step;
        _start.Release();
    }

    /// <summary>Waits until the worker has finished its nodes of the step.</summary>
    public void Join() => _done.Wait();

    public void Dispose()
    {
        _step = null;
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
            if (_step is null) return;
            _circuit.RunWorker(_worker, _step);
            _done.Release();
        }
    }
}
