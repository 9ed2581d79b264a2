using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Aggregation;

/// <summary>The state of a variance over FLOAT and DOUBLE.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FloatVarianceState
{
    public ExactSum Sum;
    public ExactSum Squares;

    /// <summary>Net weight of the values that are not NULL.</summary>
    public long Values;
}

/// <summary>
/// VAR_POP, VAR_SAMP, STDDEV_POP and STDDEV_SAMP over FLOAT and DOUBLE, from exact sums of the values and of their squares (a square
/// is the sum of two doubles), so that neither order nor workers show and taking back cancels. State: 72 bytes.
/// </summary>
internal sealed unsafe class FloatVarianceAccumulator(AggregateCall call) : Accumulator
{
    /// <summary>Sums are in units of 2 to this power, their squares' quotient in twice that.</summary>
    private const int UnitExponent = -1074;

    private readonly ExactSumTable _sums = new();
    private readonly bool _isSample = Variance.IsSample(call.Function);
    private readonly bool _isDeviation = Variance.IsDeviation(call.Function);
    private readonly PhysicalKind _kind = call.ResultType.Physical;

    public override int StateBytes => sizeof(FloatVarianceState);

    public override long ExtraRows => _sums.Rows;

    public override long ExtraBytes => _sums.Bytes;

    public override void Add(ReadOnlySpan<Column> arguments, in AccumulatorInput input)
    {
        var argument = arguments[0];
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (argument.IsNull(row)) continue;
            var at = argument.IndexOf(row);
            var value = argument.Kind == PhysicalKind.Float32 ? argument.As<float>()[at] : argument.As<double>()[at];
            var state = (FloatVarianceState*)(input.Groups[i] + Offset);
            var weight = input.WeightOf(row);
            state->Values += weight;
            _sums.Add(&state->Sum, value, weight);
            var square = value * value;
            _sums.Add(&state->Squares, square, weight);
            if (double.IsFinite(square)) _sums.Add(&state->Squares, Math.FusedMultiplyAdd(value, value, -square), weight);
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var result = Column.Allocate(_kind, count, memory);
        for (var i = 0; i < count; i++)
        {
            var state = (FloatVarianceState*)(groups[i] + Offset);
            var value = 0.0;
            if (state->Values > (_isSample ? 1 : 0))
            {
                value = ValueOf(state);
            }
            else
            {
                result.EnsureValidity(count, memory);
                result.SetNull(i);
            }

            if (_kind == PhysicalKind.Float32) result.As<float>()[i] = (float)value;
            else result.As<double>()[i] = value;
        }

        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var source = (FloatVarianceState*)(from[i] + Offset);
            var target = (FloatVarianceState*)(into[i] + Offset);
            target->Values += source->Values;
            _sums.AddAll(&target->Sum, &source->Sum);
            _sums.AddAll(&target->Squares, &source->Squares);
        }
    }

    public override void Release(byte** groups, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var state = (FloatVarianceState*)(groups[i] + Offset);
            _sums.Release(&state->Sum);
            _sums.Release(&state->Squares);
        }
    }

    public override void EndOfStep() => _sums.EndOfStep();

    public override void Dispose()
    {
        _sums.Dispose();
        base.Dispose();
    }

    private double ValueOf(FloatVarianceState* state)
    {
        if (!_sums.TryToInteger(&state->Sum, out var sum) | !_sums.TryToInteger(&state->Squares, out var squares)) return double.NaN;

        // Squares are in units of 2^-1074, those of the sum in units of 2^-2148.
        var (dividend, divisor) = Variance.Quotient(sum, squares << -UnitExponent, state->Values, _isSample);
        var variance = dividend.Sign <= 0 ? 0 : Variance.ToDouble(dividend, divisor, 2 * UnitExponent);
        return _isDeviation ? Math.Sqrt(variance) : variance;
    }
}
