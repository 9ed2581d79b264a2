using System.Collections.Immutable;
using Freshet.Columns;

namespace Freshet.Dataflow.Circuits;

/// <summary>An edge out of a node, resolved.</summary>
internal sealed record Outlet(int Output, int Target, int Port, Exchange Exchange, ImmutableArray<int> Key);

/// <summary>
/// One share of one node while the circuit lives: its operator, the batches that wait for it, and how far its step is.
/// Only the worker that owns the share touches it, except <see cref="Backlog"/>.
/// </summary>
internal sealed class Node(int index, int share, Operator? op, int ports, ImmutableArray<Outlet> outlets) : IDisposable
{
    private readonly Queue<(int Port, Batch Batch)> _queue = new();

    public int Index { get; } = index;

    public int Share { get; } = share;

    public Operator? Operator { get; } = op;

    public ImmutableArray<Outlet> Outlets { get; } = outlets;

    /// <summary>Whether the operator hears nothing of a step that brings it no row.</summary>
    public bool Rests { get; } = op?.RestsWithoutRows == true;

    /// <summary>Whether the step has brought it rows.</summary>
    public bool HadRows;

    public bool HasSides { get; } = outlets.Any(o => o.Output > 0);

    private readonly int[] _unread = [.. Enumerable.Range(0, op?.Sides ?? 0).Where(side => outlets.All(o => o.Output != side + 1))];

    /// <summary>The watermarks of its inputs.</summary>
    public PortMarks Marks { get; } = new(ports);

    /// <summary>End marks still expected in this step.</summary>
    public int MarksLeft;

    /// <summary>Batches sent to this node and not yet accepted; read by other workers that ask for room.</summary>
    public int Backlog;

    public bool Producing;

    public bool EndCalled;

    /// <summary>The mark of what has left this node, at the end of its last step.</summary>
    public Mark OutputMark = Mark.None;

    /// <summary>Rows taken and time spent since the start, for EXPLAIN and metrics.</summary>
    public long RowsIn;

    public long RowsOut;

    public long BusyTicks;

    public bool HasInput => _queue.Count > 0;

    public void Enqueue(int port, Batch batch)
    {
        HadRows = true;
        _queue.Enqueue((port, batch));
    }

    public (int Port, Batch Batch) Dequeue() => _queue.Dequeue();

    /// <summary>Gives back the operator's state, and the batches that a failed step has left.</summary>
    public void Dispose()
    {
        while (_queue.TryDequeue(out var waiting)) waiting.Batch.Release();
        for (var side = 0; side < Operator?.Sides; side++) Drop(side);
        Operator?.Dispose();
    }

    /// <summary>Drops the rows of side outputs that nobody reads.</summary>
    public void DropUnread()
    {
        foreach (var side in _unread) Drop(side);
    }

    /// <summary>Takes one end mark.</summary>
    public void TakeMark(int port, Mark mark)
    {
        Marks.Take(port, mark);
        MarksLeft--;
    }

    public void BeginStep(int marks)
    {
        Marks.BeginStep();
        MarksLeft = marks;
        Producing = false;
        EndCalled = false;
        HadRows = false;
    }

    private void Drop(int side)
    {
        while (Operator!.TakeSide(side) is { } rows) rows.Release();
    }
}
