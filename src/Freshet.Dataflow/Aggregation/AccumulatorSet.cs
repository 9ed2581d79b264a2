using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tables;

namespace Freshet.Dataflow.Aggregation;

/// <summary>
/// The accumulators of all calls of an aggregation, laid out one after another in a group's row, and the way of a batch into
/// them: through the call's FILTER, then, for DISTINCT, through the counted values of the group, then into the accumulator.
/// Calls with the same FILTER share its rows; calls with the same FILTER and argument share the counted values.
/// </summary>
internal sealed unsafe class AccumulatorSet : IDisposable
{
    private readonly Accumulator[] _accumulators;
    private readonly AggregateCall[] _calls;
    private readonly DistinctValues?[] _distinct;
    private readonly List<DistinctValues> _sets = [];

    /// <param name="firstByte">Where the accumulators begin in a group's state.</param>
    public AccumulatorSet(ImmutableArray<SqlType> inputTypes, ImmutableArray<AggregateCall> calls, bool isAppendOnly, int firstByte, ulong seed)
    {
        _calls = [.. calls];
        _accumulators = [.. calls.Select(c => Make(c, isAppendOnly))];
        _distinct = new DistinctValues?[calls.Length];
        StateBytes = firstByte;
        for (var i = 0; i < _calls.Length; i++)
        {
            _accumulators[i].Offset = StateBytes;
            StateBytes += _accumulators[i].StateBytes;
            if (!IsDistinct(_calls[i])) continue;
            var same = Array.FindIndex(_calls, 0, i, c => IsDistinct(c) && c.Argument == calls[i].Argument && c.Filter == calls[i].Filter);
            if (same < 0)
            {
                _distinct[i] = new DistinctValues(_calls[i].Argument, inputTypes[_calls[i].Argument].Physical, seed) { Offset = StateBytes };
                StateBytes += DistinctValues.StateBytes;
                _sets.Add(_distinct[i]!);
            }
            else
            {
                _distinct[i] = _distinct[same];
            }
        }
    }

    public Accumulator this[int call] => _accumulators[call];

    /// <summary>Bytes of a group's state, with what comes before the accumulators.</summary>
    public int StateBytes { get; }

    public long ExtraRows => _accumulators.Sum(a => a.ExtraRows) + _sets.Sum(d => d.Rows);

    public long ExtraBytes => _accumulators.Sum(a => a.ExtraBytes) + _sets.Sum(d => d.Bytes);

    /// <summary>Adds the rows of a batch to their groups. <paramref name="slots"/> is parallel to the input's lists.</summary>
    public void Add(Batch batch, in AccumulatorInput input, int* slots, BatchMemory scratch)
    {
        for (var i = 0; i < _calls.Length; i++)
        {
            var call = _calls[i];
            if (_distinct[i] is { } values)
            {
                // The first call of a set finds the values that came or went; the others reuse what it found.
                var isFirst = Array.IndexOf(_distinct, values) == i;
                if (isFirst) values.Find(batch, Filtered(batch, call, input, slots, scratch, out var kept), kept, scratch);
                _accumulators[i].Add(batch.Columns[call.Argument], values.Found);
                continue;
            }

            var argument = call.Argument < 0 ? default : batch.Columns[call.Argument];
            _accumulators[i].Add(argument, call.Filter < 0 ? input : Filtered(batch, call, input, slots, scratch, out _));
        }
    }

    /// <summary>Frees what groups that end hold outside their rows.</summary>
    public void Release(byte** groups, int count)
    {
        foreach (var accumulator in _accumulators) accumulator.Release(groups, count);
        foreach (var values in _sets) values.Release(groups, count);
    }

    /// <summary>Adds the states of groups to those of others. Not for DISTINCT.</summary>
    public void Merge(byte** from, byte** into, int count)
    {
        foreach (var accumulator in _accumulators) accumulator.Merge(from, into, count);
    }

    /// <summary>The step is over: free rows may be used again.</summary>
    public void EndOfStep()
    {
        foreach (var accumulator in _accumulators) accumulator.EndOfStep();
        foreach (var values in _sets) values.EndOfStep();
    }

    /// <summary>Gives everything back: what the groups of <paramref name="table"/> hold outside their rows, and the tables for it.</summary>
    public void Dispose(KeyedTable table)
    {
        table.ForEach(ReleaseOne);
        Dispose();
    }

    public void Dispose()
    {
        foreach (var accumulator in _accumulators) accumulator.Dispose();
        foreach (var values in _sets) values.Dispose();
    }

    private void ReleaseOne(nint address)
    {
        var group = (byte*)address;
        Release(&group, 1);
    }

    private static AccumulatorInput Filtered(Batch batch, AggregateCall call, in AccumulatorInput input, int* slots, BatchMemory scratch, out int* keptSlots)
    {
        keptSlots = slots;
        if (call.Filter < 0) return input;
        var rows = scratch.Allocate<int>(input.Count + 1);
        var groups = (byte**)scratch.Allocate<nint>(input.Count + 1);
        keptSlots = scratch.Allocate<int>(input.Count + 1);
        return AggregateKernel.Filter(batch.Columns[call.Filter], input, slots, rows, groups, keptSlots);
    }

    private static bool IsDistinct(AggregateCall call) =>
        call.IsDistinct && call.Function is not (AggregateFunction.Min or AggregateFunction.Max);

    /// <summary>Whether a call has a value for every row of its group, so that the group's number of rows is the number of values.</summary>
    private static bool EveryRowCounts(AggregateCall call) =>
        call.Filter < 0 && !call.IsDistinct && (call.Argument < 0 || !call.ArgumentType.IsNullable);

    private static Accumulator Make(AggregateCall call, bool isAppendOnly) => call.Function switch
    {
        AggregateFunction.Count => EveryRowCounts(call) ? new RowCountAccumulator() : new CountAccumulator(),
        AggregateFunction.Min or AggregateFunction.Max => isAppendOnly ? new ExtremeAccumulator(call) : new RetractableExtremeAccumulator(call),
        AggregateFunction.JsonArray => isAppendOnly && call.InArrivalOrder ? new JsonArrayAccumulator() : new RetractableJsonArrayAccumulator(),
        _ when call.ArgumentType.IsApproximate => new ExactSumAccumulator(call),
        _ => new SumAccumulator(call, EveryRowCounts(call)),
    };
}
