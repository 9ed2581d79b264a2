using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow;

namespace Freshet.Customers.Identity;

/// <summary>
/// Identity as one operator of one share: it takes a step's events, puts their batches in the order of the log, and folds them
/// one by one. Output 0 is each event with the number of its identifier; the side outputs are how the tables of
/// <see cref="IdentityFeed"/> have changed since the step before.
/// Invariant: what the fold decides depends on the events' order alone, and the tables on what it has decided; how events are cut
/// into steps shows nowhere. Only how long anonymous profiles are shown goes by the step's clock (<see cref="IdentityExpiry"/>).
/// State: see <see cref="IdentityGraph"/>. A step's events are held until its end.
/// </summary>
internal sealed unsafe class IdentityOperator : Operator
{
    private const int PrefetchAhead = 8;

    private readonly IdentitySpec _spec;
    private readonly EventReader _reader;
    private readonly IdentityGraph _graph;
    private readonly IdentityFold _fold;
    private readonly List<Batch> _batches = [];
    private readonly Buffer<long> _numbers = new();

    /// <summary>How far each side output has been given; -1 where it is not due.</summary>
    private readonly int[] _sides = new int[IdentityFeed.Profiles];
    private BatchMemory? _memory;
    private int _given;
    private int _firstEvent;

    public IdentityOperator(IdentitySpec spec, ulong seed)
    {
        _spec = spec;
        _reader = new EventReader(spec);
        _graph = new IdentityGraph(seed, spec.Rules.AnonymousTtlMicros);
        _fold = new IdentityFold(spec.Rules, _graph);
        Array.Fill(_sides, -1);
    }

    public override long StateRows => _graph.Rows;

    public override long StateBytes => _graph.Bytes;

    /// <summary>What joins, splits and erasures have cost so far: members and links looked at.</summary>
    public long GraphSteps => _graph.Steps;

    public override long DueClock => _graph.Expiry.DueClock;

    public override long DueClockAfter(long clockMicros) => _graph.Expiry.DueClockAfter(clockMicros);

    public override long ClockStride(long clockMicros, int rows) => _graph.Expiry.ClockStride(clockMicros, rows);

    public override void Accept(int port, Batch batch, StepContext step)
    {
        if (batch.Weights is not null) throw new InvalidOperationException("Identity takes events that nobody takes back.");
        if (batch.Count == 0) batch.Release();
        else _batches.Add(batch);
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        if (_batches.Count == 0 && DueClock > step.ClockMicros) return;
        _memory = BatchMemory.Create();
        _batches.Sort((a, b) => SequenceOf(a).CompareTo(SequenceOf(b)));
        foreach (var batch in _batches)
        {
            _memory.Retain(batch.Memory);
            _reader.Read(batch, _memory);
        }

        _graph.Resolve(_reader.Candidates, _memory);
        for (var i = 0; i < _reader.Events.Count; i++)
        {
            if (i + PrefetchAhead < _reader.Events.Count) Prefetch(_reader.Events[i + PrefetchAhead]);
            ref var facts = ref _reader.Events[i];
            var owner = _fold.Take(facts, i, _reader.Candidates.Range(facts.First, facts.Count), _reader.Drops);
            facts.Owner = owner;
            if (owner != NameRow.None && _spec.KeepsRecent) _graph.Remember(owner, facts);
            _numbers.Add() = owner == NameRow.None ? 0 : _graph.Name(owner)->Number;
        }

        _graph.Expiry.Settle(step.ClockMicros);
        Array.Clear(_sides);
    }

    public override Batch? Produce(StepContext step)
    {
        if (_memory is null || _given == _batches.Count) return null;
        var batch = _batches[_given++];
        var memory = BatchMemory.Create();
        var numbers = Column.Allocate(PhysicalKind.Int64, batch.Rows, memory);
        numbers.EnsureValidity(batch.Rows, memory);
        for (var i = 0; i < batch.Count; i++)
        {
            var number = _numbers[_firstEvent + i];
            numbers.As<long>()[batch.RowAt(i)] = number;
            if (number == 0) numbers.SetNull(batch.RowAt(i));
        }

        _firstEvent += batch.Count;
        var result = batch.WithColumns(memory, [.. batch.Columns, numbers]);
        batch.Release();
        return result;
    }

    public override Batch? TakeSide(int side)
    {
        ref var next = ref _sides[side];
        if (next < 0) return null;
        return (side + 1) switch
        {
            IdentityFeed.Relation => IdentityRowsOut.Relation(_graph, ref next),
            IdentityFeed.Identifiers => IdentityRowsOut.Identifiers(_graph, _memory!, ref next),
            IdentityFeed.Recent => IdentityRowsOut.Recent(_graph, ref next),
            IdentityFeed.Profiles => IdentityRowsOut.Profiles(_graph, ref next),
            IdentityFeed.Causes => IdentityRowsOut.Causes(_graph, _reader, _fold, _memory!, ref next),
            IdentityFeed.Erasures => IdentityRowsOut.Erasures(_graph, _fold.Erasures, _reader.Events, _memory!, ref next),
            IdentityFeed.Merges => IdentityRowsOut.Merges(_fold.Merges, _reader.Events, _memory!, ref next),
            _ => IdentityRowsOut.Drops(_reader.Drops, _reader.Events, _memory!, ref next),
        };
    }

    public override void EndOfStep()
    {
        _batches.Clear();
        _numbers.Clear();
        _reader.Clear();
        _fold.Merges.Clear();
        _fold.Turns.Clear();
        Array.Fill(_sides, -1);
        _fold.Erasures.Clear();
        (_given, _firstEvent) = (0, 0);
        _graph.EndOfStep();
        _memory?.Release();
        _memory = null;
    }

    public override void Dispose()
    {
        for (var i = _given; i < _batches.Count; i++) _batches[i].Release();
        _memory?.Release();
        _graph.Dispose();
        base.Dispose();
    }

    private void Prefetch(in EventFacts facts)
    {
        foreach (ref readonly var candidate in _reader.Candidates.Range(facts.First, facts.Count)) _graph.Prefetch(candidate.Name);
    }

    private long SequenceOf(Batch batch)
    {
        ref var column = ref batch.Columns[_spec.Sequence];
        return column.As<long>()[column.IndexOf(batch.RowAt(0))];
    }
}
