using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.Dataflow.Joins;

/// <summary>
/// Inner and outer join of two streams of changes: pairs of rows whose keys are equal and on which the residual condition is TRUE;
/// weights multiply. See <see cref="JoinPairing"/> for how rows meet and what is kept.
/// <para>Outer: a row of an outer side counts the net weight of its matches; at the end of the step one whose count or weight
/// has changed gives or takes back its row with NULLs. One with a NULL in its key is never matched: its row with NULLs needs no state.</para>
/// <para>Output batches are bounded: a key with many rows costs time and not memory. Side output 0: pairs on which the
/// residual condition fails.</para>
/// Order of output: of the input batch, then newest stored row first; at the end left rows, then right ones, by first touch.
/// </summary>
public sealed unsafe class JoinOperator : Operator
{
    private readonly JoinSpec _spec;
    private readonly JoinPairing _pairing;
    private readonly int[] _output;
    private readonly int _leftCount;
    private readonly int _columnCount;

    /// <summary>The side whose rows with NULLs are made; 2 when there are none to make.</summary>
    private int _ending = 2;

    /// <param name="seed">The database's hash seed.</param>
    public JoinOperator(JoinSpec spec, ulong seed)
    {
        _spec = spec;
        _pairing = new JoinPairing(spec, seed);
        _output = [.. spec.Output];
        _leftCount = spec.LeftTypes.Length;
        _columnCount = _leftCount + spec.RightTypes.Length;
    }

    public override long StateRows => _pairing.StateRows;

    public override long StateBytes => _pairing.StateBytes;

    public override void Accept(int port, Batch batch, StepContext step) => _pairing.Begin(port, batch, step);

    public override Batch? Produce(StepContext step)
    {
        if (_pairing.NullKeysOf is >= 0 and var port && _pairing.Matched[port] is not null) return WithoutMatch(port);
        if (_pairing.NextPairs(step.Step)) return _pairing.MakeBatch(_output);
        while (_ending < 2)
        {
            if (_pairing.Matched[_ending] is { HasChanges: true } && NextOuter(_ending) is { } rows) return rows;
            _pairing.Matched[_ending]?.Clear();
            _ending++;
        }

        return null;
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        _ending = 0;
        _pairing.Expire(watermark);
    }

    public override void EndOfStep() => _pairing.EndOfStep();

    public override int Sides => 1;

    public override Batch? TakeSide(int side) => side == 0 ? _pairing.Errors.Take() : null;

    public override void Dispose()
    {
        _pairing.Dispose();
        base.Dispose();
    }

    private Batch? NextOuter(int side)
    {
        var memory = BatchMemory.Create();
        var slots = memory.Allocate<int>(Batch.TypicalRows);
        var weights = memory.Allocate<long>(Batch.TypicalRows);
        var count = _pairing.Matched[side]!.TakeChanges(withMatch: false, slots, weights, Batch.TypicalRows);
        if (count == 0)
        {
            memory.Release();
            return null;
        }

        var all = new Column[_columnCount];
        foreach (var column in _output)
            if (SideOf(column) == side) all[column] = _pairing.Sides[side].Read(column - FirstOf(side), slots, count, memory);
        FillNulls(all, 1 - side, memory);
        return new Batch(memory, Select(all), count) { Weights = weights };
    }

    private Batch WithoutMatch(int port)
    {
        var memory = BatchMemory.Create();
        var all = new Column[_columnCount];
        _pairing.Probing.CopyTo(all, FirstOf(port));
        FillNulls(all, 1 - port, memory);
        return _pairing.TakeNullKeys(Select(all), memory);
    }

    private int SideOf(int column) => column < _leftCount ? 0 : 1;

    private int FirstOf(int side) => side == 0 ? 0 : _leftCount;

    private void FillNulls(Column[] all, int side, BatchMemory memory)
    {
        var types = side == 0 ? _spec.LeftTypes : _spec.RightTypes;
        for (var i = 0; i < types.Length; i++) all[FirstOf(side) + i] = Column.ConstantNull(types[i].Physical, memory);
    }

    private Column[] Select(Column[] all)
    {
        var output = new Column[_output.Length];
        for (var i = 0; i < output.Length; i++) output[i] = all[_output[i]];
        return output;
    }
}
