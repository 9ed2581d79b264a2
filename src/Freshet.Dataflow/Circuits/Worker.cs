using System.Collections.Concurrent;
using System.Diagnostics;
using System.Numerics;
using Freshet.Columns;

namespace Freshet.Dataflow.Circuits;

/// <summary>
/// Runs the nodes of the shares that it owns in this step: it empties its inbox, then runs the node nearest to the results
/// that has something to do and room ahead of it, until all its nodes are done.
/// <para>Running the deepest node first keeps the queues short: what has been made is used up before more is made. A node
/// whose output goes to other shares waits while a reader there has <see cref="RoomBatches"/> batches waiting. The deepest
/// node with input can always run, so this cannot lock.</para>
/// <para>A small step is run by one worker over all shares, without any inbox.</para>
/// <para>A worker with nothing to do spins for some <see cref="SpinsBeforeParking"/> looks and then parks. It is woken by a message, by
/// room in a queue that was full, and by a failure: each of them is made visible first and then looks for parked workers, while
/// a parking worker says so first and then looks for work, so no wake is lost.</para>
/// </summary>
internal sealed class Worker(Circuit circuit) : IDisposable
{
    private const int RoomBatches = 32;
    private const int SpinsBeforeParking = 10;

    private readonly ConcurrentQueue<Message> _inbox = new();
    private readonly ulong[] _ready = new ulong[(circuit.NodeCount * circuit.Shares + 63) / 64];
    private readonly SemaphoreSlim _wake = new(0);
    private int _nodesLeft;
    private int _isParked;

    /// <summary>A batch or an end mark (null batch) for a node of this worker.</summary>
    private readonly record struct Message(Node Target, int Port, Batch? Batch, Mark Mark);

    /// <summary>Called before the step, by the step's thread: this worker has <paramref name="nodes"/> active nodes to finish.</summary>
    public void Begin(int nodes) => _nodesLeft = nodes;

    /// <summary>Called before the step for nodes that have no marks to wait for.</summary>
    public void MarkReady(Node node)
    {
        // Bit order is node-major, so that the highest bit is the deepest node.
        var bit = node.Index * circuit.Shares + node.Share;
        _ready[bit >> 6] |= 1UL << bit;
    }

    /// <summary>Runs until every active node of this worker's shares is done.</summary>
    public void Run(StepContext step)
    {
        var spin = default(SpinWait);
        // One reading of the clock a turn: what a node does not take goes to the next.
        var clock = Stopwatch.GetTimestamp();
        while (_nodesLeft > 0)
        {
            if (circuit.HasFailed) return;
            Drain();
            if (TryPick(out var node))
            {
                spin.Reset();
                if (node.Rests && !node.HadRows)
                {
                    Pass(node);
                    continue;
                }

                circuit.BeforeBatch?.Invoke();
                RunNode(node, step);
                var now = Stopwatch.GetTimestamp();
                node.BusyTicks += now - clock;
                clock = now;
            }
            else if (_nodesLeft > 0)
            {
                if (spin.Count < SpinsBeforeParking) spin.SpinOnce(sleep1Threshold: -1);
                else Park();
                clock = Stopwatch.GetTimestamp();
            }
        }
    }

    /// <summary>Ends the wait of a parked worker; what it waits for is there already.</summary>
    public void Wake()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isParked) != 0 && Interlocked.Exchange(ref _isParked, 0) != 0) _wake.Release();
    }

    /// <summary>Between steps; batches are left in the inbox only where a step has failed.</summary>
    public void Dispose()
    {
        while (_inbox.TryDequeue(out var message)) message.Batch?.Release();
        _wake.Dispose();
    }

    private void Park()
    {
        Interlocked.Exchange(ref _isParked, 1);
        var hasWork = !_inbox.IsEmpty || circuit.HasFailed || TryPick(out _);

        // Who takes the mark back owes no wake; if a waker has, its wake is on the way.
        if (hasWork && Interlocked.Exchange(ref _isParked, 0) != 0) return;
        _wake.Wait();
    }

    /// <summary>Hands a batch to a node, which may belong to another worker. Takes over the batch's reference.</summary>
    public void Send(Node target, int port, Batch batch)
    {
        Interlocked.Increment(ref target.Backlog);
        var owner = circuit.OwnerOf(target.Share);
        if (ReferenceEquals(owner, this)) Receive(target, port, batch);
        else owner.Post(new Message(target, port, batch, default));
    }

    private void SendMark(Node target, int port, Mark mark)
    {
        var owner = circuit.OwnerOf(target.Share);
        if (ReferenceEquals(owner, this)) ReceiveMark(target, port, mark);
        else owner.Post(new Message(target, port, null, mark));
    }

    private void Post(Message message)
    {
        _inbox.Enqueue(message);
        Wake();
    }

    private void Drain()
    {
        while (_inbox.TryDequeue(out var message))
        {
            if (message.Batch is null) ReceiveMark(message.Target, message.Port, message.Mark);
            else Receive(message.Target, message.Port, message.Batch);
        }
    }

    private void Receive(Node target, int port, Batch batch)
    {
        target.Enqueue(port, batch);
        MarkReady(target);
    }

    private void ReceiveMark(Node target, int port, Mark mark)
    {
        target.TakeMark(port, mark);
        if (target.MarksLeft == 0) MarkReady(target);
    }

    private bool TryPick(out Node node)
    {
        for (var word = _ready.Length - 1; word >= 0; word--)
        {
            for (var bits = _ready[word]; bits != 0;)
            {
                var bit = 63 - BitOperations.LeadingZeroCount(bits);
                node = circuit.NodeAt((word << 6) + bit);
                if (circuit.HasRoomAhead(node, RoomBatches)) return true;
                bits &= ~(1UL << bit);
            }
        }

        node = null!;
        return false;
    }

    private void RunNode(Node node, StepContext step)
    {
        if (node.Producing)
        {
            var made = node.Operator!.Produce(step);
            if (made is not null)
            {
                Emit(node, 0, made);
                return;
            }

            node.Producing = false;
            if (node.HasSides) EmitSides(node);
            node.DropUnread();
        }

        if (node.HasInput)
        {
            var (port, batch) = node.Dequeue();
            if (Interlocked.Decrement(ref node.Backlog) == RoomBatches) circuit.WakeWorkers();
            node.RowsIn += batch.Count;
            node.Operator!.Accept(port, node.Marks.Raised(port, batch), step);
            node.Producing = true;
        }
        else if (node.MarksLeft == 0 && !node.EndCalled)
        {
            node.EndCalled = true;
            node.Marks.Apply();
            node.Operator!.TakePortWatermarks(node.Marks.PortWatermarks);
            node.Operator.EndOfInput(step, node.Marks.Watermark);
            node.Producing = true;
        }
        else if (node.EndCalled)
        {
            Finish(node, new Mark(node.Operator!.OutputWatermark(node.Marks.Watermark), node.Marks.IsIdle));
        }
        else
        {
            ClearReady(node);
        }
    }

    /// <summary>A node that rests is ready only when all its inputs have ended: its watermark goes on, and nothing else happens.</summary>
    private void Pass(Node node)
    {
        node.Marks.Apply();
        Finish(node, new Mark(node.Operator!.OutputWatermark(node.Marks.Watermark), node.Marks.IsIdle));
    }

    /// <summary>Ends a source for this step, before the workers start; <paramref name="owner"/> counts it as one of its nodes.</summary>
    public void EndSource(Node source, Worker owner, Mark mark)
    {
        owner._nodesLeft--;
        EmitMarks(source, mark);
    }

    private void Finish(Node node, Mark mark)
    {
        ClearReady(node);
        _nodesLeft--;
        EmitMarks(node, mark);
    }

    private void EmitMarks(Node node, Mark mark)
    {
        node.OutputMark = mark;
        foreach (var outlet in node.Outlets)
        {
            if (outlet.Exchange == Exchange.Local)
            {
                SendMark(circuit.NodeOf(outlet.Target, node.Share), outlet.Port, mark);
                continue;
            }

            for (var share = 0; share < circuit.Shares; share++)
                SendMark(circuit.NodeOf(outlet.Target, share), outlet.Port, mark);
        }
    }

    /// <summary>Sends a batch along every edge of one output; takes over the batch's reference.</summary>
    public void Emit(Node node, int output, Batch batch)
    {
        node.RowsOut += batch.Count;
        if (batch.Count > 0)
        {
            foreach (var outlet in node.Outlets)
            {
                if (outlet.Output != output) continue;
                batch.AddReference();
                circuit.Route(this, node, outlet, batch);
            }
        }

        batch.Release();
    }

    private void EmitSides(Node node)
    {
        foreach (var outlet in node.Outlets)
        {
            if (outlet.Output == 0) continue;
            while (node.Operator!.TakeSide(outlet.Output - 1) is { } rows) Emit(node, outlet.Output, rows);
        }
    }

    private void ClearReady(Node node)
    {
        var bit = node.Index * circuit.Shares + node.Share;
        _ready[bit >> 6] &= ~(1UL << bit);
    }
}
