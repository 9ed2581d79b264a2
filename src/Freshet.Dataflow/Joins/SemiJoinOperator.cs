using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Joins;

/// <summary>
/// Left rows by whether they have a match on the right: those with one (semi), those without (anti), or all of them and a last
/// column that says it (mark). A left row counts the net weight of its matches; its changes leave at the end of the step.
/// One with a NULL in its key is never matched and passes, or not, without state. See <see cref="JoinPairing"/>.
/// <para>The right input should give the key and what the residual condition reads, no more: equal rows are kept once.</para>
/// State: the left rows and the different right rows. Order of output: by first touch. Side output 0 as for a join.
/// </summary>
public sealed unsafe class SemiJoinOperator : Operator
{
    private readonly JoinSpec _spec;
    private readonly JoinPairing _pairing;
    private bool _isEnding;

    /// <summary>Whether the changes that are due are those of rows with a match.</summary>
    private bool _withMatch;

    /// <param name="spec">Its output is columns of the left input; a mark is added behind them.</param>
    /// <param name="seed">The database's hash seed.</param>
    public SemiJoinOperator(JoinSpec spec, ulong seed)
    {
        _spec = spec;
        _pairing = new JoinPairing(spec, seed);
    }

    public override long StateRows => _pairing.StateRows;

    public override long StateBytes => _pairing.StateBytes;

    public override bool RestsWithoutRows => true;

    public override void Accept(int port, Batch batch, StepContext step) => _pairing.Begin(port, batch, step);

    public override Batch? Produce(StepContext step)
    {
        if (_pairing.NullKeysOf == 0 && _spec.Kind != JoinKind.Semi) return NullKeys();
        while (_pairing.NextPairs(step.Step))
        {
            // Only the counts of the left rows are of interest.
        }

        if (!_isEnding) return null;
        if (NextChanges() is { } changes) return changes;
        if (_spec.Kind == JoinKind.Mark && _withMatch)
        {
            _withMatch = false;
            if (NextChanges() is { } others) return others;
        }

        _pairing.Matched[0]!.Clear();
        _isEnding = false;
        return null;
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        _isEnding = _pairing.Matched[0]!.HasChanges;
        _withMatch = _spec.Kind != JoinKind.Anti;
    }

    public override void EndOfStep() => _pairing.EndOfStep();

    public override int Sides => 1;

    public override Batch? TakeSide(int side) => side == 0 ? _pairing.Errors.Take() : null;

    public override void Dispose()
    {
        _pairing.Dispose();
        base.Dispose();
    }

    private Batch? NextChanges()
    {
        var memory = BatchMemory.Create();
        var slots = memory.Allocate<int>(Batch.TypicalRows);
        var weights = memory.Allocate<long>(Batch.TypicalRows);
        var count = _pairing.Matched[0]!.TakeChanges(_withMatch, slots, weights, Batch.TypicalRows);
        if (count == 0)
        {
            memory.Release();
            return null;
        }

        var left = new Column[_spec.Output.Length + MarkColumns];
        for (var i = 0; i < _spec.Output.Length; i++) left[i] = _pairing.Sides[0].Read(_spec.Output[i], slots, count, memory);
        if (MarkColumns > 0) left[^1] = Mark(_withMatch, memory);
        return new Batch(memory, left, count) { Weights = weights };
    }

    private Batch NullKeys()
    {
        var memory = BatchMemory.Create();
        var left = new Column[_spec.Output.Length + MarkColumns];
        for (var i = 0; i < _spec.Output.Length; i++) left[i] = _pairing.Probing[_spec.Output[i]];
        if (MarkColumns > 0) left[^1] = Mark(false, memory);
        return _pairing.TakeNullKeys(left, memory);
    }

    private int MarkColumns => _spec.Kind == JoinKind.Mark ? 1 : 0;

    private static Column Mark(bool hasMatch, BatchMemory memory) => Column.Constant(PhysicalKind.Bool, hasMatch, memory);
}
