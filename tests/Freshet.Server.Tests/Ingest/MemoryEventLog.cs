using System.Text;
using Freshet.Server.Ingest;

namespace Freshet.Server.Tests.Ingest;

/// <summary>A log in memory: durable at once, or when the test says so, or never.</summary>
internal sealed class MemoryEventLog : IEventLog
{
    private readonly Lock _gate = new();
    private readonly List<(string Key, string Value)> _records = [];
    private TaskCompletionSource? _held;

    public long PendingBytes { get; set; }

    /// <summary>The next append fails with this.</summary>
    public Exception? FailWith { get; set; }

    public IReadOnlyList<(string Key, string Value)> Records
    {
        get
        {
            lock (_gate) return [.. _records];
        }
    }

    /// <summary>Appends are queued but not durable until <see cref="Release"/>.</summary>
    public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What is held becomes durable, or fails and is gone.</summary>
    public void Release(Exception? failure = null)
    {
        var held = _held!;
        _held = null;
        if (failure is null) held.SetResult();
        else held.SetException(failure);
    }

    public async ValueTask<long> AppendAsync(StagedEvents events, long receivedAt)
    {
        if (FailWith is { } failure)
        {
            FailWith = null;
            throw failure;
        }

        long last;
        lock (_gate)
        {
            for (var i = 0; i < events.Count; i++)
                if (!events[i].IsRepeat) _records.Add((Encoding.UTF8.GetString(events.Key(events[i])), Encoding.UTF8.GetString(events.Value(events[i]))));
            last = _records.Count - 1;
        }

        try
        {
            if (_held is { } held) await held.Task;
        }
        catch
        {
            lock (_gate) _records.RemoveAt((int)last);
            throw;
        }

        return last;
    }

    public bool IsDiskFull { get; set; }

    public long LastRejected => -1;

    public long LastDurable
    {
        get
        {
            lock (_gate) return _records.Count - 1;
        }
    }

    /// <summary>The records of the topic of rejected events.</summary>
    public List<string> Rejected { get; } = [];

    public ValueTask RejectAsync(IReadOnlyList<byte[]> records, long rejectedAt)
    {
        lock (_gate) Rejected.AddRange(records.Select(r => System.Text.Encoding.UTF8.GetString(r)));
        return ValueTask.CompletedTask;
    }

    public byte[]? Read(long sequence)
    {
        lock (_gate) return sequence < _records.Count ? System.Text.Encoding.UTF8.GetBytes(_records[(int)sequence].Value) : null;
    }

    public void Read(long from, long to, SequenceVisitor visit)
    {
        for (var i = from; i < to; i++)
            if (Read(i) is { } record) visit(i, record, 0);
    }

    public void ReadRejected(EventVisitor visit)
    {
        foreach (var record in Rejected.ToList()) visit(System.Text.Encoding.UTF8.GetBytes(record), 0);
    }
}
