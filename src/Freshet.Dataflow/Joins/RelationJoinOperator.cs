using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Arrangements;
using Freshet.Kernels;

namespace Freshet.Dataflow.Joins;

/// <summary>
/// Inner join with a relation of one row a key that many joins of a circuit share, such as that of identifiers and profiles. A left row meets
/// the relation before the step when it comes; what the step has changed of the relation meets all left rows at its end. So each pair is
/// met once. A NULL key matches nothing.
/// State: the left rows; the relation is <see cref="SharedRelation"/>'s. Cost: two look-ups of the key for a left row, one of the row where rows are
/// taken back; for a change of the relation a look-up in each join, and the left rows that it meets.
/// Output: of a left batch its rows that meet one, in their order; then, in bounded batches, what the changes meet, newest stored row first.
/// </summary>
public sealed unsafe class RelationJoinOperator : Operator
{
    private readonly SharedRelation _relation;
    private readonly ArrangedKeys _keys;
    private readonly Arrangement _left;
    private readonly int[] _leftKeys;
    private readonly int[] _rightKeys;
    private readonly int _leftWidth;
    private readonly int _width;
    private readonly List<Batch> _changes = [];

    /// <summary>What the last left batch has met.</summary>
    private Batch? _met;

    // The change that meets left rows, with the cursor; null between changes.
    private Batch? _probing;
    private BatchMemory? _scratch;
    private int* _rows;
    private int* _first;
    private int _count;
    private int _probe;
    private int _stored;
    private JoinPairs _pairs;

    /// <summary>Pairs for which there is room: one row may meet any number of rows, over several batches.</summary>
    private int _pairsMax;

    /// <summary>The next change of the relation that meets the left rows; none before the inputs have ended.</summary>
    private int _nextChange = int.MaxValue;

    /// <param name="seed">The database's hash seed.</param>
    public RelationJoinOperator(RelationJoinSpec spec, SharedRelation relation, ulong seed)
    {
        _relation = relation;
        _keys = new ArrangedKeys(spec.LeftTypes, spec.LeftKeys, 1, seed);
        _left = new Arrangement(spec.LeftTypes, _keys, 0, spec.LeftIsAppendOnly, countsMatches: false, seed);
        _leftKeys = [.. spec.LeftKeys];
        _rightKeys = [.. spec.RightKeys];
        _leftWidth = spec.LeftTypes.Length;
        _width = _leftWidth + spec.RightTypes.Length;
    }

    public override long StateRows => _left.Rows;

    public override long StateBytes => _left.Bytes + _keys.Bytes;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        if (port != 0)
        {
            _changes.Add(batch);
            return;
        }

        Keep(batch);
        _met = _relation.Meet(batch, _leftKeys);
        batch.Release();
    }

    public override void EndOfInput(StepContext step, long watermark) => _nextChange = 0;

    public override Batch? Produce(StepContext step)
    {
        if (_met is { } met)
        {
            _met = null;
            return met;
        }

        while (true)
        {
            if (_probing is null)
            {
                if (_nextChange >= _changes.Count) return null;
                Begin(_changes[_nextChange++]);
            }

            _pairs.Count = 0;
            JoinKernel.Walk(_left, _probing!, _rows, _first, _count, ref _probe, ref _stored, ref _pairs, _pairsMax, withEmpty: false);
            if (_pairs.Count > 0) return MakeBatch();
            _probing!.Release();
            _scratch!.Release();
            (_probing, _scratch) = (null, null);
        }
    }

    public override void EndOfStep()
    {
        _changes.Clear();
        _nextChange = int.MaxValue;
        _left.EndOfStep();
        _keys.EndOfStep();
    }

    public override void Dispose()
    {
        // Only a step that was broken off leaves them.
        _met?.Release();
        _probing?.Release();
        _scratch?.Release();
        for (var i = _nextChange == int.MaxValue ? 0 : _nextChange; i < _changes.Count; i++) _changes[i].Release();
        _left.Dispose();
        _keys.Dispose();
        base.Dispose();
    }

    /// <summary>Stores left rows.</summary>
    private void Keep(Batch batch)
    {
        var scratch = BatchMemory.Create();
        var rows = scratch.Allocate<int>(batch.Count);
        var count = JoinKernel.SplitByNull(batch, _leftKeys, RowNumbers.Of(batch), batch.Count, rows, scratch.Allocate<int>(batch.Count), out _);
        var slots = scratch.Allocate<int>(count);
        var keys = scratch.Allocate<int>(count);
        var firsts = (int**)scratch.Allocate<nint>(count);
        _keys.FindOrAdd(batch, _leftKeys, rows, count, scratch, keys, firsts);
        _left.Place(batch, rows, count, slots, keys, firsts, scratch);
        _left.AddWeights(batch, rows, slots, count);
        scratch.Release();
    }

    private void Begin(Batch change)
    {
        _probing = change;
        _scratch = BatchMemory.Create();
        _rows = _scratch.Allocate<int>(change.Count);
        _count = JoinKernel.SplitByNull(change, _rightKeys, RowNumbers.Of(change), change.Count, _rows, _scratch.Allocate<int>(change.Count), out _);
        _first = _scratch.Allocate<int>(_count);
        _pairsMax = Math.Min(Batch.TypicalRows, Math.Max(_count, 64));
        _pairs = new JoinPairs { Probes = _scratch.Allocate<int>(_pairsMax), Stored = _scratch.Allocate<int>(_pairsMax), Weights = _scratch.Allocate<long>(_pairsMax) };
        _keys.FindFirst(0, change, _rightKeys, _rows, _count, _first, _scratch);
        _probe = 0;
        _stored = _count > 0 ? _first[0] : Arrangement.None;
    }

    private Batch MakeBatch()
    {
        var memory = BatchMemory.Create();
        var output = new Column[_width];
        var rows = memory.Allocate<int>(_pairs.Count);
        for (var i = 0; i < _pairs.Count; i++) rows[i] = _rows[_pairs.Probes[i]];
        var stored = _left.Addresses(_pairs.Stored, _pairs.Count, memory);
        var points = false;
        for (var i = 0; i < _leftWidth; i++) output[i] = _left.Read(i, stored, _pairs.Count, memory);
        for (var i = _leftWidth; i < _width; i++) output[i] = GatherKernel.Gather(_probing!.Columns[i - _leftWidth], rows, _pairs.Count, memory, ref points);
        if (points) memory.Retain(_probing!.Memory);
        return JoinKernel.Result(_pairs, output, memory);
    }
}
