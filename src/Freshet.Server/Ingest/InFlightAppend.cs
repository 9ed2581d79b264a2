namespace Freshet.Server.Ingest;

/// <summary>
/// An append that has been queued and not yet answered: a node of <see cref="InFlightAppends"/>. It lies in its request's scratch
/// and points at the request's events, so it must leave the list before the scratch is returned.
/// </summary>
internal sealed class InFlightAppend
{
    private TaskCompletionSource? _answered;

    public StagedEvents? Events { get; set; }

    public InFlightAppend? Previous { get; set; }

    public InFlightAppend? Next { get; set; }

    /// <summary>Completes when the append is durable, or fails with it. Under the lock of the list.</summary>
    public Task Answered => (_answered ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Answers who waits; null is success.</summary>
    public void Answer(Exception? failure)
    {
        if (_answered is null) return;
        if (failure is null) _answered.SetResult();
        else _answered.SetException(failure);
        _answered = null;
    }
}

/// <summary>
/// The appends that wait for the disk, newest first. A repeat looks here for the first of its message id: found, it must share
/// that append's fate; not found, the first is durable. Only repeats search, and the list is as long as there are requests at once.
/// The caller holds the lock of ingest.
/// </summary>
internal sealed class InFlightAppends
{
    private InFlightAppend? _first;

    public void Add(InFlightAppend append, StagedEvents events)
    {
        append.Events = events;
        append.Previous = null;
        append.Next = _first;
        if (_first is not null) _first.Previous = append;
        _first = append;
    }

    public void Remove(InFlightAppend append)
    {
        if (append.Previous is null) _first = append.Next;
        else append.Previous.Next = append.Next;
        if (append.Next is not null) append.Next.Previous = append.Previous;
        append.Events = null;
        append.Previous = append.Next = null;
    }

    /// <summary>The append that takes an event of this fingerprint, or null.</summary>
    public InFlightAppend? Find((ulong High, ulong Low) fingerprint)
    {
        for (var append = _first; append is not null; append = append.Next)
        {
            var events = append.Events!;
            for (var i = 0; i < events.Count; i++)
                if (!events[i].IsRepeat && events[i].Fingerprint == fingerprint) return append;
        }

        return null;
    }
}
