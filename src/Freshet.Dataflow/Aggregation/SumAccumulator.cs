using System.Numerics;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Aggregation;

/// <summary>The state of SUM and AVG over whole and decimal numbers.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SumState
{
    public Sum192 Sum;

    /// <summary>Net weight of the values that are not NULL; at 0 the result is NULL.</summary>
    public long Values;
}

/// <summary>
/// SUM and AVG over integers and decimals. The sum is exact in 192 bits and compared with the result's range when it is read:
/// beyond it the result is NULL with an error row, and comes back when values are taken back.
/// AVG of integers is cut towards zero, of decimals rounded half away from zero. State: 32 bytes.
/// </summary>
internal sealed unsafe class SumAccumulator(AggregateCall call) : Accumulator
{
    private static readonly Int128 DecimalLimit = Int128.Parse("100000000000000000000000000000000000000", null);

    private readonly bool _isAverage = call.Function == AggregateFunction.Avg;
    private readonly PhysicalKind _result = call.ResultType.Physical;
    private readonly long _scaleUp = PowerOfTen(call.ResultType.Scale - call.ArgumentType.Scale);

    public override int StateBytes => sizeof(SumState);

    public override void Add(in Column argument, in AccumulatorInput input)
    {
        switch (argument.Kind)
        {
            case PhysicalKind.Int8: Add<sbyte>(argument, input); break;
            case PhysicalKind.Int16: Add<short>(argument, input); break;
            case PhysicalKind.Int32: Add<int>(argument, input); break;
            case PhysicalKind.Int64: Add<long>(argument, input); break;
            default: AddWide(argument, input); break;
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<Overflow> overflows)
    {
        var result = Column.Allocate(_result, count, memory);
        for (var i = 0; i < count; i++)
        {
            var state = (SumState*)(groups[i] + Offset);
            if (state->Values > 0 && TryRead(*state, result, i)) continue;
            new Span<byte>((byte*)result.Values + i * _result.WidthBytes(), _result.WidthBytes()).Clear();
            result.EnsureValidity(count, memory);
            result.SetNull(i);
            if (state->Values > 0) overflows.Add(new Overflow(i, state->Sum.ToString()));
        }

        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var source = (SumState*)(from[i] + Offset);
            var target = (SumState*)(into[i] + Offset);
            target->Sum.Add(source->Sum);
            target->Values += source->Values;
        }
    }

    private void Add<T>(in Column argument, in AccumulatorInput input)
        where T : unmanaged, IBinaryInteger<T>
    {
        var values = argument.As<T>();
        if (argument.Validity is null && input.Weights is null && !argument.IsConstant)
        {
            for (var i = 0; i < input.Count; i++)
            {
                var state = (SumState*)(input.Groups[i] + Offset);
                state->Sum.Add(long.CreateTruncating(values[input.Rows[i]]));
                state->Values++;
            }

            return;
        }

        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (argument.IsNull(row)) continue;
            var state = (SumState*)(input.Groups[i] + Offset);
            var value = long.CreateTruncating(values[argument.IndexOf(row)]);
            var weight = input.WeightOf(row);
            if (weight == 1) state->Sum.Add(value);
            else state->Sum.Add(Math.BigMul(value, weight));
            state->Values += weight;
        }
    }

    private void AddWide(in Column argument, in AccumulatorInput input)
    {
        var values = argument.As<Int128>();
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (argument.IsNull(row)) continue;
            var state = (SumState*)(input.Groups[i] + Offset);
            var weight = input.WeightOf(row);
            state->Sum.Add(values[argument.IndexOf(row)], weight);
            state->Values += weight;
        }
    }

    /// <summary>Writes the result; false when it is out of range.</summary>
    private bool TryRead(in SumState state, in Column result, int i)
    {
        var sum = state.Sum;
        if (_result != PhysicalKind.Int128)
        {
            if (_isAverage) sum = sum.Divide(state.Values, out _);
            return sum.IsInt64 && TryWrite(sum.Int64, result, i);
        }

        if (_isAverage) return TryReadDecimalAverage(state, result, i);
        var value = sum.Int128;
        if (!sum.IsInt128 || value >= DecimalLimit || value <= -DecimalLimit) return false;
        result.As<Int128>()[i] = value;
        return true;
    }

    private bool TryReadDecimalAverage(in SumState state, in Column result, int i)
    {
        var quotient = state.Sum.Divide(state.Values, out var remainder);
        if (!quotient.IsInt128) return false;
        var whole = quotient.Int128;
        var limit = DecimalLimit / _scaleUp;
        if (whole >= limit || whole <= -limit) return false;
        var (fraction, rest) = Int128.DivRem((Int128)remainder * _scaleUp, state.Values);
        if (2 * Int128.Abs(rest) >= state.Values) fraction += Math.Sign(remainder);
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
