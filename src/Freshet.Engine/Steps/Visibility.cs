namespace Freshet.Engine.Steps;

/// <summary>
/// How far each partition's rows are part of the published views, and who waits for more.
/// Positions only grow. Any thread may ask and wait; the engine's thread advances. A waiter is completed on the thread pool,
/// so that it cannot hold up a step.
/// </summary>
internal sealed class Visibility
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Source, int Partition), Progress> _progress = [];
    private Exception? _failure;

    /// <summary>The last published step.</summary>
    public long Step { get; private set; } = StepRunner.FirstStep;

    /// <summary>The clock of that step, µs since 1970; 0 before the first with input.</summary>
    private long _clockMicros;

    /// <summary>The last published step, its clock, and the first position of each topic that it does not hold.</summary>
    public (long Step, long ClockMicros, IReadOnlyDictionary<string, long> Ends) Now()
    {
        lock (_lock) return (Step, _clockMicros, _progress.Where(p => p.Key.Partition == 0).ToDictionary(p => p.Key.Source, p => p.Value.Visible));
    }

    /// <summary>Waits until the row at <paramref name="position"/> is visible; gives the step at or before which it became so.</summary>
    /// <exception cref="InvalidOperationException">The engine has stopped before the row became visible.</exception>
    public Task<long> WaitAsync(string source, int partition, long position, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_failure is not null) return Task.FromException<long>(_failure);
            var progress = ProgressOf(source, partition);
            if (position < progress.Visible) return Task.FromResult(Step);
            var waiter = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            progress.Waiters.Enqueue(waiter, position);
            return cancellation.CanBeCanceled ? waiter.Task.WaitAsync(cancellation) : waiter.Task;
        }
    }

    /// <summary>A step has been published with these rows.</summary>
    public void Publish(long step, long clockMicros, IReadOnlyList<Journals.StepInput> inputs)
    {
        lock (_lock)
        {
            Step = step;
            _clockMicros = clockMicros;
            foreach (var input in inputs)
            {
                var progress = ProgressOf(input.Source, input.Partition);
                progress.Visible = input.To;
                while (progress.Waiters.TryPeek(out var waiter, out var position) && position < input.To)
                {
                    progress.Waiters.Dequeue();
                    waiter.TrySetResult(step);
                }
            }
        }
    }

    /// <summary>The engine ends: nobody waits for ever.</summary>
    public void Fail(Exception reason)
    {
        lock (_lock)
        {
            _failure = new InvalidOperationException("The engine has stopped: " + reason.Message, reason);
            foreach (var progress in _progress.Values)
                while (progress.Waiters.TryDequeue(out var waiter, out _)) waiter.TrySetException(_failure);
        }
    }

    private Progress ProgressOf(string source, int partition)
    {
        if (!_progress.TryGetValue((source, partition), out var progress))
            _progress.Add((source, partition), progress = new Progress());
        return progress;
    }

    private sealed class Progress
    {
        public long Visible;

        public PriorityQueue<TaskCompletionSource<long>, long> Waiters { get; } = new();
    }
}
