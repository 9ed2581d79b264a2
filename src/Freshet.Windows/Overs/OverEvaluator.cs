using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Windows.Overs;

/// <summary>What is known of the rows before a list: their number, and how many different ones in the order.</summary>
internal struct RowsBefore
{
    public long Rows;

    public long Groups;
}

/// <summary>
/// Computes calls over an ordered list of rows. Aggregates slide with the frame: rows that enter are added, rows that leave are
/// taken out, exactly; where the frame begins with the partition, the state can go on from list to list.
/// Cost: for each row an addition, at most one removal and a reading of each call.
/// </summary>
internal sealed unsafe class OverEvaluator : IDisposable
{
    private readonly OverSpec _spec;
    private readonly Frames _frames;
    private readonly AccumulatorSet _accumulators;
    private readonly List<FailedResult> _failures = [];
    private readonly bool _hasAggregates;
    private readonly int[] _resultOf;
    private byte* _group;

    public OverEvaluator(OverSpec spec, ulong seed)
    {
        _spec = spec;
        _frames = new Frames(spec);
        ImmutableArray<AggregateCall> aggregates = [.. spec.Calls.Where(c => c.Aggregate is not null).Select(c => c.Aggregate!)];
        _hasAggregates = aggregates.Length > 0;
        _resultOf = [.. Enumerable.Range(0, spec.Calls.Length).Where(c => spec.Calls[c].Aggregate is not null)];
        // Behind the input's columns stands the row's number: the order in which aggregates that have one see the rows.
        _accumulators = new AccumulatorSet([.. spec.Types, SqlType.BigInt.NotNull], [spec.Types.Length], aggregates, spec.From.IsUnbounded, sizeof(long), seed);
        _group = (byte*)NativeMemory.AllocZeroed((nuint)StateBytes);
    }

    /// <summary>Bytes of the state that goes on from list to list; all zero at first.</summary>
    public int StateBytes => _accumulators.StateBytes;

    public long ExtraRows => _accumulators.ExtraRows;

    public long ExtraBytes => _accumulators.ExtraBytes;

    /// <summary>The results of the rows from <paramref name="first"/> up to, without, <paramref name="end"/>; those of other rows are unspecified.</summary>
    /// <param name="rows">The list; its memory holds the results.</param>
    public Column[] Evaluate(Batch rows, int first, int end)
    {
        new Span<byte>(_group, StateBytes).Clear();
        var results = Evaluate(rows, first, end, default, _group, 0);
        var group = _group;
        _accumulators.Release(&group, 1);
        return results;
    }

    /// <summary>The results of all rows of a list that follows others, whose state is in <paramref name="group"/>.</summary>
    public Column[] Continue(Batch rows, ref RowsBefore before, byte* group, int slot)
    {
        var results = Evaluate(rows, 0, rows.Rows, before, group, slot);
        before.Rows += rows.Rows;
        for (var i = 0; i < rows.Rows; i++)
            if (_frames.PeersFrom[i] == i) before.Groups++;
        return results;
    }

    public void EndOfStep() => _accumulators.EndOfStep();

    /// <summary>Frees what a state holds outside its bytes.</summary>
    public void Release(byte* group) => _accumulators.Release(&group, 1);

    public void Dispose()
    {
        _accumulators.Dispose();
        NativeMemory.Free(_group);
        _group = null;
    }

    private Column[] Evaluate(Batch rows, int first, int end, RowsBefore before, byte* group, int slot)
    {
        var memory = rows.Memory;
        var count = rows.Rows;
        _frames.Build(rows.Columns, count, memory);
        var results = new Column[_spec.Calls.Length];
        if (_hasAggregates) Slide(rows, first, end, before, group, slot, results);
        for (var c = 0; c < results.Length; c++)
        {
            var call = _spec.Calls[c];
            if (call.Aggregate is null) results[c] = Positional(call, rows, before, memory);
        }

        return results;
    }

    private void Slide(Batch rows, int first, int end, RowsBefore before, byte* group, int slot, Column[] results)
    {
        var memory = rows.Memory;
        var scratch = BatchMemory.Create();
        var numbers = Column.Allocate(PhysicalKind.Int64, rows.Rows, scratch);
        for (var i = 0; i < rows.Rows; i++) numbers.As<long>()[i] = before.Rows + i;
        foreach (var c in _resultOf)
        {
            results[c] = Column.Allocate(_spec.Calls[c].Type.Physical, rows.Rows, memory);
            results[c].Validity = memory.AllocateBits(rows.Rows, true);
        }

        scratch.AddReference();
        var input = new Batch(scratch, [.. rows.Columns, numbers], rows.Rows);
        var (from, to) = first < end ? (_frames.From[first], _frames.From[first]) : (0, 0);
        for (var i = first; i < end; i++)
        {
            var (newFrom, newTo) = (_frames.From[i], _frames.To[i]);
            var isSame = i > first && newFrom == from && newTo == to;
            if (newTo > to) Add(input, Math.Max(to, newFrom), newTo, 1, group, slot);
            if (newFrom > from) Add(input, from, Math.Min(to, newFrom), -1, group, slot);
            (from, to) = (newFrom, Math.Max(to, newTo));
            for (var k = 0; k < _resultOf.Length; k++)
            {
                if (isSame) CopyValue(results[_resultOf[k]], i - 1, i);
                else Store(k, group, ref results[_resultOf[k]], i, memory);
            }
        }

        input.Release();
        scratch.Release();
    }

    private void Add(Batch input, int from, int to, long weight, byte* group, int slot)
    {
        var count = to - from;
        if (count <= 0) return;
        var scratch = BatchMemory.Create();
        var list = new AccumulatorInput { Count = count, Rows = scratch.Allocate<int>(count), Groups = (byte**)scratch.Allocate<nint>(count) };
        var slots = scratch.Allocate<int>(count);
        for (var i = 0; i < count; i++)
        {
            list.Rows[i] = from + i;
            list.Groups[i] = group;
            slots[i] = slot;
        }

        if (weight != 1)
        {
            list.Weights = scratch.Allocate<long>(input.Rows);
            for (var i = from; i < to; i++) list.Weights[i] = weight;
        }

        AggregateKernel.AddRows(list);
        _accumulators.Add(input, list, slots, scratch);
        scratch.Release();
    }

    private void Store(int aggregate, byte* group, ref Column results, int row, BatchMemory memory)
    {
        var scratch = BatchMemory.Create();
        var value = _accumulators[aggregate].Read(&group, 1, scratch, _failures);
        _failures.Clear();
        if (value.IsNull(0)) results.SetNull(row);
        else if (value.Kind == PhysicalKind.View) results.As<StringView>()[row] = StringView.Copy(StringView.Span(value.As<StringView>()), memory);
        else CopyValue(value, 0, results, row);
        scratch.Release();
    }

    private static void CopyValue(in Column column, int from, int to)
    {
        if (column.IsNull(from)) column.SetNull(to);
        CopyValue(column, from, column, to);
    }

    private static void CopyValue(in Column source, int from, in Column target, int to)
    {
        var width = source.Kind.WidthBytes();
        Buffer.MemoryCopy((byte*)source.Values + (nint)source.IndexOf(from) * width, (byte*)target.Values + (nint)to * width, width, width);
    }

    private Column Positional(OverCall call, Batch rows, RowsBefore before, BatchMemory memory)
    {
        var count = rows.Rows;
        switch (call.Function)
        {
            case OverFunction.RowNumber: return Numbers(count, memory, i => before.Rows + i + 1);
            case OverFunction.Rank: return Numbers(count, memory, i => before.Rows + _frames.PeersFrom[i] + 1);
            case OverFunction.DenseRank:
                var group = before.Groups;
                return Numbers(count, memory, i => group += _frames.PeersFrom[i] == i ? 1 : 0);
            case OverFunction.PercentRank: return Shares(count, memory, i => count <= 1 ? 0 : (double)_frames.PeersFrom[i] / (count - 1));
            case OverFunction.CumeDist: return Shares(count, memory, i => (double)_frames.PeersTo[i] / count);
            case OverFunction.NTile: return Numbers(count, memory, i => Bucket(i, count, NumberOf(call, rows, i) ?? 1));
            case OverFunction.Lag or OverFunction.Lead: return Shifted(call, rows, memory);
            default: return OfFrame(call, rows, memory);
        }
    }

    private static long Bucket(long row, long rows, long buckets)
    {
        var (size, larger) = Math.DivRem(rows, Math.Max(1, buckets));
        return row < larger * (size + 1) ? row / (size + 1) + 1 : larger + (row - larger * (size + 1)) / size + 1;
    }

    private static long? NumberOf(OverCall call, Batch rows, int row)
    {
        if (call.Number < 0) return 1;
        var column = rows.Columns[call.Number];
        return column.IsNull(row) ? null : column.As<long>()[column.IndexOf(row)];
    }

    /// <summary>The value of the row some rows before or after.</summary>
    private Column Shifted(OverCall call, Batch rows, BatchMemory memory)
    {
        // In order of time all rows of one moment come at once, and Flink counts back from the last of them.
        var isTimed = _spec.Emission == OverEmission.AtWatermark;
        var result = Empty(call, rows.Rows, memory);
        for (var i = 0; i < rows.Rows; i++)
        {
            var distance = NumberOf(call, rows, i);
            if (distance is null)
            {
                result.SetNull(i);
                continue;
            }

            var at = call.Function == OverFunction.Lag ? (Int128)(isTimed ? _frames.PeersTo[i] - 1 : i) - distance.Value : (Int128)i + distance.Value;
            if (call.IgnoresNulls) at = SkipNulls(rows.Columns[call.Argument], rows.Rows, i, call.Function == OverFunction.Lag ? -distance.Value : distance.Value);
            var isThere = at >= 0 && at < rows.Rows;
            Set(result, i, rows, isThere ? call.Argument : call.Default, isThere ? (int)at : i);
        }

        return result;
    }

    private static Int128 SkipNulls(in Column column, int count, int from, long distance)
    {
        var step = Math.Sign(distance);
        var at = (long)from;
        for (var left = Math.Abs(distance); left > 0 && at >= 0 && at < count;)
        {
            at += step;
            if (at >= 0 && at < count && column.IsValid((int)at)) left--;
        }

        return at;
    }

    /// <summary>FIRST_VALUE, LAST_VALUE and NTH_VALUE: values that are NULL do not count.</summary>
    private Column OfFrame(OverCall call, Batch rows, BatchMemory memory)
    {
        var result = Empty(call, rows.Rows, memory);
        var column = rows.Columns[call.Argument];
        for (var i = 0; i < rows.Rows; i++)
        {
            var (from, to) = (_frames.From[i], _frames.To[i]);
            var at = from;
            switch (call.Function)
            {
                case OverFunction.FirstValue:
                    while (at < to && column.IsNull(at)) at++;
                    break;
                case OverFunction.LastValue:
                    at = to - 1;
                    while (at >= from && column.IsNull(at)) at--;
                    break;
                default:
                    at = (int)Int128.Clamp((Int128)from + (NumberOf(call, rows, i) ?? int.MaxValue) - 1, -1, int.MaxValue);
                    break;
            }

            Set(result, i, rows, at >= from && at < to ? call.Argument : -1, at);
        }

        return result;
    }

    private static Column Empty(OverCall call, int count, BatchMemory memory)
    {
        var result = Column.Allocate(call.Type.Physical, count, memory);
        result.Validity = memory.AllocateBits(count, true);
        return result;
    }

    /// <summary>A value of a column of the rows; NULL where there is none.</summary>
    private static void Set(in Column result, int row, Batch rows, int column, int from)
    {
        if (column < 0 || rows.Columns[column].IsNull(from)) result.SetNull(row);
        else CopyValue(rows.Columns[column], from, result, row);
    }

    private static Column Numbers(int count, BatchMemory memory, Func<int, long> number)
    {
        var result = Column.Allocate(PhysicalKind.Int64, count, memory);
        for (var i = 0; i < count; i++) result.As<long>()[i] = number(i);
        return result;
    }

    private static Column Shares(int count, BatchMemory memory, Func<int, double> share)
    {
        var result = Column.Allocate(PhysicalKind.Float64, count, memory);
        for (var i = 0; i < count; i++) result.As<double>()[i] = share(i);
        return result;
    }
}
