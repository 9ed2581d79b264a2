using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow;
using Freshet.Dataflow.Arrangements;
using Freshet.Dataflow.Joins;
using Freshet.Dataflow.Tables;
using Freshet.Kernels;

namespace Freshet.Aggregation;

/// <summary>
/// The join of an aggregation's groups with a shared relation, such as that of identifiers and profiles, where the join's key is part of the
/// groups': <see cref="RelationJoinOperator"/> without rows of its own. Groups that change meet the relation before the step; what the step has
/// changed of the relation meets the groups as they are at its end, in the state of the aggregation. So each pair is met once.
/// It stands in the same share as the aggregation that it reads, and its inputs have ended only when that is done.
/// State: none. Cost: a look-up of the relation for a row that comes; for a change of the relation one of the groups, and their results.
/// Output: of a batch its rows that meet one, in their order; then, in bounded batches, what the changes meet, newest group first.
/// </summary>
public sealed unsafe class RelatedGroupsOperator(RelationJoinSpec spec, SharedRelation relation, AggregateOperator groups) : Operator
{
    private readonly int[] _leftKeys = [.. spec.LeftKeys];
    private readonly int[] _rightKeys = [.. spec.RightKeys];
    private readonly List<Batch> _changes = [];

    /// <summary>What the last batch of groups has met.</summary>
    private Batch? _met;

    // The change that meets groups, with the cursor; null between changes.
    private Batch? _probing;
    private BatchMemory? _scratch;
    private int* _rows;
    private int* _first;
    private int _count;
    private int _probe;
    private int _group;

    /// <summary>The next change of the relation that meets the groups; none before the inputs have ended.</summary>
    private int _nextChange = int.MaxValue;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        if (port != 0)
        {
            _changes.Add(batch);
            return;
        }

        _met = relation.Meet(batch, _leftKeys);
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

            if (Walk() is { } batch) return batch;
            _probing!.Release();
            _scratch!.Release();
            (_probing, _scratch) = (null, null);
        }
    }

    public override void EndOfStep()
    {
        _changes.Clear();
        _nextChange = int.MaxValue;
    }

    public override void Dispose()
    {
        // Only a step that was broken off leaves them.
        _met?.Release();
        _probing?.Release();
        _scratch?.Release();
        for (var i = _nextChange == int.MaxValue ? 0 : _nextChange; i < _changes.Count; i++) _changes[i].Release();
        base.Dispose();
    }

    private void Begin(Batch change)
    {
        _probing = change;
        _scratch = BatchMemory.Create();
        _rows = _scratch.Allocate<int>(change.Count);
        _count = JoinKernel.SplitByNull(change, _rightKeys, RowNumbers.Of(change), change.Count, _rows, _scratch.Allocate<int>(change.Count), out _);
        _first = _scratch.Allocate<int>(_count);
        groups.FindFirst(change, _rightKeys, _rows, _count, _first, _scratch);
        _probe = 0;
        _group = _count > 0 ? _first[0] : KeyedTable.None;
    }

    /// <summary>The next pairs of the change with groups that are in the result; null after the last.</summary>
    private Batch? Walk()
    {
        var memory = BatchMemory.Create();
        var room = Math.Min(Batch.TypicalRows, Math.Max(_count, 64));
        var rows = memory.Allocate<int>(room);
        var slots = memory.Allocate<int>(room);
        var count = 0;
        while (_probe < _count && count < room)
        {
            if (_group == KeyedTable.None)
            {
                if (++_probe < _count) _group = _first[_probe];
                continue;
            }

            if (groups.IsInResult(_group))
            {
                rows[count] = _rows[_probe];
                slots[count++] = _group;
            }

            _group = groups.NextOf(_group);
        }

        if (count > 0) return MakeBatch(rows, slots, count, memory);
        memory.Release();
        return null;
    }

    private Batch MakeBatch(int* rows, int* slots, int count, BatchMemory memory)
    {
        var output = new Column[spec.LeftTypes.Length + spec.RightTypes.Length];
        groups.ReadResults(slots, count, output, memory);
        var points = false;
        for (var i = 0; i < spec.RightTypes.Length; i++) output[spec.LeftTypes.Length + i] = GatherKernel.Gather(_probing!.Columns[i], rows, count, memory, ref points);
        if (points) memory.Retain(_probing!.Memory);
        var result = new Batch(memory, output, count);
        if (_probing!.Weights is null) return result;
        result.Weights = memory.Allocate<long>(count);
        for (var i = 0; i < count; i++) result.Weights[i] = _probing.Weights[rows[i]];
        return result;
    }
}
