using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Arrangements;
using Freshet.Kernels;

namespace Freshet.Dataflow.Joins;

/// <summary>
/// Inner join with a relation that many joins of a circuit share, such as that of identifiers and profiles: pairs of rows with equal keys;
/// weights multiply. A left row meets the relation before the step when it comes; what the step has changed of the relation
/// meets all left rows at its end. So each pair is met once. A NULL key matches nothing.
/// State: the left rows; the relation is <see cref="SharedRelation"/>'s. Cost: two look-ups of the key for a left row, one of the row where rows are
/// taken back; for a change of the relation a look-up in each join, and the left rows that it meets.
/// Output batches are bounded. Order of output: of the input batch, then newest stored row first.
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

    // The batch that is being paired, with the cursor; null between batches.
    private Batch? _probing;
    private BatchMemory? _scratch;
    private bool _isLeft;
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
        if (port == 0) BeginLeft(batch);
        else _changes.Add(batch);
    }

    public override void EndOfInput(StepContext step, long watermark) => _nextChange = 0;

    public override Batch? Produce(StepContext step)
    {
        while (true)
        {
            if (_probing is null)
            {
                if (_nextChange >= _changes.Count) return null;
                BeginChange(_changes[_nextChange++]);
            }

            _pairs.Count = 0;
            JoinKernel.Walk(Met, _probing!, _rows, _first, _count, ref _probe, ref _stored, ref _pairs, _pairsMax, withEmpty: false);
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
        _probing?.Release();
        _scratch?.Release();
        for (var i = _nextChange == int.MaxValue ? 0 : _nextChange; i < _changes.Count; i++) _changes[i].Release();
        _left.Dispose();
        _keys.Dispose();
        base.Dispose();
    }

    private Arrangement Met => _isLeft ? _relation.Rows : _left;

    private void BeginLeft(Batch batch)
    {
        Begin(batch, true, _leftKeys);
        var slots = _scratch!.Allocate<int>(_count);
        var firsts = (int**)_scratch.Allocate<nint>(_count);
        _keys.FindOrAdd(batch, _leftKeys, _rows, _count, _scratch, _first, firsts);
        _left.Place(batch, _rows, _count, slots, _first, firsts, _scratch);
        _left.AddWeights(batch, _rows, slots, _count);
        _relation.FindFirst(batch, _leftKeys, _rows, _count, _first, _scratch);
        Start();
    }

    private void BeginChange(Batch batch)
    {
        Begin(batch, false, _rightKeys);
        _keys.FindFirst(0, batch, _rightKeys, _rows, _count, _first, _scratch!);
        Start();
    }

    private void Begin(Batch batch, bool isLeft, int[] keys)
    {
        (_probing, _isLeft) = (batch, isLeft);
        _scratch = BatchMemory.Create();
        _rows = _scratch.Allocate<int>(batch.Count);
        _count = JoinKernel.SplitByNull(batch, keys, RowNumbers.Of(batch), batch.Count, _rows, _scratch.Allocate<int>(batch.Count), out _);
        _first = _scratch.Allocate<int>(_count);
        _pairsMax = Math.Min(Batch.TypicalRows, Math.Max(_count, 64));
        _pairs = new JoinPairs { Probes = _scratch.Allocate<int>(_pairsMax), Stored = _scratch.Allocate<int>(_pairsMax), Weights = _scratch.Allocate<long>(_pairsMax) };
    }

    private void Start()
    {
        _probe = 0;
        _stored = _count > 0 ? _first[0] : Arrangement.None;
    }

    private Batch MakeBatch()
    {
        var memory = BatchMemory.Create();
        var output = new Column[_width];
        var rows = memory.Allocate<int>(_pairs.Count);
        for (var i = 0; i < _pairs.Count; i++) rows[i] = _rows[_pairs.Probes[i]];
        var stored = Met.Addresses(_pairs.Stored, _pairs.Count, memory);
        var points = false;
        for (var i = 0; i < _width; i++)
        {
            var column = i < _leftWidth ? i : i - _leftWidth;
            output[i] = i < _leftWidth == _isLeft
                ? GatherKernel.Gather(_probing!.Columns[column], rows, _pairs.Count, memory, ref points)
                : Met.Read(column, stored, _pairs.Count, memory);
        }

        if (points) memory.Retain(_probing!.Memory);
        return JoinKernel.Result(_pairs, output, memory);
    }
}
