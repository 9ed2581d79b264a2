using System.Numerics;
using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Aggregation;

/// <summary>
/// SUM, $SUM0 and AVG over integers and decimals. The sum is exact, in 128 bits (192 for 128-bit decimals), and compared with the
/// result's range when it is read: beyond it the result is NULL with an error row, and comes back when values are taken back.
/// AVG of integers is cut towards zero, of decimals rounded half away from zero.
/// State: the sum, and the number of values where it is not the group's number of rows; 16 to 32 bytes.
/// </summary>
/// <param name="everyRowCounts">Every row of a group has a value.</param>
internal sealed unsafe class SumAccumulator(AggregateCall call, bool everyRowCounts) : Accumulator
{
    private static readonly Int128 DecimalLimit = Int128.Parse("100000000000000000000000000000000000000", null);

    private readonly bool _isZeroWhenEmpty = call.Function == AggregateKind.SumZero;
    private readonly bool _isAverage = call.Function == AggregateKind.Avg;
    private readonly PhysicalKind _result = call.ResultType.Physical;
    private readonly long _scaleUp = PowerOfTen(call.ResultType.Scale - call.ArgumentType.Scale);

    private readonly bool _isWide = call.ArgumentType.Physical == PhysicalKind.Int128;

    public override int StateBytes => SumBytes + (everyRowCounts ? 0 : sizeof(long));

    private int SumBytes => _isWide ? sizeof(Sum192) : sizeof(Sum128);

    public override void Add(ReadOnlySpan<Column> arguments, in AccumulatorInput input)
    {
        var argument = arguments[0];
        switch (argument.Kind)
        {
            case PhysicalKind.Int8: Add<sbyte>(argument, input); break;
            case PhysicalKind.Int16: Add<short>(argument, input); break;
            case PhysicalKind.Int32: Add<int>(argument, input); break;
            case PhysicalKind.Int64: Add<long>(argument, input); break;
            default: AddWide(argument, input); break;
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var result = Column.Allocate(_result, count, memory);
        var width = _result.WidthBytes();
        for (var i = 0; i < count; i++)
        {
            var sum = SumOf(groups[i]);
            var values = *ValuesOf(groups[i]);
            if ((values > 0 || _isZeroWhenEmpty) && TryRead(sum, values, result, i)) continue;
            new Span<byte>((byte*)result.Values + (nint)i * width, width).Clear();
            result.EnsureValidity(count, memory);
            result.SetNull(i);
            if (values > 0) failures.Add(new FailedResult(i, sum.ToString()));
        }

        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (_isWide) ((Sum192*)(into[i] + Offset))->Add(*(Sum192*)(from[i] + Offset));
            else ((Sum128*)(into[i] + Offset))->Add(((Sum128*)(from[i] + Offset))->Value);
            if (!everyRowCounts) *ValuesOf(into[i]) += *ValuesOf(from[i]);
        }
    }

    private Sum192 SumOf(byte* group) => _isWide ? *(Sum192*)(group + Offset) : new Sum192(((Sum128*)(group + Offset))->Value);

    /// <summary>The net weight of the values that are not NULL; at 0 the result is NULL.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long* ValuesOf(byte* group) => (long*)(everyRowCounts ? group : group + Offset + SumBytes);

    private void Add<T>(in Column argument, in AccumulatorInput input)
        where T : unmanaged, IBinaryInteger<T>
    {
        var values = argument.As<T>();
        if (argument.Validity is null && input.Weights is null && !argument.IsConstant && everyRowCounts)
        {
            for (var i = 0; i < input.Count; i++)
                ((Sum128*)(input.Groups[i] + Offset))->Add(long.CreateTruncating(values[input.Rows[i]]));
            return;
        }

        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (argument.IsNull(row)) continue;
            var sum = (Sum128*)(input.Groups[i] + Offset);
            var value = long.CreateTruncating(values[argument.IndexOf(row)]);
            var weight = input.WeightOf(row);
            if (weight == 1) sum->Add(value);
            else sum->Add(Math.BigMul(value, weight));
            if (!everyRowCounts) *ValuesOf(input.Groups[i]) += weight;
        }
    }

    private void AddWide(in Column argument, in AccumulatorInput input)
    {
        var values = argument.As<Int128>();
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (argument.IsNull(row)) continue;
            var weight = input.WeightOf(row);
            ((Sum192*)(input.Groups[i] + Offset))->Add(values[argument.IndexOf(row)], weight);
            if (!everyRowCounts) *ValuesOf(input.Groups[i]) += weight;
        }
    }

    /// <summary>Writes the result; false when it is out of range.</summary>
    private bool TryRead(in Sum192 exact, long values, in Column result, int i)
    {
        var sum = exact;
        if (_result != PhysicalKind.Int128)
        {
            if (_isAverage) sum = sum.Divide(values, out _);
            return sum.IsInt64 && TryWrite(sum.Int64, result, i);
        }

        if (_isAverage) return TryReadDecimalAverage(sum, values, result, i);
        var value = sum.Int128;
        if (!sum.IsInt128 || value >= DecimalLimit || value <= -DecimalLimit) return false;
        result.As<Int128>()[i] = value;
        return true;
    }

    private bool TryReadDecimalAverage(in Sum192 sum, long values, in Column result, int i)
    {
        var quotient = sum.Divide(values, out var remainder);
        if (!quotient.IsInt128) return false;
        var whole = quotient.Int128;
        var limit = DecimalLimit / _scaleUp;
        if (whole >= limit || whole <= -limit) return false;
        var (fraction, rest) = Int128.DivRem((Int128)remainder * _scaleUp, values);
        if (2 * Int128.Abs(rest) >= values) fraction += Math.Sign(remainder);
        var value = whole * _scaleUp + fraction;
        if (value >= DecimalLimit || value <= -DecimalLimit) return false;
        result.As<Int128>()[i] = value;
        return true;
    }

    private static bool TryWrite(long value, in Column result, int i)
    {
        switch (result.Kind)
        {
            case PhysicalKind.Int8:
                result.As<sbyte>()[i] = (sbyte)value;
                return value == (sbyte)value;
            case PhysicalKind.Int16:
                result.As<short>()[i] = (short)value;
                return value == (short)value;
            case PhysicalKind.Int32:
                result.As<int>()[i] = (int)value;
                return value == (int)value;
            default:
                result.As<long>()[i] = value;
                return true;
        }
    }

    private static long PowerOfTen(int exponent)
    {
        long power = 1;
        for (var i = 0; i < exponent; i++) power *= 10;
        return power;
    }
}
