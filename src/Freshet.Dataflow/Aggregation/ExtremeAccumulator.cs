using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Aggregation;

/// <summary>The state of MIN or MAX over an append-only input.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ExtremeState
{
    public OwnedValue Value;

    /// <summary>0 until the first value.</summary>
    public long HasValue;
}

/// <summary>
/// MIN and MAX over an input that takes nothing back: the best value so far. State: 24 bytes and a long text's bytes.
/// </summary>
internal sealed unsafe class ExtremeAccumulator(AggregateCall call) : Accumulator
{
    private readonly PhysicalKind _kind = call.ArgumentType.Physical;
    private readonly int _sign = call.Function == AggregateFunction.Min ? -1 : 1;

    public override int StateBytes => sizeof(ExtremeState);

    public override void Add(in Column argument, in AccumulatorInput input)
    {
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (argument.IsNull(row)) continue;
            var state = (ExtremeState*)(input.Groups[i] + Offset);
            if (state->HasValue != 0)
            {
                if (OwnedValue.Compare(argument, row, &state->Value) * _sign <= 0) continue;
                OwnedValue.Free(&state->Value, _kind);
            }

            state->Value = OwnedValue.Copy(argument, row);
            state->HasValue = 1;
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<Overflow> overflows)
    {
        var result = Column.Allocate(_kind, count, memory);
        for (var i = 0; i < count; i++)
        {
            var state = (ExtremeState*)(groups[i] + Offset);
            OwnedValue.Read(&state->Value, result, i, memory);
            if (state->HasValue != 0) continue;
            result.EnsureValidity(count, memory);
            result.SetNull(i);
        }

        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var source = (ExtremeState*)(from[i] + Offset);
            var target = (ExtremeState*)(into[i] + Offset);
            if (source->HasValue == 0) continue;
            var value = new Column { Kind = _kind, IsConstant = true, Values = &source->Value };
            if (target->HasValue != 0)
            {
                if (OwnedValue.Compare(value, 0, &target->Value) * _sign <= 0) continue;
                OwnedValue.Free(&target->Value, _kind);
            }

            target->Value = OwnedValue.Copy(value, 0);
            target->HasValue = 1;
        }
    }

    public override void Release(byte** groups, int count)
    {
        for (var i = 0; i < count; i++) OwnedValue.Free(&((ExtremeState*)(groups[i] + Offset))->Value, _kind);
    }
}
