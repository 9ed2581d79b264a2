using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Arrangements;
using Freshet.Kernels;

namespace Freshet.Dataflow.Joins;

/// <summary>
/// Inner join of several streams of changes whose keys are all equal: every combination of one row of each side with the same key;
/// weights multiply. Each batch is added to its own side and combined with the rows of all others, so each combination is met once,
/// when its last row comes. Nothing is kept of combinations of some of the sides. A row with a NULL in its key matches nothing and is
/// not kept.
/// State: the rows of all sides under one set of keys. Cost: one look-up a row, then a few ns for each combination and column.
/// Output batches are bounded. Order of output: of the input batch, then newest stored row first, the last side's fastest.
/// </summary>
public sealed unsafe class OneKeyJoinOperator : Operator
{
    private const int Ahead = 8;

    private readonly ArrangedKeys _keys;
    private readonly Arrangement[] _sides;
    private readonly int[][] _keyColumns;
    private readonly (int Side, int Column)[] _output;

    // The batch that is being combined, with the cursor; null between batches. _stored[s] is the current row of side s.
    private readonly int[] _stored;
    private readonly nint[] _combined;
    private Batch? _probing;
    private BatchMemory? _scratch;
    private int _port;
    private int* _rows;
    private int** _firsts;
    private int _count;
    private int _probe;
    private bool _isInside;
    private JoinPairs _pairs;

    /// <param name="seed">The database's hash seed.</param>
    public OneKeyJoinOperator(OneKeyJoinSpec spec, ulong seed)
    {
        var sides = spec.Sides;
        _keys = new ArrangedKeys(sides[0].Types, sides[0].Keys, sides.Length, seed);
        _sides = [.. sides.Select((s, i) => new Arrangement(s.Types, _keys, i, s.IsAppendOnly, countsMatches: false, seed))];
        _keyColumns = [.. sides.Select(s => s.Keys.ToArray())];
        var columns = sides.SelectMany((s, side) => s.Types.Select((_, column) => (side, column))).ToArray();
        _output = [.. spec.Output.Select(c => columns[c])];
        _stored = new int[sides.Length];
        _combined = new nint[sides.Length];
    }

    public override long StateRows => _sides.Sum(s => s.Rows);

    public override long StateBytes => _sides.Sum(s => s.Bytes) + _keys.Bytes;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        _port = port;
        _probing = batch;
        _scratch = BatchMemory.Create();
        var keys = _keyColumns[port];
        _rows = _scratch.Allocate<int>(batch.Count);
        _count = JoinKernel.SplitByNull(batch, keys, RowNumbers.Of(batch), batch.Count, _rows, _scratch.Allocate<int>(batch.Count), out _);
        _firsts = (int**)_scratch.Allocate<nint>(_count);
        var keySlots = _scratch.Allocate<int>(_count);
        var slots = _scratch.Allocate<int>(_count);
        _keys.FindOrAdd(batch, keys, _rows, _count, _scratch, keySlots, _firsts);
        _sides[port].Place(batch, _rows, _count, slots, keySlots, _firsts, _scratch);
        _sides[port].AddWeights(batch, _rows, slots, _count);
        _probe = -1;
        _isInside = false;
        _pairs = new JoinPairs { Probes = _scratch.Allocate<int>(Batch.TypicalRows), Weights = _scratch.Allocate<long>(Batch.TypicalRows) };
        for (var side = 0; side < _sides.Length; side++) _combined[side] = (nint)_scratch.Allocate<int>(Batch.TypicalRows);
    }

    public override Batch? Produce(StepContext step)
    {
        if (_probing is null) return null;
        _pairs.Count = 0;
        while (_pairs.Count < Batch.TypicalRows && (_isInside || Enter())) Walk();
        if (_pairs.Count > 0) return MakeBatch();
        _probing.Release();
        _scratch!.Release();
        _probing = null;
        _scratch = null;
        return null;
    }

    public override void EndOfStep()
    {
        foreach (var side in _sides) side.EndOfStep();
        _keys.EndOfStep();
    }

    public override void Dispose()
    {
        // Only a step that was broken off leaves them.
        _probing?.Release();
        _scratch?.Release();
        foreach (var side in _sides) side.Dispose();
        _keys.Dispose();
        base.Dispose();
    }

    /// <summary>Goes on to the next row of the batch whose key has rows on all other sides; false after the last.</summary>
    private bool Enter()
    {
        while (++_probe < _count)
        {
            Prefetch();
            var firsts = _firsts[_probe];
            _isInside = true;
            for (var side = 0; side < _sides.Length; side++)
            {
                _stored[side] = firsts[side] - 1;
                _isInside &= side == _port || _stored[side] != Arrangement.None;
            }

            if (_isInside) return true;
        }

        return false;
    }

    private void Prefetch()
    {
        if (_probe + Ahead >= _count) return;
        var firsts = _firsts[_probe + Ahead];
        for (var side = 0; side < _sides.Length; side++)
            if (side != _port && firsts[side] != 0) _sides[side].Prefetch(firsts[side] - 1);
    }

    /// <summary>Lists combinations along the last other side's rows, then moves on the side before it, until the list is full or the row is done.</summary>
    private void Walk()
    {
        var last = _port == _sides.Length - 1 ? _port - 1 : _sides.Length - 1;
        var fixedWeight = _probing!.WeightOf(_rows[_probe]);
        for (var side = 0; side < last; side++)
            if (side != _port) fixedWeight = checked(fixedWeight * _sides[side].Peek(_stored[side])->Weight);
        while (_stored[last] != Arrangement.None && _pairs.Count < Batch.TypicalRows)
        {
            var row = _sides[last].Peek(_stored[last]);
            var weight = checked(fixedWeight * row->Weight);
            if (weight != 0)
            {
                for (var side = 0; side < _sides.Length; side++) ((int*)_combined[side])[_pairs.Count] = _stored[side];
                _pairs.Probes[_pairs.Count] = _rows[_probe];
                _pairs.Weights[_pairs.Count++] = weight;
            }

            _stored[last] = row->Next - 1;
        }

        if (_stored[last] == Arrangement.None) _isInside = MoveOn(last);
    }

    /// <summary>Moves the sides before the last one on by one combination; false after the last.</summary>
    private bool MoveOn(int last)
    {
        var firsts = _firsts[_probe];
        _stored[last] = firsts[last] - 1;
        for (var side = last - 1; side >= 0; side--)
        {
            if (side == _port) continue;
            _stored[side] = _sides[side].Peek(_stored[side])->Next - 1;
            if (_stored[side] != Arrangement.None) return true;
            _stored[side] = firsts[side] - 1;
        }

        return false;
    }

    private Batch MakeBatch()
    {
        var memory = BatchMemory.Create();
        var output = new Column[_output.Length];
        var points = false;
        var stored = (byte***)memory.Allocate<nint>(_sides.Length);
        for (var side = 0; side < _sides.Length; side++)
            stored[side] = side == _port ? null : _sides[side].Addresses((int*)_combined[side], _pairs.Count, memory);
        for (var i = 0; i < output.Length; i++)
        {
            var (side, column) = _output[i];
            output[i] = side == _port
                ? GatherKernel.Gather(_probing!.Columns[column], _pairs.Probes, _pairs.Count, memory, ref points)
                : _sides[side].Read(column, stored[side], _pairs.Count, memory);
        }

        if (points) memory.Retain(_probing!.Memory);
        return JoinKernel.Result(_pairs, output, memory);
    }
}
