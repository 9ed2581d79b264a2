namespace Freshet.Server.Subscriptions;

/// <summary>
/// The newest changes of one result, as messages, bounded in bytes and shared by all its readers. A reader is a step that it has got
/// to: nothing is kept for it, so that readers cost no memory and who is slower than the buffer is long finds its step gone.
/// Invariant: for every step from <see cref="Since"/> to <see cref="Step"/> that has changed the result its message is here, in order
/// of steps. One writer, any number of readers.
/// </summary>
internal sealed class ChangeBuffer(int bytesMax)
{
    private readonly Lock _gate = new();
    private readonly List<ChangeMessage> _messages = [];
    private int _first;
    private long _bytes;
    private TaskCompletionSource _changed = New();
    private ChangeMessage? _end;

    public int BytesMax => bytesMax;

    /// <summary>The step at which it began; the result as of it is what a query gave at its start.</summary>
    public long FirstStep { get; private set; }

    /// <summary>Readers at this step or a later one miss nothing.</summary>
    public long Since { get; private set; }

    /// <summary>The last step whose changes are here.</summary>
    public long Step { get; private set; }

    /// <summary>Nothing comes behind what is here.</summary>
    public bool HasEnded
    {
        get
        {
            lock (_gate) return _end is not null;
        }
    }

    public long Bytes
    {
        get
        {
            lock (_gate) return _bytes;
        }
    }

    /// <summary>Begins at a step: all of the changes after it will be added.</summary>
    public void Begin(long step)
    {
        lock (_gate) FirstStep = Since = Step = step;
    }

    /// <summary>Adds a step's changes; the oldest make room.</summary>
    public void Add(ChangeMessage message)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (message.Step <= Step) return;
            Step = message.Step;
            _messages.Add(message);
            _bytes += message.Json.Length;
            while (_bytes > bytesMax)
            {
                Since = _messages[_first].Step;
                _bytes -= _messages[_first].Json.Length;
                _messages[_first++] = null!;
            }

            if (_first > 64 && _first > _messages.Count / 2)
            {
                _messages.RemoveRange(0, _first);
                _first = 0;
            }

            changed = Renew();
        }

        changed.TrySetResult();
    }

    /// <summary>A step has changed nothing.</summary>
    public void Pass(long step)
    {
        lock (_gate) Step = Math.Max(Step, step);
    }

    /// <summary>The changes up to a step cannot be had: all readers before it have lost their place.</summary>
    public void Lose(long step)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _messages.Clear();
            _first = 0;
            _bytes = 0;
            Since = Step = Math.Max(Step, step);
            changed = Renew();
        }

        changed.TrySetResult();
    }

    /// <summary>There will be no more; readers get what is here, then this.</summary>
    public void End(ChangeMessage reason)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _end ??= reason;
            changed = Renew();
        }

        changed.TrySetResult();
    }

    /// <summary>The first message after a step, or the end; null where there is none yet, with the step up to which nothing has changed, and what to wait for.</summary>
    /// <param name="isLost">The changes after the step are no longer here.</param>
    public ChangeMessage? Next(long step, out bool isLost, out long upTo, out Task changed)
    {
        lock (_gate)
        {
            isLost = step < Since;
            upTo = Step;
            changed = _changed.Task;
            if (isLost) return null;
            var low = _first;
            var high = _messages.Count;
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (_messages[middle].Step > step) high = middle;
                else low = middle + 1;
            }

            return low < _messages.Count ? _messages[low] : _end;
        }
    }

    private TaskCompletionSource Renew()
    {
        var old = _changed;
        _changed = New();
        return old;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
