using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Kernels;

namespace Freshet.Dataflow.Circuits;

/// <summary>A batch that enters a circuit at a source.</summary>
public readonly record struct SourceBatch(int Source, Batch Batch);

/// <summary>
/// A running circuit: every node of the spec once for each share of the keys, and the workers that run them.
/// <para>A step visits only what is reachable from the sources that have input or whose watermark has moved. Shares of the
/// keys belong to data, not to threads: a small step is run by the calling thread over all shares and wakes nobody; a large
/// one by one thread for each share. Either way the result is the same.</para>
/// <para>Used by one thread (the engine's); the worker threads are its own.</para>
/// </summary>
public sealed class Circuit : IDisposable
{
    /// <summary>Steps of fewer rows are run by the calling thread alone: waking another one costs more than it saves.</summary>
    public const int ParallelMinRows = 4096;

    private readonly Node[] _nodes;
    private readonly bool[][] _reach;
    private readonly int[] _marks;
    private readonly Worker[] _workers;
    private readonly WorkerThread[] _threads;
    private readonly bool[] _active;
    private readonly bool[] _unended;
    private readonly Mark[] _sourceMarks;
    private readonly Mark[] _givenMarks;
    private readonly ulong _seed;
    private readonly Worker[] _owners;
    private readonly Action<int> _runShare;
    private StepContext? _step;
    private ExceptionDispatchInfo? _failure;
    private bool _started;

    /// <param name="seed">The database's hash seed: it spreads keys over shares and never shows in a result.</param>
    public Circuit(CircuitSpec spec, int shares, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shares, 1);
        Spec = spec;
        Shares = shares;
        _seed = seed;
        NodeCount = spec.Nodes.Length;
        var outlets = OutletsOf(spec);
        _nodes = new Node[NodeCount * shares];
        for (var index = 0; index < NodeCount; index++)
        {
            var ports = spec.Nodes[index].Inputs.Select(i => i.Port + 1).DefaultIfEmpty(0).Max();
            for (var share = 0; share < shares; share++)
                _nodes[index * shares + share] = new Node(index, share, spec.Nodes[index].Create?.Invoke(share), ports, outlets[index]);
        }

        _reach = ReachOf(outlets);
        _marks = new int[NodeCount];
        _active = new bool[NodeCount];
        _unended = new bool[NodeCount];
        _sourceMarks = new Mark[NodeCount];
        Array.Fill(_sourceMarks, Mark.None);
        _givenMarks = [.. _sourceMarks];
        _workers = new Worker[shares];
        for (var i = 0; i < shares; i++) _workers[i] = new Worker(this);
        _owners = new Worker[shares];
        _threads = new WorkerThread[shares - 1];
        for (var i = 1; i < shares; i++) _threads[i - 1] = new WorkerThread(i);
        _runShare = RunShare;
    }

    public CircuitSpec Spec { get; }

    /// <summary>
    /// Called before an operator takes or makes a batch, by whichever worker runs it: what it throws ends the step, after which the
    /// circuit can only be disposed of. For runs that have a limit of time or memory; null for none.
    /// </summary>
    public Action? BeforeBatch { get; set; }

    public int Shares { get; }

    internal int NodeCount { get; }

    internal bool HasFailed => Volatile.Read(ref _failure) is not null;

    /// <summary>The operator of one node and share.</summary>
    public Operator OperatorOf(int node, int share) => _nodes[node * Shares + share].Operator!;

    /// <summary>Rows in and out, busy time and state of a node, over all shares. Figures of a running step may be a little behind.</summary>
    public NodeFigures FiguresOf(int node)
    {
        var figures = default(NodeFigures);
        for (var share = 0; share < Shares; share++)
        {
            var n = NodeOf(node, share);
            figures += new NodeFigures(n.RowsIn, n.RowsOut, n.BusyTicks, n.Operator?.StateRows ?? 0, n.Operator?.StateBytes ?? 0);
        }

        return figures;
    }

    /// <summary>The watermark of a node's output after the last step, µs.</summary>
    public long WatermarkOf(int node)
    {
        var least = Operator.EndWatermark;
        for (var share = 0; share < Shares; share++) least = Math.Min(least, NodeOf(node, share).OutputMark.Watermark);
        return least;
    }

    /// <summary>The earliest watermark, µs, at which a node has something to give without input. Between steps, on the engine's thread.</summary>
    public long DueWatermarkOf(int node)
    {
        var due = Operator.EndWatermark;
        for (var share = 0; share < Shares; share++) due = Math.Min(due, NodeOf(node, share).Operator?.DueWatermark ?? Operator.EndWatermark);
        return due;
    }

    /// <summary>The earliest clock reading, µs, at which some operator has something to do without input.</summary>
    public long DueClock
    {
        get
        {
            var due = Operator.EndWatermark;
            foreach (var node in _nodes)
                if (node.Operator is { } op) due = Math.Min(due, op.DueClock);
            return due;
        }
    }

    /// <summary>The clock that the next step may read, up to <paramref name="clockMicros"/>, so that about <paramref name="rows"/> rows fall due in each share.</summary>
    public long ClockStride(long clockMicros, int rows)
    {
        var clock = clockMicros;
        foreach (var node in _nodes)
            if (node.Operator is { } op && op.DueClock <= clockMicros) clock = Math.Min(clock, Math.Max(op.DueClock, op.ClockStride(clockMicros, rows)));
        return clock;
    }

    /// <summary>The first clock reading, µs, after another at which some operator is known to have something to do without input.</summary>
    public long DueClockAfter(long clockMicros)
    {
        var due = Operator.EndWatermark;
        foreach (var node in _nodes)
            if (node.Operator is { } op) due = Math.Min(due, op.DueClockAfter(clockMicros));
        return due;
    }

    /// <summary>Whether some operator shows the step's clock as the moment of a change.</summary>
    public bool ShowsClock => Array.Exists(_nodes, n => n.Operator?.ShowsClock == true);

    /// <summary>
    /// Sets the watermark of a source for the next step, µs; it never goes back. An idle source holds back nothing that reads others
    /// too. That a source is idle no more takes effect at the beginning of the step, that it is idle at the end: both are places
    /// between rows, which every cut into steps must keep.
    /// </summary>
    public void AdvanceWatermark(int source, long watermark, bool isIdle = false) =>
        _sourceMarks[source] = new Mark(Math.Max(_sourceMarks[source].Watermark, watermark), isIdle);

    /// <summary>
    /// Runs one step to its end: all batches enter, all operators that they reach finish. Takes over the batches.
    /// An exception of an operator is rethrown here; the circuit cannot be used afterwards.
    /// </summary>
    public void Run(StepContext step, ReadOnlySpan<SourceBatch> inputs)
    {
        EndStep();
        long rows = 0;
        Array.Clear(_active);
        foreach (var input in inputs)
        {
            rows += input.Batch.Count;
            Activate(input.Source);
        }

        for (var node = 0; node < NodeCount; node++)
            if (Spec.Nodes[node].IsSource && (!_started || _sourceMarks[node] != _givenMarks[node])) Activate(node);

        for (var node = 0; node < NodeCount; node++)
            if (IsDue(node, step.ClockMicros)) Activate(node);

        // The first step visits everything: an aggregate without keys has a row before any input.
        _started = true;

        var threads = rows >= ParallelMinRows ? Shares : 1;
        for (var share = 0; share < Shares; share++) _owners[share] = _workers[share % threads];
        BeginNodes(threads);
        Feed(inputs);
        _step = step;
        OnThreads(threads, _runShare);
        for (var node = 0; node < NodeCount; node++) _unended[node] = _active[node] && !Spec.Nodes[node].IsSource;
    }

    /// <summary>
    /// Ends the last step for its operators: results that were taken from it, which may point to texts of their state, are not
    /// read any more. The next <see cref="Run"/> does it first.
    /// </summary>
    public void EndStep()
    {
        for (var node = 0; node < NodeCount; node++)
        {
            if (!_unended[node]) continue;
            _unended[node] = false;
            for (var share = 0; share < Shares; share++)
            {
                var ended = NodeOf(node, share);
                if (!ended.Rests || ended.HadRows) ended.Operator!.EndOfStep();
            }
        }
    }

    internal Node NodeOf(int index, int share) => _nodes[index * Shares + share];

    internal Node NodeAt(int bit) => _nodes[bit];

    internal Worker OwnerOf(int share) => _owners[share];

    internal void WakeWorkers()
    {
        foreach (var worker in _workers) worker.Wake();
    }

    internal bool HasRoomAhead(Node node, int batches)
    {
        foreach (var outlet in node.Outlets)
        {
            if (outlet.Exchange == Exchange.Local) continue;
            for (var share = 0; share < Shares; share++)
                if (Volatile.Read(ref NodeOf(outlet.Target, share).Backlog) > batches) return false;
        }

        return true;
    }

    /// <summary>Sends a batch along one edge: whole, or split by key into selections over the same memory.</summary>
    internal unsafe void Route(Worker from, Node node, Outlet outlet, Batch batch)
    {
        if (outlet.Exchange == Exchange.Local || Shares == 1)
        {
            from.Send(NodeOf(outlet.Target, node.Share), outlet.Port, batch);
            return;
        }

        if (outlet.Exchange == Exchange.Single)
        {
            from.Send(NodeOf(outlet.Target, 0), outlet.Port, batch);
            return;
        }

        var memory = BatchMemory.Create();
        var hashes = memory.Allocate<ulong>(batch.Rows);
        HashKernel.Hash(batch, outlet.Key.AsSpan(), _seed, hashes);
        var selections = stackalloc int*[Shares];
        var counts = stackalloc int[Shares];
        for (var share = 0; share < Shares; share++) selections[share] = memory.Allocate<int>(batch.Count);
        PartitionKernel.Partition(batch, hashes, Shares, selections, counts);
        for (var share = 0; share < Shares; share++)
        {
            if (counts[share] == 0) continue;
            memory.AddReference();
            var part = batch.WithColumns(memory, batch.Columns);
            part.Select(selections[share], counts[share]);
            from.Send(NodeOf(outlet.Target, share), outlet.Port, part);
        }

        memory.Release();
        batch.Release();
    }

    /// <summary>
    /// Does a piece of work on the caller's thread and on the circuit's own, <paramref name="threads"/> together; each gets its number.
    /// Between steps only. An exception of any of them is rethrown here; the circuit cannot be used afterwards.
    /// </summary>
    public void OnThreads(int threads, Action<int> work)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, Shares);
        if (threads == 1)
        {
            Guarded(work, 0);
        }
        else
        {
            for (var i = 1; i < threads; i++) _threads[i - 1].Start(number => Guarded(work, number));
            Guarded(work, 0);
            for (var i = 1; i < threads; i++) _threads[i - 1].Join();
        }

        _failure?.Throw();
    }

    private void RunShare(int number) => _workers[number].Run(_step!);

    private void Guarded(Action<int> work, int number)
    {
        try
        {
            work(number);
        }
#pragma warning disable CA1031 // Whatever an operator throws ends the step, on the thread that asked for it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            WakeWorkers();
        }
    }

    public void Dispose()
    {
        foreach (var thread in _threads) thread.Dispose();
        foreach (var worker in _workers) worker.Dispose();
        foreach (var node in _nodes) node.Dispose();
    }

    private bool IsDue(int node, long clockMicros)
    {
        if (Spec.Nodes[node].IsSource) return false;
        for (var share = 0; share < Shares; share++)
            if (NodeOf(node, share).Operator!.DueClock <= clockMicros) return true;
        return false;
    }

    private void Activate(int source)
    {
        var reach = _reach[source];
        for (var node = 0; node < reach.Length; node++) _active[node] |= reach[node];
    }

    private void BeginNodes(int threads)
    {
        Array.Clear(_marks);
        for (var node = 0; node < NodeCount; node++)
        {
            if (!_active[node]) continue;
            foreach (var outlet in NodeOf(node, 0).Outlets)
                _marks[outlet.Target] += outlet.Exchange == Exchange.Local ? 1 : Shares;
        }

        Span<int> counts = stackalloc int[threads];
        for (var node = 0; node < NodeCount; node++)
        {
            if (!_active[node]) continue;
            for (var share = 0; share < Shares; share++)
            {
                NodeOf(node, share).BeginStep(_marks[node]);
                counts[share % threads]++;
                // An operator that is due by the clock alone has no input to wait for.
                if (_marks[node] == 0 && !Spec.Nodes[node].IsSource) _owners[share].MarkReady(NodeOf(node, share));
            }
        }

        for (var i = 0; i < threads; i++) _workers[i].Begin(counts[i]);
    }

    /// <summary>Spreads the batches over the shares and ends the sources. The first batch goes to share 0: a small step touches one.</summary>
    private void Feed(ReadOnlySpan<SourceBatch> inputs)
    {
        var feeder = _workers[0];
        for (var i = 0; i < inputs.Length; i++)
            feeder.Emit(NodeOf(inputs[i].Source, i % Shares), 0, inputs[i].Batch);

        for (var node = 0; node < NodeCount; node++)
        {
            if (!_active[node] || !Spec.Nodes[node].IsSource) continue;
            _givenMarks[node] = _sourceMarks[node];
            for (var share = 0; share < Shares; share++)
            {
                feeder.EndSource(NodeOf(node, share), _owners[share], _sourceMarks[node]);
            }
        }
    }

    private static ImmutableArray<Outlet>[] OutletsOf(CircuitSpec spec)
    {
        var outlets = new ImmutableArray<Outlet>.Builder[spec.Nodes.Length];
        for (var i = 0; i < outlets.Length; i++) outlets[i] = ImmutableArray.CreateBuilder<Outlet>();
        for (var target = 0; target < spec.Nodes.Length; target++)
        {
            var ports = new HashSet<int>();
            foreach (var (port, edge) in spec.Nodes[target].Inputs)
            {
                if (edge.From >= target) throw new ArgumentException($"Node {target} ({spec.Nodes[target].Name}) reads node {edge.From}, which does not come before it.", nameof(spec));
                if (!ports.Add(port)) throw new ArgumentException($"Port {port} of node {target} ({spec.Nodes[target].Name}) has two edges.", nameof(spec));
                outlets[edge.From].Add(new Outlet(edge.Output, target, port, edge.Exchange, edge.Key));
            }
        }

        return [.. outlets.Select(o => o.ToImmutable())];
    }

    private static bool[][] ReachOf(ImmutableArray<Outlet>[] outlets)
    {
        var reach = new bool[outlets.Length][];
        for (var node = outlets.Length - 1; node >= 0; node--)
        {
            reach[node] = new bool[outlets.Length];
            reach[node][node] = true;
            foreach (var outlet in outlets[node])
                for (var i = 0; i < outlets.Length; i++) reach[node][i] |= reach[outlet.Target][i];
        }

        return reach;
    }
}
