using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Arrangements;

namespace Freshet.Dataflow.Joins;

/// <summary>
/// What all inner joins with a shared relation have in common. A left row meets the relation before the step when it comes; what the step has
/// changed of the relation (port 1) meets all left rows at its end, from <see cref="EndOfInput"/> on. So each pair is met once. A NULL key
/// matches nothing. Where left rows are kept, and how a change walks along them, is the operator's.
/// Output: of a left batch its rows that meet one, in their order; then, in bounded batches, what the changes meet.
/// </summary>
public abstract unsafe class RelationMeeting : Operator
{
    private readonly SharedRelation _relation;
    private readonly int[] _leftKeys;
    private readonly int[] _rightKeys;
    private readonly List<Batch> _changes = [];

    /// <summary>What the last left batch has met.</summary>
    private Batch? _met;

    /// <summary>The next change of the relation that meets the left rows; none before the inputs have ended.</summary>
    private int _nextChange = int.MaxValue;

    private protected RelationMeeting(RelationJoinSpec spec, SharedRelation relation)
    {
        Spec = spec;
        _relation = relation;
        _leftKeys = [.. spec.LeftKeys];
        _rightKeys = [.. spec.RightKeys];
    }

    private protected RelationJoinSpec Spec { get; }

    /// <summary>The keys' columns of the left rows.</summary>
    private protected ReadOnlySpan<int> LeftKeys => _leftKeys;

    /// <summary>The change that meets left rows, and what belongs to it; null between changes.</summary>
    private protected Batch? Change { get; private set; }

    private protected BatchMemory? Scratch { get; private set; }

    /// <summary>Rows of the change whose key has no NULL.</summary>
    private protected int* Rows { get; private set; }

    /// <summary>For each of them the first left row of its key, or none.</summary>
    private protected int* First { get; private set; }

    private protected int Count { get; private set; }

    /// <summary>Pairs for which there is room at once: one row may meet any number of rows, over several batches.</summary>
    private protected int PairsMax => Math.Min(Batch.TypicalRows, Math.Max(Count, 64));

    public override bool RestsWithoutRows => true;

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
            if (Change is null)
            {
                if (_nextChange >= _changes.Count) return null;
                Begin(_changes[_nextChange++]);
            }

            if (NextPairs() is { } batch) return batch;
            Change!.Release();
            Scratch!.Release();
            (Change, Scratch) = (null, null);
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
        Change?.Release();
        Scratch?.Release();
        for (var i = _nextChange == int.MaxValue ? 0 : _nextChange; i < _changes.Count; i++) _changes[i].Release();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Stores left rows.</summary>
    private protected virtual void Keep(Batch batch)
    {
    }

    /// <summary>Writes the first left row of the key of each of <see cref="Rows"/> to <see cref="First"/>, and begins the walk at the first of them.</summary>
    private protected abstract void FindFirst(ReadOnlySpan<int> keys);

    /// <summary>The next pairs of the change, at most <see cref="PairsMax"/>; null after the last.</summary>
    private protected abstract Batch? NextPairs();

    private void Begin(Batch change)
    {
        Change = change;
        Scratch = BatchMemory.Create();
        Rows = Scratch.Allocate<int>(change.Count);
        Count = JoinKernel.SplitByNull(change, _rightKeys, RowNumbers.Of(change), change.Count, Rows, Scratch.Allocate<int>(change.Count), out _);
        First = Scratch.Allocate<int>(Count);
        FindFirst(_rightKeys);
    }
}
