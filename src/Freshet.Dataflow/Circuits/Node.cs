using System.Collections.Immutable;
using Freshet.Columns;

namespace Freshet.Dataflow.Circuits;

/// <summary>An edge out of a node, resolved.</summary>
internal sealed record Outlet(int Output, int Target, int Port, Exchange Exchange, ImmutableArray<int> Key);

/// <summary>
/// One share of one node while the circuit lives: its operator, the batches that wait for it, and how far its step is.
/// Only the worker that owns the share touches it, except <see cref="Backlog"/>.
/// </summary>
internal sealed class Node(int index, int share, Operator? op, int ports, ImmutableArray<Outlet> outlets)
{
    private readonly Queue<(int Port, Batch Batch)> _queue = new();
    private readonly long[] _portWatermarks = Filled(ports, Operator.NoWatermark);
    private readonly long[] _marks = Filled(ports, Operator.EndWatermark);
    private readonly bool[] _marked = new bool[ports];

    public int Index { get; } = index;

    public int Share { get; } = share;

    public Operator? Operator { get; } = op;

    public ImmutableArray<Outlet> Outlets { get; } = outlets;

    public bool HasSides { get; } = outlets.Any(o => o.Output > 0);

    /// <summary>End marks still expected in this step.</summary>
    public int MarksLeft;

    /// <summary>Batches sent to this node and not yet accepted; read by other workers that ask for room.</summary>
    public int Backlog;

    public bool Producing;

    public bool EndCalled;

    /// <summary>The watermark of what has left this node, at the end of its last step.</summary>
    public long OutputWatermark = Operator.NoWatermark;

    /// <summary>Rows taken and time spent since the start, for EXPLAIN and metrics.</summary>
    public long RowsIn;

    public long RowsOut;

    public long BusyTicks;

    public bool HasInput => _queue.Count > 0;

    public void Enqueue(int port, Batch batch) => _queue.Enqueue((port, batch));

    public (int Port, Batch Batch) Dequeue() => _queue.Dequeue();

    /// <summary>The minimum over the ports' watermarks; a port that sees nothing of a step keeps its last one.</summary>
    public long InputWatermark
    {
        get
        {
            var least = Operator.EndWatermark;
            foreach (var watermark in _portWatermarks) least = Math.Min(least, watermark);
            return least;
        }
    }

    /// <summary>The watermark of each port.</summary>
    public ReadOnlySpan<long> PortWatermarks => _portWatermarks;

    /// <summary>Takes one end mark: a port's watermark is the least of its marks in the step.</summary>
    public void TakeMark(int port, long watermark)
    {
        _marks[port] = Math.Min(_marks[port], watermark);
        _marked[port] = true;
        MarksLeft--;
    }

    /// <summary>All marks are here: the ports' watermarks become those of this step.</summary>
    public void ApplyMarks()
    {
        for (var port = 0; port < _marks.Length; port++)
            if (_marked[port]) _portWatermarks[port] = _marks[port];
    }

    public void BeginStep(int marks)
    {
        Array.Fill(_marks, Operator.EndWatermark);
        Array.Clear(_marked);
        MarksLeft = marks;
        Producing = false;
        EndCalled = false;
    }

    private static long[] Filled(int ports, long value)
    {
        var values = new long[ports];
        Array.Fill(values, value);
        return values;
    }
}
