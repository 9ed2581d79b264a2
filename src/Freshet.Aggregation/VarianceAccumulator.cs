using System.Numerics;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Aggregation;

/// <summary>The state of a variance over integers and decimals.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct VarianceState
{
    public Sum192 Sum;
    public SquareSum Squares;

    /// <summary>Net weight of the values that are not NULL.</summary>
    public long Values;
}

/// <summary>
/// VAR_POP, VAR_SAMP, STDDEV_POP and STDDEV_SAMP over integers and decimals, from exact sums. Results of integers are cut towards
/// zero, of decimals rounded half up, as in Flink. State: 72 bytes.
/// </summary>
internal sealed unsafe class VarianceAccumulator(AggregateCall call) : Accumulator
{
    private readonly bool _isSample = Variance.IsSample(call.Function);
    private readonly bool _isDeviation = Variance.IsDeviation(call.Function);
    private readonly PhysicalKind _kind = call.ResultType.Physical;
    private readonly bool _isDecimal = call.ResultType.Kind == TypeKind.Decimal;
    private readonly int _scale = call.ArgumentType.Scale;
    private readonly int _resultScale = call.ResultType.Scale;
    private readonly BigInteger _limit = Limit(call.ResultType);

    public override int StateBytes => sizeof(VarianceState);

    public override void Add(ReadOnlySpan<Column> arguments, in AccumulatorInput input)
    {
        var argument = arguments[0];
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (argument.IsNull(row)) continue;
            var value = ValueOf(argument, argument.IndexOf(row));
            var weight = input.WeightOf(row);
            var state = (VarianceState*)(input.Groups[i] + Offset);
            state->Sum.Add(value, weight);
            state->Squares.Add(value, weight);
            state->Values += weight;
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var result = Column.Allocate(_kind, count, memory);
        var width = _kind.WidthBytes();
        for (var i = 0; i < count; i++)
        {
            var state = (VarianceState*)(groups[i] + Offset);
            var isValid = state->Values > (_isSample ? 1 : 0);
            var value = isValid ? ValueOf(state) : BigInteger.Zero;
            if (BigInteger.Abs(value) > _limit)
            {
                failures.Add(new FailedResult(i, value.ToString(System.Globalization.CultureInfo.InvariantCulture)));
                value = 0;
                isValid = false;
            }

            var bits = (Int128)value;
            new ReadOnlySpan<byte>(&bits, width).CopyTo(new Span<byte>((byte*)result.Values + (nint)i * width, width));
            if (isValid) continue;
            result.EnsureValidity(count, memory);
            result.SetNull(i);
        }

        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var source = (VarianceState*)(from[i] + Offset);
            var target = (VarianceState*)(into[i] + Offset);
            target->Sum.Add(source->Sum);
            target->Squares.Add(source->Squares);
            target->Values += source->Values;
        }
    }

    /// <summary>The result as an integer, or unscaled.</summary>
    private BigInteger ValueOf(VarianceState* state)
    {
        var (dividend, divisor) = Variance.Quotient(state->Sum.ToBigInteger(), state->Squares.ToBigInteger(), state->Values, _isSample);
        if (dividend.Sign <= 0) return BigInteger.Zero;

        // A variance has twice the scale of its values, a deviation their scale.
        if (_isDeviation)
        {
            dividend *= BigInteger.Pow(10, 2 * (_resultScale - _scale));
            return _isDecimal ? RoundedRoot(dividend, divisor) : Root(dividend / divisor);
        }

        var shift = _resultScale - 2 * _scale;
        if (shift >= 0) dividend *= BigInteger.Pow(10, shift);
        else divisor *= BigInteger.Pow(10, -shift);
        return _isDecimal ? (2 * dividend + divisor) / (2 * divisor) : dividend / divisor;
    }

    private static Int128 ValueOf(in Column column, int at) => column.Kind switch
    {
        PhysicalKind.Int8 => column.As<sbyte>()[at],
        PhysicalKind.Int16 => column.As<short>()[at],
        PhysicalKind.Int32 => column.As<int>()[at],
        PhysicalKind.Int64 => column.As<long>()[at],
        _ => column.As<Int128>()[at],
    };

    /// <summary>The root of a quotient, rounded half up.</summary>
    private static BigInteger RoundedRoot(BigInteger dividend, BigInteger divisor) => (Root(4 * dividend / divisor) + 1) / 2;

    /// <summary>The whole part of a root, by Newton's steps from above.</summary>
    private static BigInteger Root(BigInteger value)
    {
        if (value.IsZero) return value;
        var root = BigInteger.One << (int)((value.GetBitLength() + 1) / 2);
        while (true)
        {
            var next = (root + value / root) >> 1;
            if (next >= root) return root;
            root = next;
        }
    }

    private static BigInteger Limit(SqlType type) => type.Kind == TypeKind.Decimal
        ? BigInteger.Pow(10, type.Precision) - 1
        : (BigInteger.One << (8 * type.Physical.WidthBytes() - 1)) - 1;
}
