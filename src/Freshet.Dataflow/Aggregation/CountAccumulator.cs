using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Aggregation;

/// <summary>COUNT(*) over all rows of a group: what the group knows anyway. No state.</summary>
internal sealed unsafe class RowCountAccumulator : Accumulator
{
    public override int StateBytes => 0;

    public override void Add(in Column argument, in AccumulatorInput input)
    {
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<Overflow> overflows)
    {
        var result = Column.Allocate(PhysicalKind.Int64, count, memory);
        var values = result.As<long>();
        for (var i = 0; i < count; i++) values[i] = AggregateKernel.RowsOf(groups[i]);
        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
    }
}

/// <summary>COUNT(x) and filtered counts: the net weight of the rows that count. State: 8 bytes.</summary>
internal sealed unsafe class CountAccumulator : Accumulator
{
    public override int StateBytes => 8;

    public override void Add(in Column argument, in AccumulatorInput input)
    {
        var everyRow = argument.Values is null || argument.Validity is null;
        if (everyRow && input.Weights is null)
        {
            for (var i = 0; i < input.Count; i++) *(long*)(input.Groups[i] + Offset) += 1;
            return;
        }

        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (everyRow || argument.IsValid(row)) *(long*)(input.Groups[i] + Offset) += input.WeightOf(row);
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<Overflow> overflows)
    {
        var result = Column.Allocate(PhysicalKind.Int64, count, memory);
        var values = result.As<long>();
        for (var i = 0; i < count; i++) values[i] = *(long*)(groups[i] + Offset);
        return result;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++) *(long*)(into[i] + Offset) += *(long*)(from[i] + Offset);
    }
}
