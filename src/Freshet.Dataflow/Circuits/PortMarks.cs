using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.Dataflow.Circuits;

/// <summary>
/// The watermarks of one node's inputs and what they come to: the least of those that are not idle, never going back. An input that has ended
/// counts only when all have; while all others are idle the node is idle, and its watermark stays (Flink's rule, except that there
/// an ended input beside an idle one ends the time of both).
/// <para>An input that was idle may go on behind the node's watermark. To keep a row late by its own position, not by a step's end, its rows then
/// get the watermark that the node had when it went on, until the input has caught up with that. Cost: nothing
/// while no input has been idle; a column of row watermarks for the batches of that while.</para>
/// </summary>
internal sealed class PortMarks(int ports)
{
    private readonly Port[] _ports = Fresh(ports);
    private readonly long[] _watermarks = Filled(ports);
    private bool _hasFloors;

    /// <summary>µs.</summary>
    public long Watermark { get; private set; } = Initial(ports);

    public bool IsIdle { get; private set; }

    /// <summary>The watermark of each port; a port that sees nothing of a step keeps its last one.</summary>
    public ReadOnlySpan<long> PortWatermarks => _watermarks;

    private struct Port
    {
        /// <summary>What the last step that it saw ended with.</summary>
        public bool IsIdle;

        /// <summary>The node's watermark when the input went on after being idle; µs.</summary>
        public long Floor;

        /// <summary>The least of the marks in this step, and whether one has come.</summary>
        public long Least;
        public bool IsMarked;
        public bool AllIdle;
    }

    public void BeginStep()
    {
        foreach (ref var port in _ports.AsSpan())
        {
            port.Least = Operator.EndWatermark;
            port.IsMarked = false;
            port.AllIdle = true;
        }
    }

    /// <summary>Takes the mark of one share of an input: the input's is the least of those that are not idle.</summary>
    public void Take(int index, Mark mark)
    {
        ref var port = ref _ports[index];
        port.IsMarked = true;
        if (mark.IsIdle) return;
        port.AllIdle = false;
        port.Least = Math.Min(port.Least, mark.Watermark);
    }

    /// <summary>All marks are here: the ports' watermarks become those of this step.</summary>
    public void Apply()
    {
        var least = Operator.EndWatermark;
        var hasIdle = false;
        _hasFloors = false;
        for (var i = 0; i < _ports.Length; i++)
        {
            ref var port = ref _ports[i];
            if (port.IsMarked)
            {
                if (port.IsIdle && !port.AllIdle) port.Floor = Watermark;
                port.IsIdle = port.AllIdle;
                if (!port.IsIdle) _watermarks[i] = port.Least;
            }

            if (_watermarks[i] >= port.Floor) port.Floor = Operator.NoWatermark;
            _hasFloors |= port.IsIdle || port.Floor != Operator.NoWatermark;
            hasIdle |= port.IsIdle;
            if (!port.IsIdle) least = Math.Min(least, _watermarks[i]);
        }

        IsIdle = hasIdle && least == Operator.EndWatermark;
        if (!IsIdle) Watermark = Math.Max(Watermark, least);
    }

    /// <summary>The batch with its rows' watermarks, where the input goes on, or went on, after being idle. Takes over the batch.</summary>
    public Batch Raised(int index, Batch batch)
    {
        if (!_hasFloors) return batch;
        var floor = _ports[index].IsIdle ? Watermark : _ports[index].Floor;
        return floor == Operator.NoWatermark ? batch : Raised(batch, floor);
    }

    private static unsafe Batch Raised(Batch batch, long floor)
    {
        var memory = BatchMemory.Create();
        var watermarks = memory.Allocate<long>(batch.Rows);
        for (var row = 0; row < batch.Rows; row++) watermarks[row] = batch.RowWatermarks is null ? floor : Math.Max(floor, batch.RowWatermarks[row]);
        // The batch itself may be read by others, for whom the input was never idle.
        var raised = batch.WithColumns(memory, batch.Columns);
        raised.RowWatermarks = watermarks;
        batch.Release();
        return raised;
    }

    /// <summary>A node without inputs is due by the clock alone: no input holds it back.</summary>
    private static long Initial(int ports) => ports == 0 ? Operator.EndWatermark : Operator.NoWatermark;

    private static Port[] Fresh(int count)
    {
        var ports = new Port[count];
        foreach (ref var port in ports.AsSpan()) port.Floor = Operator.NoWatermark;
        return ports;
    }

    private static long[] Filled(int count)
    {
        var values = new long[count];
        Array.Fill(values, Operator.NoWatermark);
        return values;
    }
}
