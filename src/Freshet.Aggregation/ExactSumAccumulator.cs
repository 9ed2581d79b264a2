using System.Numerics;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Aggregation;

/// <summary>The state of SUM and AVG over FLOAT and DOUBLE.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ExactSumState
{
    public ExactSum Sum;

    /// <summary>Net weight of the values that are not NULL; at 0 the result is NULL.</summary>
    public long Values;
}

/// <summary>
/// SUM, $SUM0 and AVG over FLOAT and DOUBLE: exact, rounded once when read, so that neither order nor workers show in the result and
/// what is taken back cancels. NaN and infinities are counted apart. State: 40 bytes, and a row of the table of wide sums for
/// a group whose values do not fit three parts.
/// </summary>
internal sealed unsafe class ExactSumAccumulator(AggregateCall call) : Accumulator
{
    private readonly ExactSumTable _sums = new();
    private readonly bool _isZeroWhenEmpty = call.Function == AggregateKind.SumZero;
    private readonly bool _isAverage = call.Function == AggregateKind.Avg;
    private readonly PhysicalKind _result = call.ResultType.Physical;

    public override int StateBytes => sizeof(ExactSumState);

    public override long ExtraRows => _sums.Rows;

    public override long ExtraBytes => _sums.Bytes;

    public override void Add(ReadOnlySpan<Column> arguments, in AccumulatorInput input)
    {
        if (arguments[0].Kind == PhysicalKind.Float32) Add<float>(arguments[0], input);
        else Add<double>(arguments[0], input);
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var result = Column.Allocate(_result, count, memory);
        for (var i = 0; i < count; i++)
        {
            var state = (ExactSumState*)(groups[i] + Offset);
            if (state->Values <= 0 && !_isZeroWhenEmpty)
            {
                new Span<byte>((byte*)result.Values + i * _result.WidthBytes(), _result.WidthBytes()).Clear();
                result.EnsureValidity(count, memory);
                result.SetNull(i);
            }
            else if (_result == PhysicalKind.Float32 && !_isAverage)
            {
                result.As<float>()[i] = _sums.ToSingle(&state->Sum);
            }
            else
            {
                var value = _sums.ToDouble(&state->Sum);
                if (_isAverage) value /= state->Values;
                if (_result == PhysicalKind.Float32) result.As<float>()[i] = (float)value;
                else result.As<double>()[i] = value;
            }
        }

        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var source = (ExactSumState*)(from[i] + Offset);
            var target = (ExactSumState*)(into[i] + Offset);
            target->Values += source->Values;
            _sums.AddAll(&target->Sum, &source->Sum);
        }
    }

    public override void Release(byte** groups, int count)
    {
        for (var i = 0; i < count; i++) _sums.Release(&((ExactSumState*)(groups[i] + Offset))->Sum);
    }

    public override void EndOfStep() => _sums.EndOfStep();

    public override void Dispose()
    {
        _sums.Dispose();
        base.Dispose();
    }

    private void Add<T>(in Column argument, in AccumulatorInput input)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var values = argument.As<T>();
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (argument.IsNull(row)) continue;
            var state = (ExactSumState*)(input.Groups[i] + Offset);
            var weight = input.WeightOf(row);
            state->Values += weight;
            _sums.Add(&state->Sum, double.CreateTruncating(values[argument.IndexOf(row)]), weight);
        }
    }
}
