using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Aggregation;

/// <summary>COUNT(*) over all rows of a group: what the group knows anyway. No state.</summary>
internal sealed unsafe class RowCountAccumulator : Accumulator
{
    public override int StateBytes => 0;

    public override void Add(ReadOnlySpan<Column> arguments, in AccumulatorInput input)
    {
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
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

/// <summary>COUNT(x, ...) and filtered counts: the net weight of the rows in which no argument is NULL. State: 8 bytes.</summary>
internal sealed unsafe class CountAccumulator : Accumulator
{
    public override int StateBytes => 8;

    public override void Add(ReadOnlySpan<Column> arguments, in AccumulatorInput input)
    {
        var everyRow = true;
        foreach (var argument in arguments) everyRow &= argument.Validity is null;
        if (everyRow && input.Weights is null)
        {
            for (var i = 0; i < input.Count; i++) *(long*)(input.Groups[i] + Offset) += 1;
            return;
        }

        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            if (everyRow || AreValid(arguments, row)) *(long*)(input.Groups[i] + Offset) += input.WeightOf(row);
        }
    }

    public override Column Read(byte** groups, int count, BatchMemory memory, List<FailedResult> failures)
    {
        var result = Column.Allocate(PhysicalKind.Int64, count, memory);
        var values = result.As<long>();
        for (var i = 0; i < count; i++) values[i] = *(long*)(groups[i] + Offset);
        return result;
    }

    private static bool AreValid(ReadOnlySpan<Column> arguments, int row)
    {
        foreach (var argument in arguments)
            if (argument.IsNull(row)) return false;
        return true;
    }

    public override void Merge(byte** from, byte** into, int count)
    {
        for (var i = 0; i < count; i++) *(long*)(into[i] + Offset) += *(long*)(from[i] + Offset);
    }
}
