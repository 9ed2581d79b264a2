using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.State.Hashing;
using KeyedTable = Freshet.Dataflow.Tables.KeyedTable;

namespace Freshet.Aggregation;

/// <summary>
/// The accumulators of all calls of an aggregation, laid out one after another in a group's row, and the way of a batch into
/// them: through the call's FILTER, then, for DISTINCT, through the counted values of the group, then into the accumulator.
/// Calls with the same FILTER and argument share the counted values; where nothing is taken back and no group ends, calls with
/// the same argument share the values seen, whatever their FILTER.
/// </summary>
internal sealed unsafe class AccumulatorSet : IDisposable
{
    private readonly Accumulator[] _accumulators;
    private readonly AggregateCall[] _calls;
    private readonly CallShape[] _shapes;
    private readonly int[][] _columns;
    private readonly DistinctValues?[] _distinct;
    private readonly List<DistinctValues> _sets = [];
    private readonly SeenValues?[] _seen;

    /// <param name="position">Input columns that are the position of a row; none where rows have no position.</param>
    /// <param name="firstByte">Where the accumulators begin in a group's state.</param>
    /// <param name="groupsStay">No group is ever released before the whole set is disposed of.</param>
    public AccumulatorSet(ImmutableArray<SqlType> inputTypes, ImmutableArray<int> position, ImmutableArray<AggregateCall> calls, bool isAppendOnly, int firstByte, ulong seed, bool groupsStay = false)
    {
        _calls = [.. calls];
        _shapes = [.. calls.Select(c => new CallShape(Before(c, inputTypes, position), [.. c.ArgumentTypes.Skip(IsKeyed(c) ? 1 : 0).Select(t => t.Physical)], isAppendOnly, EveryRowCounts(c)))];
        _columns = [.. calls.Select(c => c.IsOrdered ? (int[])[.. position, .. c.Arguments] : [.. c.Arguments])];
        _accumulators = [.. _calls.Select((c, i) => Make(c, _shapes[i], seed))];
        _distinct = new DistinctValues?[calls.Length];
        _seen = new SeenValues?[calls.Length];
        if (isAppendOnly && groupsStay) ShareSeenValues(seed);
        StateBytes = firstByte;
        for (var i = 0; i < _calls.Length; i++)
        {
            var call = _calls[i];
            _accumulators[i].Offset = StateBytes;
            StateBytes += _accumulators[i].StateBytes;
            if (!CountsValues(call) || _seen[i] is not null) continue;
            var same = Array.FindIndex(_calls, 0, i, c => CountsValues(c) && c.Arguments.AsSpan().SequenceEqual(call.Arguments.AsSpan()) && c.Filter == call.Filter && CallShape.IsPacked(c) == CallShape.IsPacked(call));
            if (same < 0)
            {
                _distinct[i] = new DistinctValues(CallShape.IsPacked(call) ? PhysicalKind.View : _shapes[i].Arguments[0], seed) { Offset = StateBytes };
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

    public long ExtraRows => _accumulators.Sum(a => a.ExtraRows) + _sets.Sum(d => d.Rows) + _seen.Distinct().Sum(s => s?.Rows ?? 0);

    public long ExtraBytes => _accumulators.Sum(a => a.ExtraBytes) + _sets.Sum(d => d.Bytes) + _seen.Distinct().Sum(s => s?.Bytes ?? 0);

    /// <summary>Adds the rows of a batch to their groups. <paramref name="slots"/> is parallel to the input's lists.</summary>
    public void Add(Batch batch, in AccumulatorInput input, int* slots, BatchMemory scratch)
    {
        for (var i = 0; i < _calls.Length; i++)
        {
            var call = _calls[i];
            if (_seen[i] is { } seen)
            {
                if (Array.IndexOf(_seen, seen) == i) seen.Find(batch, batch.Columns[call.Arguments[0]], input, slots, scratch);
                AddTo(i, batch, seen.Found(call.Filter, scratch));
                continue;
            }

            if (_distinct[i] is { } values)
            {
                // The first call of a set finds the values that came or went; the others reuse what it found.
                var isFirst = Array.IndexOf(_distinct, values) == i;
                if (isFirst)
                {
                    var all = Filtered(batch, call, input, slots, scratch, out var kept);
                    values.Find(batch, CallShape.IsPacked(call) ? Packed(i, batch, all, scratch) : batch.Columns[call.Arguments[0]], all, kept, scratch);
                }

                AddTo(i, batch, values.Found);
                continue;
            }

            var rows = Filtered(batch, call, input, slots, scratch, out _);
            if (CallShape.IsPacked(call)) _accumulators[i].Add([Packed(i, batch, rows, scratch)], rows);
            else AddTo(i, batch, rows);
        }
    }

    /// <summary>Adds rows whose arguments are columns of the batch.</summary>
    private void AddTo(int call, Batch batch, in AccumulatorInput rows)
    {
        var columns = _columns[call];
        switch (columns.Length)
        {
            case 0: _accumulators[call].Add([], rows); break;
            case 1: _accumulators[call].Add([batch.Columns[columns[0]]], rows); break;
            default:
                var arguments = new Column[columns.Length];
                for (var i = 0; i < arguments.Length; i++) arguments[i] = batch.Columns[columns[i]];
                _accumulators[call].Add(arguments, rows);
                break;
        }
    }

    private Column Packed(int call, Batch batch, in AccumulatorInput rows, BatchMemory scratch)
    {
        var columns = _columns[call];
        var parts = new Column[columns.Length];
        for (var i = 0; i < parts.Length; i++) parts[i] = batch.Columns[columns[i]];
        return TupleKernel.Pack(parts, rows.Rows, rows.Count, batch.Rows, _shapes[call].NullFrom(_calls[call]), scratch);
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
        foreach (var seen in _seen) seen?.Dispose();
    }

    /// <summary>One <see cref="SeenValues"/> for each argument whose calls it can serve.</summary>
    private void ShareSeenValues(ulong seed)
    {
        for (var i = 0; i < _calls.Length; i++)
        {
            if (_seen[i] is not null || !SeesValues(_calls[i])) continue;
            var argument = _calls[i].Arguments[0];
            var sharing = Enumerable.Range(i, _calls.Length - i).Where(c => SeesValues(_calls[c]) && _calls[c].Arguments[0] == argument).ToArray();
            var filters = sharing.Select(c => _calls[c].Filter).Distinct().ToImmutableArray();
            if (filters.Length > PairFlags.MaxFlags) continue;
            var seen = new SeenValues(filters, seed);
            foreach (var call in sharing) _seen[call] = seen;
        }
    }

    private static bool SeesValues(AggregateCall call) =>
        CountsValues(call) && call.Arguments.Length == 1 && !CallShape.IsPacked(call) && SeenValues.Holds(call.ArgumentType.Physical);

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

    /// <summary>What is in front of a call's arguments in its tuples: the position where it is ordered, a member's key where it is ordered by that.</summary>
    private static PhysicalKind[] Before(AggregateCall call, ImmutableArray<SqlType> types, ImmutableArray<int> position) =>
        call.IsOrdered ? [.. position.Select(p => types[p].Physical)] : IsKeyed(call) ? [call.ArgumentTypes[0].Physical] : [];

    private static bool IsKeyed(AggregateCall call) => call.Function == AggregateKind.JsonObject && call.Arguments.Length > 1;

    /// <summary>
    /// Whether the values of a call are counted, so that its accumulator sees each once. Those that keep all values see to it
    /// themselves, as the first of equal ones may go.
    /// </summary>
    internal static bool CountsValues(AggregateCall call) => call.IsDistinct && call.Function switch
    {
        AggregateKind.Min or AggregateKind.Max or AggregateKind.First or AggregateKind.Last or AggregateKind.Single => false,
        AggregateKind.List or AggregateKind.Array or AggregateKind.Collect or AggregateKind.JsonArray or AggregateKind.JsonObject => false,
        AggregateKind.User => !call.User!.KeepsRows,
        _ => true,
    };

    /// <summary>Whether a call has a value for every row of its group, so that the group's number of rows is the number of values.</summary>
    private static bool EveryRowCounts(AggregateCall call) =>
        call.Filter < 0 && !call.IsDistinct && call.ArgumentTypes.All(t => !t.IsNullable);

    private static Accumulator Make(AggregateCall call, CallShape shape, ulong seed)
    {
        switch (call.Function)
        {
            case AggregateKind.Count: return shape.EveryRowCounts ? new RowCountAccumulator() : new CountAccumulator();
            case AggregateKind.Min or AggregateKind.Max or AggregateKind.First or AggregateKind.Last:
                var greatest = call.Function is AggregateKind.Max or AggregateKind.Last;
                return shape.IsAppendOnly ? new ExtremeAccumulator(Stored(call, shape), greatest) : new RetractableExtremeAccumulator(Stored(call, shape), greatest);
            case AggregateKind.VarPop or AggregateKind.VarSamp or AggregateKind.StddevPop or AggregateKind.StddevSamp:
                return call.ArgumentType.IsApproximate ? new FloatVarianceAccumulator(call) : new VarianceAccumulator(call);
            case AggregateKind.Single: return new SingleValueAccumulator(Stored(call, shape));
            case AggregateKind.List or AggregateKind.Array or AggregateKind.Collect or AggregateKind.JsonArray or AggregateKind.JsonObject:
                return new ListAccumulator(ListForm.Of(call), Stored(call, shape), call.IsDistinct, seed);
            case AggregateKind.Percentile: return new PercentileAccumulator(call);
            case AggregateKind.Bitmap: return new BitmapAccumulator(call);
            case AggregateKind.User: return call.User!.Create(call, shape);
            default: return call.ArgumentType.IsApproximate ? new ExactSumAccumulator(call) : new SumAccumulator(call, shape.EveryRowCounts);
        }
    }

    private static StoredForm Stored(AggregateCall call, CallShape shape) => new(shape.Arguments[0], CallShape.IsPacked(call) ? shape.Position : null);
}
