using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Aggregation;

/// <summary>
/// MIN and MAX over an input that takes rows back: all values of a group, counted and in order, so that the next one is there
/// when the best is gone. State: 8 bytes in the group's row and one node for each value.
/// </summary>
internal sealed unsafe class RetractableExtremeAccumulator(AggregateCall call) : Accumulator
{
    private readonly PhysicalKind _kind = call.ArgumentType.Physical;
    private readonly bool _isMax = call.Function == AggregateFunction.Max;
    private readonly CountedValues _values = new(call.ArgumentType.Physical);

    public override int StateBytes => 8;

    public override long ExtraRows => _values.Rows;

    public override long ExtraBytes => _values.Bytes;

    public override void Add(in Column argument, in AccumulatorInput input)
    {
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            var weight = input.WeightOf(row);
            if (weight != 0 && argument.IsValid(row)) _values.Add((int*)(input.Groups[i] + Offset), argument, row, weight);
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<Overflow> overflows)
    {
        var result = Column.Allocate(_kind, count, memory);
        var none = default(OwnedValue);
        for (var i = 0; i < count; i++)
        {
            var value = _values.Extreme(*(int*)(groups[i] + Offset), _isMax);
            OwnedValue.Read(value is null ? &none : value, result, i, memory);
            if (value is not null) continue;
            result.EnsureValidity(count, memory);
            result.SetNull(i);
        }

        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++) _values.AddAll((int*)(into[i] + Offset), *(int*)(from[i] + Offset));
    }

    public override void EndOfStep() => _values.EndOfStep();

    public override void Dispose()
    {
        _values.Dispose();
        base.Dispose();
    }

    public override void Release(byte** groups, int count)
    {
        for (var i = 0; i < count; i++) _values.Clear((int*)(groups[i] + Offset));
    }
}
