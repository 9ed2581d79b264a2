using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.Aggregation;

/// <summary>The state of an extreme of an append-only input.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ExtremeState
{
    public OwnedValue Value;

    /// <summary>0 until the first value.</summary>
    public long HasValue;
}

/// <summary>
/// MIN, MAX, FIRST_VALUE and LAST_VALUE over an input that takes nothing back: the best value so far. State: 24 bytes and a long
/// text's bytes.
/// </summary>
internal sealed unsafe class ExtremeAccumulator(StoredForm form, bool greatest) : Accumulator
{
    private readonly int _sign = greatest ? 1 : -1;

    public override int StateBytes => sizeof(ExtremeState);

    public override void Add(ReadOnlySpan<Column> arguments, in AccumulatorInput input)
    {
        var argument = arguments[0];
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (argument.IsValid(row)) Offer((ExtremeState*)(input.Groups[i] + Offset), argument, row);
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var result = Column.Allocate(form.Result, count, memory);
        result.EnsureValidity(count, memory);
        var valid = 0;
        for (var i = 0; i < count; i++)
        {
            var state = (ExtremeState*)(groups[i] + Offset);
            valid += form.Read(state->HasValue != 0 ? &state->Value : null, result, i, memory);
        }

        if (valid == count) result.Validity = null;

        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var source = (ExtremeState*)(from[i] + Offset);
            if (source->HasValue == 0) continue;
            Offer((ExtremeState*)(into[i] + Offset), new Column { Kind = form.Kind, IsConstant = true, Values = &source->Value }, 0);
        }
    }

    public override void Release(byte** groups, int count)
    {
        for (var i = 0; i < count; i++) OwnedValue.Free(&((ExtremeState*)(groups[i] + Offset))->Value, form.Kind);
    }

    private void Offer(ExtremeState* state, in Column argument, int row)
    {
        if (state->HasValue != 0)
        {
            if (OwnedValue.Compare(argument, row, &state->Value) * _sign <= 0) return;
            OwnedValue.Free(&state->Value, form.Kind);
        }

        state->Value = OwnedValue.Copy(argument, row);
        state->HasValue = 1;
    }
}
