using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Arrangements;
using Freshet.Dataflow.Errors;
using Freshet.Dataflow.Projection;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;

namespace Freshet.Dataflow.Joins;

/// <summary>
/// What all joins of two streams of changes have in common. Each batch is added to its own side's arrangement, then paired with the
/// other's: so each pair of rows meets once, when the later of the two comes. A NULL key matches nothing and its row is not
/// kept, unless the key says that NULL equals NULL. Without keys every pair is looked at.
/// <para>Sides that must know their matches count the net weight of them in their rows (<see cref="Matched"/>).</para>
/// A pair on which the residual condition fails is an error row and no match.
/// State: both inputs' rows under one set of keys. Cost: a look-up of the key to store a row and to find its partners, one more to find the
/// row itself where rows are taken back, then a few ns for each pair and column.
/// </summary>
internal sealed unsafe class JoinPairing : IDisposable
{
    private readonly JoinSpec _spec;
    private readonly int[][] _keys;
    private readonly int[][] _strictKeys;
    private readonly ArrangedKeys _arranged;
    private readonly ExpiringRows? _expiring;
    private readonly int _leftCount;
    private readonly EvaluationContext _context = new();

    // The batch that is being paired, with the cursor; null between batches.
    private Batch? _probing;
    private BatchMemory? _scratch;
    private int _port;
    private int* _rows;
    private int* _nulls;
    private int _nullCount;
    private int* _first;
    private int* _ownSlots;
    private byte* _isNew;
    private int _count;
    private int _probe;
    private int _stored;

    // The rows that it meets now; of expiring rows those of one pane after another, -1 where none expire.
    private Arrangement? _met;
    private int _pane;
    private JoinPairs _pairs;

    /// <param name="seed">The database's hash seed.</param>
    public JoinPairing(JoinSpec spec, ulong seed)
    {
        _spec = spec;
        _keys = [[.. spec.LeftKeys], [.. spec.RightKeys]];
        _strictKeys = [.. _keys.Select(side => side.Where((_, i) => !spec.NullSafe.Contains(i)).ToArray())];
        _arranged = new ArrangedKeys(spec.LeftTypes, spec.LeftKeys, 2, seed);
        if (spec.ExpiringSide >= 0)
        {
            var types = spec.ExpiringSide == 0 ? spec.LeftTypes : spec.RightTypes;
            _expiring = new ExpiringRows(types, spec.ExpiringSide == 0 ? spec.LeftKeys : spec.RightKeys, spec.ExpiryTime, spec.ExpiryHoldMicros, seed);
        }

        Sides = [SideOf(0, seed), SideOf(1, seed)];
        Matched = [.. Enumerable.Range(0, 2).Select(port => spec.CountsMatches(port) ? new MatchedRows(Sides[port]) : null)];
        _leftCount = spec.LeftTypes.Length;
        Errors = new ErrorRows(spec.PositionColumns);
        _context.TimeZone = spec.TimeZone;
    }

    public Arrangement[] Sides { get; }

    /// <summary>For each side the rows that a step has touched, where they count their matches.</summary>
    public MatchedRows?[] Matched { get; }

    /// <summary>Pairs on which the residual condition fails.</summary>
    public ErrorRows Errors { get; }

    public long StateRows => Sides[0].Rows + Sides[1].Rows + (_expiring?.Rows ?? 0);

    public long StateBytes => Sides[0].Bytes + Sides[1].Bytes + _arranged.Bytes + (_expiring?.Bytes ?? 0);

    /// <summary>Takes a batch and its ownership.</summary>
    public void Begin(int port, Batch batch, StepContext step)
    {
        _context.ClockMicros = step.ClockMicros;
        _port = port;
        _probing = batch;
        _scratch = BatchMemory.Create();
        var all = RowNumbers.Of(batch);
        _rows = _scratch.Allocate<int>(batch.Count);
        _nulls = _scratch.Allocate<int>(batch.Count);
        _count = JoinKernel.SplitByNull(batch, _strictKeys[port], all, batch.Count, _rows, _nulls, out _nullCount);
        _first = _scratch.Allocate<int>(_count);
        _pairs = new JoinPairs
        {
            Probes = _scratch.Allocate<int>(Batch.TypicalRows),
            Stored = _scratch.Allocate<int>(Batch.TypicalRows),
            Weights = _scratch.Allocate<long>(Batch.TypicalRows),
        };
        _met = Sides[1 - port];
        _pane = -1;
        if (port == _spec.ExpiringSide)
        {
            _expiring!.Add(batch, _rows, _count, _scratch);
            _arranged.FindFirst(1 - port, batch, _keys[port], _rows, _count, _first, _scratch);
        }
        else
        {
            Place(port, batch, step);
        }

        _probe = 0;
        _stored = _count > 0 ? _first[0] : Arrangement.None;
        if (_expiring is not null && port != _spec.ExpiringSide && !NextPane()) _probe = _count;
    }

    /// <summary>The watermark has come so far: rows go that can find no partner any more.</summary>
    public void Expire(long watermark) => _expiring?.Expire(watermark);

    /// <summary>Stores the batch's rows, and finds whom they meet.</summary>
    private void Place(int port, Batch batch, StepContext step)
    {
        _ownSlots = _scratch!.Allocate<int>(_count);
        var firsts = (int**)_scratch.Allocate<nint>(_count);
        _arranged.FindOrAdd(batch, _keys[port], _rows, _count, _scratch, _first, firsts);
        Sides[port].Place(batch, _rows, _count, _ownSlots, _first, firsts, _scratch);
        if (Matched[port] is { } matched)
        {
            _isNew = _scratch.Allocate<byte>(_count);
            matched.Touch(_ownSlots, _count, _isNew, step.Step);
        }

        Sides[port].AddWeights(batch, _rows, _ownSlots, _count);
        for (var i = 0; i < _count; i++) _first[i] = firsts[i][1 - port] - 1;
    }

    /// <summary>Goes on to the next pane of expiring rows in which some row of the batch may meet another; false after the last.</summary>
    private bool NextPane()
    {
        while (++_pane < _expiring!.Panes)
        {
            _expiring.FindFirst(_pane, _probing!, _keys[_port], _rows, _count, _first, _scratch!);
            if (!new ReadOnlySpan<int>(_first, _count).ContainsAnyExcept(Arrangement.None)) continue;
            _met = _expiring.RowsOf(_pane);
            _probe = 0;
            _stored = _first[0];
            return true;
        }

        return false;
    }

    /// <summary>The port of the batch whose rows with a NULL in the key have not been taken; -1 for none.</summary>
    public int NullKeysOf => _probing is not null && _nullCount > 0 ? _port : -1;

    /// <summary>The columns of the batch that is being paired.</summary>
    public Column[] Probing => _probing!.Columns;

    /// <summary>The rows of the batch whose key has a NULL, with other columns.</summary>
    public Batch TakeNullKeys(Column[] columns, BatchMemory memory)
    {
        var result = _probing!.WithColumns(memory, columns);
        var selection = memory.Allocate<int>(_nullCount);
        new ReadOnlySpan<int>(_nulls, _nullCount).CopyTo(new Span<int>(selection, _nullCount));
        result.Select(selection, _nullCount);
        result.RowWatermarks = null;
        _nullCount = 0;
        return result;
    }

    /// <summary>The next pairs of the batch that match, at most a batch of them; false after the last, when the batch is given back.</summary>
    public bool NextPairs(long step)
    {
        if (_probing is null) return false;
        while (_probe < _count || (_pane >= 0 && NextPane()))
        {
            _pairs.Count = 0;
            JoinKernel.Walk(_met!, _probing, _rows, _first, _count, ref _probe, ref _stored, ref _pairs, Batch.TypicalRows, withEmpty: Matched[1 - _port] is not null);
            if (_spec.Residual is not null && _pairs.Count > 0) Restrict();
            if (Matched[0] is not null || Matched[1] is not null)
            {
                CountMatches(step);
                JoinKernel.DropEmpty(ref _pairs);
            }

            if (_pairs.Count > 0) return true;
        }

        _probing.Release();
        _scratch!.Release();
        _probing = null;
        _scratch = null;
        return false;
    }

    /// <summary>A batch of the current pairs with these columns of the left columns followed by the right ones.</summary>
    public Batch MakeBatch(ReadOnlySpan<int> columns)
    {
        var memory = BatchMemory.Create();
        var output = new Column[columns.Length];
        var rows = ProbingRows(memory);
        var stored = _met!.Addresses(_pairs.Stored, _pairs.Count, memory);
        for (var i = 0; i < columns.Length; i++) output[i] = Read(columns[i], rows, stored, memory);
        return JoinKernel.Result(_pairs, output, memory);
    }

    public void EndOfStep()
    {
        _expiring?.EndOfStep();
        Sides[0].EndOfStep();
        Sides[1].EndOfStep();
        _arranged.EndOfStep();
    }

    public void Dispose()
    {
        // Only a step that was broken off leaves them.
        _probing?.Release();
        _scratch?.Release();
        _expiring?.Dispose();
        Sides[0].Dispose();
        Sides[1].Dispose();
        _arranged.Dispose();
    }

    private int* ProbingRows(BatchMemory memory)
    {
        var rows = memory.Allocate<int>(_pairs.Count);
        for (var i = 0; i < _pairs.Count; i++) rows[i] = _rows[_pairs.Probes[i]];
        return rows;
    }

    private Arrangement SideOf(int port, ulong seed) => port == 0
        ? new Arrangement(_spec.LeftTypes, _arranged, port, _spec.LeftIsAppendOnly, _spec.CountsMatches(port), seed)
        : new Arrangement(_spec.RightTypes, _arranged, port, _spec.RightIsAppendOnly, _spec.CountsMatches(port), seed);

    private Column Read(int column, int* rows, byte** stored, BatchMemory memory)
    {
        var isLeft = column < _leftCount;
        var index = isLeft ? column : column - _leftCount;
        if (isLeft != (_port == 0)) return _met!.Read(index, stored, _pairs.Count, memory);
        var points = false;
        var result = GatherKernel.Gather(_probing!.Columns[index], rows, _pairs.Count, memory, ref points);
        if (points) memory.Retain(_probing.Memory);
        return result;
    }

    /// <summary>Leaves the pairs on which the residual condition is TRUE.</summary>
    private void Restrict()
    {
        var memory = BatchMemory.Create();
        var columns = new Column[_leftCount + _spec.RightTypes.Length];
        var rows = ProbingRows(memory);
        var stored = _met!.Addresses(_pairs.Stored, _pairs.Count, memory);
        foreach (var column in _spec.ResidualColumns) columns[column] = Read(column, rows, stored, memory);
        var joined = new Batch(memory, columns, _pairs.Count);
        _context.Begin(joined, memory);
        var truth = _spec.Residual!.Evaluate(_context);
        var selected = memory.Allocate<int>(_pairs.Count);
        var count = FilterProjectKernel.SelectTrue(truth, null, _pairs.Count, selected);
        if (_context.Errors.Count > 0)
        {
            foreach (var column in _spec.PositionColumns.Where(c => columns[c].Values is null)) columns[column] = Read(column, rows, stored, memory);
            var failed = _context.Errors.DistinctBy(e => e.Row).OrderBy(e => e.Row).ToArray();
            foreach (var error in failed.Where(e => _pairs.Weights[e.Row] != 0)) Errors.Add(error.Row, JoinSpec.ResidualName, error.Value, error.Reason, _pairs.Weights[error.Row]);
            Errors.Flush(joined);
            count = FilterProjectKernel.Remove(selected, count, [.. failed.Select(e => e.Row)]);
        }

        JoinKernel.Keep(ref _pairs, selected, count);
        joined.Release();
    }

    /// <summary>Tells the rows of the pairs how much their matches weigh now.</summary>
    private void CountMatches(long step)
    {
        var (own, other) = (Matched[_port], Matched[1 - _port]);
        for (var i = 0; i < _pairs.Count; i++)
        {
            var probe = _pairs.Probes[i];
            var stored = _pairs.Stored[i];
            if (own is not null && _isNew[probe] != 0) own.AddMatch(_ownSlots[probe], _met!.Peek(stored)->Weight, step);
            other?.AddMatch(stored, _probing!.WeightOf(_rows[probe]), step);
        }
    }
}
