using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Arrangements;
using Freshet.Kernels;

namespace Freshet.Dataflow.Joins;

/// <summary>
/// Inner join with a relation of one row a key that many joins of a circuit share, such as that of identifiers and profiles
/// (see <see cref="RelationMeeting"/>); it keeps its left rows.
/// State: the left rows; the relation is <see cref="SharedRelation"/>'s. Cost: two look-ups of the key for a left row, one of the row where rows are
/// taken back; for a change of the relation a look-up in each join, and the left rows that it meets.
/// Output of a change: newest stored row first.
/// </summary>
public sealed unsafe class RelationJoinOperator : RelationMeeting
{
    private readonly ArrangedKeys _keys;
    private readonly Arrangement _left;
    private readonly int _leftWidth;
    private readonly int _width;

    // The cursor of the change that meets left rows.
    private int _probe;
    private int _stored;
    private JoinPairs _pairs;

    /// <param name="seed">The database's hash seed.</param>
    public RelationJoinOperator(RelationJoinSpec spec, SharedRelation relation, ulong seed)
        : base(spec, relation)
    {
        _keys = new ArrangedKeys(spec.LeftTypes, spec.LeftKeys, 1, seed);
        _left = new Arrangement(spec.LeftTypes, _keys, 0, spec.LeftIsAppendOnly, countsMatches: false, seed);
        _leftWidth = spec.LeftTypes.Length;
        _width = _leftWidth + spec.RightTypes.Length;
    }

    public override long StateRows => _left.Rows;

    public override long StateBytes => _left.Bytes + _keys.Bytes;

    public override void EndOfStep()
    {
        base.EndOfStep();
        _left.EndOfStep();
        _keys.EndOfStep();
    }

    public override void Dispose()
    {
        _left.Dispose();
        _keys.Dispose();
        base.Dispose();
    }

    private protected override void Keep(Batch batch)
    {
        var scratch = BatchMemory.Create();
        var rows = scratch.Allocate<int>(batch.Count);
        var count = JoinKernel.SplitByNull(batch, LeftKeys, RowNumbers.Of(batch), batch.Count, rows, scratch.Allocate<int>(batch.Count), out _);
        var slots = scratch.Allocate<int>(count);
        var keys = scratch.Allocate<int>(count);
        var firsts = (int**)scratch.Allocate<nint>(count);
        _keys.FindOrAdd(batch, LeftKeys, rows, count, scratch, keys, firsts);
        _left.Place(batch, rows, count, slots, keys, firsts, scratch);
        _left.AddWeights(batch, rows, slots, count);
        scratch.Release();
    }

    private protected override void FindFirst(ReadOnlySpan<int> keys)
    {
        var scratch = Scratch!;
        _pairs = new JoinPairs { Probes = scratch.Allocate<int>(PairsMax), Stored = scratch.Allocate<int>(PairsMax), Weights = scratch.Allocate<long>(PairsMax) };
        _keys.FindFirst(0, Change!, keys, Rows, Count, First, scratch);
        _probe = 0;
        _stored = Count > 0 ? First[0] : Arrangement.None;
    }

    private protected override Batch? NextPairs()
    {
        _pairs.Count = 0;
        JoinKernel.Walk(_left, Change!, Rows, First, Count, ref _probe, ref _stored, ref _pairs, PairsMax, withEmpty: false);
        return _pairs.Count > 0 ? MakeBatch(Change!) : null;
    }

    private Batch MakeBatch(Batch change)
    {
        var memory = BatchMemory.Create();
        var output = new Column[_width];
        var rows = memory.Allocate<int>(_pairs.Count);
        for (var i = 0; i < _pairs.Count; i++) rows[i] = Rows[_pairs.Probes[i]];
        var stored = _left.Addresses(_pairs.Stored, _pairs.Count, memory);
        var points = false;
        for (var i = 0; i < _leftWidth; i++) output[i] = _left.Read(i, stored, _pairs.Count, memory);
        for (var i = _leftWidth; i < _width; i++) output[i] = GatherKernel.Gather(change.Columns[i - _leftWidth], rows, _pairs.Count, memory, ref points);
        if (points) memory.Retain(change.Memory);
        return JoinKernel.Result(_pairs, output, memory);
    }
}
