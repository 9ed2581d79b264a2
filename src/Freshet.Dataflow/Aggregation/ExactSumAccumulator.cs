using System.Numerics;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tables;

namespace Freshet.Dataflow.Aggregation;

/// <summary>The state of SUM and AVG over FLOAT and DOUBLE.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ExactSumState
{
    public ExactSum Sum;

    /// <summary>Net weight of the values that are not NULL; at 0 the result is NULL.</summary>
    public long Values;
}

/// <summary>
/// SUM and AVG over FLOAT and DOUBLE: exact, rounded once when read, so that neither order nor workers show in the result and
/// what is taken back cancels. NaN and infinities are counted apart. State: 40 bytes, and a row of the table of wide sums for
/// a group whose values do not fit three parts.
/// </summary>
internal sealed unsafe class ExactSumAccumulator(AggregateCall call) : Accumulator
{
    private readonly RowPages _wide = new(sizeof(WideSum));
    private readonly bool _isAverage = call.Function == AggregateFunction.Avg;
    private readonly PhysicalKind _result = call.ResultType.Physical;

    public override int StateBytes => sizeof(ExactSumState);

    public override long ExtraRows => _wide.Rows;

    public override long ExtraBytes => _wide.Bytes;

    public override void Add(in Column argument, in AccumulatorInput input)
    {
        if (argument.Kind == PhysicalKind.Float32) Add<float>(argument, input);
        else Add<double>(argument, input);
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<Overflow> overflows)
    {
        var result = Column.Allocate(_result, count, memory);
        for (var i = 0; i < count; i++)
        {
            var state = (ExactSumState*)(groups[i] + Offset);
            if (state->Values <= 0)
            {
                new Span<byte>((byte*)result.Values + i * _result.WidthBytes(), _result.WidthBytes()).Clear();
                result.EnsureValidity(count, memory);
                result.SetNull(i);
            }
            else if (_result == PhysicalKind.Float32 && !_isAverage)
            {
                result.As<float>()[i] = state->Sum.IsSpilled ? Wide(state)->ToSingle() : state->Sum.ToSingle();
            }
            else
            {
                var value = state->Sum.IsSpilled ? Wide(state)->ToDouble() : state->Sum.ToDouble();
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
            if (source->Sum.IsSpilled)
            {
                Spill(target);
                Wide(target)->Add(Wide(source));
                continue;
            }

            for (var part = 0; part < source->Sum.Count; part++) AddOne(target, source->Sum.Part(part), 1);
        }
    }

    public override void Release(byte** groups, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var state = (ExactSumState*)(groups[i] + Offset);
            if (state->Sum.IsSpilled) _wide.Remove(state->Sum.Slot);
        }
    }

    public override void EndOfStep() => _wide.EndOfStep();

    public override void Dispose()
    {
        _wide.Dispose();
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
            AddOne(state, double.CreateTruncating(values[argument.IndexOf(row)]), weight);
        }
    }

    private void AddOne(ExactSumState* state, double value, long weight)
    {
        if (weight is 1 or -1 && state->Sum.TryAdd(weight == 1 ? value : -value)) return;
        AddRarely(state, value, weight);
    }

    /// <summary>A weight other than 1 or -1, or a sum that does not fit its parts.</summary>
    private void AddRarely(ExactSumState* state, double value, long weight)
    {
        if (!state->Sum.IsSpilled)
        {
            // Doubling is exact, so a weight is added bit by bit.
            var sum = state->Sum;
            var fits = true;
            var power = weight < 0 ? -value : value;
            for (var left = weight < 0 ? 0UL - (ulong)weight : (ulong)weight; left != 0 && fits; left >>= 1, power *= 2)
                fits = (left & 1) == 0 || sum.TryAdd(power);
            if (fits)
            {
                state->Sum = sum;
                return;
            }

            Spill(state);
        }

        Wide(state)->Add(value, weight);
    }

    private void Spill(ExactSumState* state)
    {
        if (state->Sum.IsSpilled) return;
        var slot = _wide.Add();
        state->Sum.MoveTo((WideSum*)_wide.At(slot));
        state->Sum.Spill(slot);
    }

    private WideSum* Wide(ExactSumState* state) => (WideSum*)_wide.At(state->Sum.Slot);
}
