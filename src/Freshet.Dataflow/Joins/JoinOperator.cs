using Freshet.Columns;
using Freshet.Columns.Expressions;
using Freshet.Columns.Kernels;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Arrangements;
using Freshet.Dataflow.Errors;
using Freshet.Dataflow.Projection;

namespace Freshet.Dataflow.Joins;

/// <summary>
/// Inner and left outer equi-join of two streams of changes. Each batch is added to its own side's arrangement and paired
/// with the other's, so each pair of rows meets once, when the later of the two comes; weights multiply. A NULL key matches
/// nothing.
/// <para>Left outer: a left row counts the net weight of its matches; at the end of the step a left row whose count or weight
/// has changed gives or takes back its row with NULLs.</para>
/// <para>Output batches are bounded: a key with many rows costs time and not memory. Side output 0: pairs on which the
/// residual condition fails, which count as no match.</para>
/// State: both inputs' rows. Cost: two look-ups to store a row and one to probe, then a few ns for each pair and column.
/// Order of output: of the input batch, then newest stored row first.
/// </summary>
public sealed unsafe class JoinOperator : Operator
{
    private readonly JoinSpec _spec;
    private readonly int[][] _keys;
    private readonly Arrangement[] _sides;
    private readonly int _leftCount;
    private readonly EvaluationContext _context = new();
    private readonly ErrorRows _errors;
    private readonly OuterRows? _outer;

    // The batch that is being paired, with the cursor; null between batches.
    private Batch? _probing;
    private BatchMemory? _scratch;
    private int _port;
    private int* _rows;
    private int* _first;
    private int* _ownSlots;
    private byte* _isNew;
    private int _count;
    private int _probe;
    private int _stored;
    private JoinPairs _pairs;
    private Batch? _unmatched;
    private bool _ending;

    /// <param name="seed">The database's hash seed.</param>
    public JoinOperator(JoinSpec spec, ulong seed)
    {
        _spec = spec;
        _keys = [[.. spec.LeftKeys], [.. spec.RightKeys]];
        _sides = [new Arrangement(spec.LeftTypes, spec.LeftKeys, spec.LeftIsAppendOnly, seed), new Arrangement(spec.RightTypes, spec.RightKeys, spec.RightIsAppendOnly, seed)];
        _leftCount = spec.LeftTypes.Length;
        _errors = new ErrorRows(spec.PositionColumns);
        _context.TimeZone = spec.TimeZone;
        if (spec.Kind == JoinKind.LeftOuter) _outer = new OuterRows(_sides[0]);
    }

    public override long StateRows => _sides[0].Rows + _sides[1].Rows;

    public override long StateBytes => _sides[0].Bytes + _sides[1].Bytes;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        _context.ClockMicros = step.ClockMicros;
        _port = port;
        _probing = batch;
        _scratch = BatchMemory.Create();
        var all = RowNumbers.Of(batch);
        _rows = _scratch.Allocate<int>(batch.Count);
        var nulls = _scratch.Allocate<int>(batch.Count);
        _count = JoinKernel.SplitByNull(batch, _keys[port], all, batch.Count, _rows, nulls, out var nullCount);
        if (_outer is not null && port == 0 && nullCount > 0) _unmatched = WithoutMatch(batch, nulls, nullCount);

        _ownSlots = _scratch.Allocate<int>(_count);
        _sides[port].Place(batch, _rows, _count, _ownSlots, _scratch);
        if (_outer is not null && port == 0)
        {
            _isNew = _scratch.Allocate<byte>(_count);
            _outer.Touch(_ownSlots, _count, _isNew, step.Step);
        }

        _sides[port].AddWeights(batch, _rows, _ownSlots, _count);
        _first = _scratch.Allocate<int>(_count);
        _sides[1 - port].FindFirst(batch, _keys[port], _rows, _count, _first, _scratch);
        _probe = 0;
        _stored = _count > 0 ? _first[0] : Arrangement.None;
        _pairs = new JoinPairs
        {
            Probes = _scratch.Allocate<int>(Batch.TypicalRows),
            Stored = _scratch.Allocate<int>(Batch.TypicalRows),
            Weights = _scratch.Allocate<long>(Batch.TypicalRows),
        };
    }

    public override Batch? Produce(StepContext step)
    {
        if (_unmatched is { } unmatched)
        {
            _unmatched = null;
            return unmatched;
        }

        while (_probing is not null && _probe < _count)
        {
            _pairs.Count = 0;
            JoinKernel.Walk(_sides[1 - _port], _probing, _rows, _first, _count, ref _probe, ref _stored, ref _pairs, Batch.TypicalRows, withEmpty: _outer is not null && _port == 1);
            if (_pairs.Count > 0 && MakeBatch(step.Step) is { } output) return output;
        }

        EndProbing();
        return _ending ? NextOuter() : null;
    }

    public override void EndOfInput(StepContext step, long watermark) => _ending = _outer is { HasChanges: true };

    public override void EndOfStep()
    {
        _sides[0].EndOfStep();
        _sides[1].EndOfStep();
    }

    public override Batch? TakeSide(int side) => side == 0 ? _errors.Take() : null;

    public override void Dispose()
    {
        _sides[0].Dispose();
        _sides[1].Dispose();
        base.Dispose();
    }

    private void EndProbing()
    {
        if (_probing is null) return;
        _probing.Release();
        _scratch!.Release();
        _probing = null;
        _scratch = null;
    }

    /// <summary>The batch of the pairs that satisfy the residual condition; null when none does.</summary>
    private Batch? MakeBatch(long step)
    {
        var memory = BatchMemory.Create();
        var rows = memory.Allocate<int>(_pairs.Count);
        for (var i = 0; i < _pairs.Count; i++) rows[i] = _rows[_pairs.Probes[i]];
        var all = new Column[_leftCount + _spec.RightTypes.Length];
        if (_spec.Residual is null)
        {
            foreach (var column in _spec.Output) Fill(all, column, rows, memory);
        }
        else
        {
            for (var column = 0; column < all.Length; column++) Fill(all, column, rows, memory);
        }

        // The weights stay with the batch; the lists are used again.
        var weights = memory.Allocate<long>(_pairs.Count);
        new ReadOnlySpan<long>(_pairs.Weights, _pairs.Count).CopyTo(new Span<long>(weights, _pairs.Count));
        var joined = new Batch(memory, all, _pairs.Count);
        joined.Weights = new ReadOnlySpan<long>(weights, _pairs.Count).ContainsAnyExcept(1L) ? weights : null;
        if (_spec.Residual is not null) Restrict(joined, weights);
        if (_outer is not null)
        {
            CountMatches(joined, step);
            JoinKernel.DropEmpty(joined);
        }

        if (joined.Count == 0)
        {
            joined.Release();
            return null;
        }

        var output = Select(all);
        memory.AddReference();
        var result = new Batch(memory, output, joined.Rows) { Weights = joined.Weights };
        result.Select(joined.Selection, joined.Count);
        joined.Release();
        return result;
    }

    private void Fill(Column[] all, int column, int* rows, BatchMemory memory)
    {
        if (all[column].Values is not null) return;
        var isLeft = column < _leftCount;
        var index = isLeft ? column : column - _leftCount;
        if (isLeft != (_port == 0))
        {
            all[column] = _sides[1 - _port].Read(index, _pairs.Stored, _pairs.Count, memory);
            return;
        }

        var points = false;
        all[column] = GatherKernel.Gather(_probing!.Columns[index], rows, _pairs.Count, memory, ref points);
        if (points) memory.Retain(_probing.Memory);
    }

    private void Restrict(Batch joined, long* weights)
    {
        var memory = joined.Memory;
        _context.Begin(joined, memory);
        var truth = _spec.Residual!.Evaluate(_context);
        var selected = memory.Allocate<int>(joined.Rows);
        var count = FilterProjectKernel.SelectTrue(truth, null, joined.Rows, selected);
        if (_context.Errors.Count > 0)
        {
            var failed = _context.Errors.DistinctBy(e => e.Row).OrderBy(e => e.Row).ToArray();
            foreach (var error in failed.Where(e => weights[e.Row] != 0)) _errors.Add(error.Row, JoinSpec.ResidualName, error.Value, error.Reason, weights[error.Row]);
            _errors.Flush(joined);
            count = FilterProjectKernel.Remove(selected, count, [.. failed.Select(e => e.Row)]);
        }

        joined.Select(selected, count);
    }

    /// <summary>Tells the left rows of the pairs that are left how much their matches weigh now.</summary>
    private void CountMatches(Batch joined, long step)
    {
        for (var i = 0; i < joined.Count; i++)
        {
            var pair = joined.RowAt(i);
            var probe = _pairs.Probes[pair];
            var stored = _pairs.Stored[pair];
            if (_port == 1) _outer!.AddMatch(stored, _probing!.WeightOf(_rows[probe]), step);
            else if (_isNew[probe] != 0) _outer!.AddMatch(_ownSlots[probe], _sides[1].At(stored)->Weight, step);
        }
    }

    private Batch? NextOuter()
    {
        var memory = BatchMemory.Create();
        var slots = memory.Allocate<int>(Batch.TypicalRows);
        var weights = memory.Allocate<long>(Batch.TypicalRows);
        var count = _outer!.TakeChanges(slots, weights, Batch.TypicalRows);
        if (count == 0)
        {
            memory.Release();
            _ending = false;
            return null;
        }

        var all = new Column[_leftCount + _spec.RightTypes.Length];
        foreach (var column in _spec.Output)
            if (column < _leftCount) all[column] = _sides[0].Read(column, slots, count, memory);
        FillNulls(all, memory);
        return new Batch(memory, Select(all), count) { Weights = weights };
    }

    /// <summary>Left rows with a NULL in the key: they are never matched, so their rows with NULLs need no state.</summary>
    private Batch WithoutMatch(Batch batch, int* rows, int count)
    {
        var memory = BatchMemory.Create();
        var all = new Column[_leftCount + _spec.RightTypes.Length];
        batch.Columns.CopyTo(all, 0);
        FillNulls(all, memory);
        var result = batch.WithColumns(memory, Select(all));
        var selection = memory.Allocate<int>(count);
        new ReadOnlySpan<int>(rows, count).CopyTo(new Span<int>(selection, count));
        result.Select(selection, count);
        result.RowWatermarks = null;
        return result;
    }

    private void FillNulls(Column[] all, BatchMemory memory)
    {
        for (var column = _leftCount; column < all.Length; column++)
            all[column] = Column.ConstantNull(_spec.RightTypes[column - _leftCount].Physical, memory);
    }

    private Column[] Select(Column[] all)
    {
        var output = new Column[_spec.Output.Length];
        for (var i = 0; i < output.Length; i++) output[i] = all[_spec.Output[i]];
        return output;
    }
}
