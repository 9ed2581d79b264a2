using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Arrangements;
using Freshet.Dataflow.Joins;
using Freshet.Dataflow.Tables;
using Freshet.Kernels;

namespace Freshet.Aggregation;

/// <summary>
/// The join of an aggregation's groups with a shared relation, such as that of identifiers and profiles, where the join's key is part of the
/// groups' (see <see cref="RelationMeeting"/>): without rows of its own, as a change meets the groups as they are at the step's end, in the state
/// of the aggregation. It stands in the same share as the aggregation that it reads, and its inputs have ended only when that is done.
/// State: none. Cost: a look-up of the relation for a row that comes; for a change of the relation one of the groups, and their results.
/// Output of a change: newest group first.
/// </summary>
public sealed unsafe class RelatedGroupsOperator(RelationJoinSpec spec, SharedRelation relation, AggregateOperator groups) : RelationMeeting(spec, relation)
{
    // The cursor of the change that meets groups.
    private int _probe;
    private int _group;

    private protected override void FindFirst(ReadOnlySpan<int> keys)
    {
        groups.FindFirst(Change!, keys, Rows, Count, First, Scratch!);
        _probe = 0;
        _group = Count > 0 ? First[0] : KeyedTable.None;
    }

    private protected override Batch? NextPairs()
    {
        var memory = BatchMemory.Create();
        var rows = memory.Allocate<int>(PairsMax);
        var slots = memory.Allocate<int>(PairsMax);
        var count = 0;
        while (_probe < Count && count < PairsMax)
        {
            if (_group == KeyedTable.None)
            {
                if (++_probe < Count) _group = First[_probe];
                continue;
            }

            if (groups.IsInResult(_group))
            {
                rows[count] = Rows[_probe];
                slots[count++] = _group;
            }

            _group = groups.NextOf(_group);
        }

        if (count > 0) return MakeBatch(Change!, rows, slots, count, memory);
        memory.Release();
        return null;
    }

    private Batch MakeBatch(Batch change, int* rows, int* slots, int count, BatchMemory memory)
    {
        var leftWidth = Spec.LeftTypes.Length;
        var output = new Column[leftWidth + Spec.RightTypes.Length];
        groups.ReadResults(slots, count, output, memory);
        var points = false;
        for (var i = leftWidth; i < output.Length; i++) output[i] = GatherKernel.Gather(change.Columns[i - leftWidth], rows, count, memory, ref points);
        if (points) memory.Retain(change.Memory);
        var result = new Batch(memory, output, count);
        if (change.Weights is null) return result;
        result.Weights = memory.Allocate<long>(count);
        for (var i = 0; i < count; i++) result.Weights[i] = change.Weights[rows[i]];
        return result;
    }
}
