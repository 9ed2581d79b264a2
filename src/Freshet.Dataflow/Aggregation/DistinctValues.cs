using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Aggregation;

/// <summary>
/// The counted values of one argument in each group, for DISTINCT: a row of state for each group and value, with the net
/// weight of the rows that have it. A value counts while its weight is positive; what the accumulators see is only its coming
/// (+1) and going (-1). NULLs are no values. A value whose weight is back at 0 leaves the state.
/// </summary>
internal sealed unsafe class DistinctValues(int argument, PhysicalKind kind, ulong seed)
{
    private static readonly int[] Keys = [0, 1];

    private readonly GroupTable _table = new([PhysicalKind.Int64, kind], sizeof(long), seed);
    private AccumulatorInput _found;

    public long Rows => _table.Rows;

    public long Bytes => _table.Bytes;

    /// <summary>The rows of the last batch with whose values came or went, with weights +1 and -1. Lies in that batch's scratch memory.</summary>
    public AccumulatorInput Found => _found;

    /// <summary>Counts the values of a batch's rows (after FILTER). <paramref name="slots"/> are the groups' slots, parallel to the input.</summary>
    public void Find(Batch batch, in AccumulatorInput input, int* slots, BatchMemory scratch)
    {
        var values = batch.Columns[argument];
        var owners = Column.Allocate(PhysicalKind.Int64, batch.Rows, scratch);
        var rows = scratch.Allocate<int>(input.Count);
        var groups = (byte**)scratch.Allocate<nint>(input.Count);
        var count = 0;
        for (var i = 0; i < input.Count; i++)
        {
            var row = input.Rows[i];
            owners.As<long>()[row] = slots[i];
            rows[count] = row;
            groups[count] = input.Groups[i];
            if (values.IsValid(row)) count++;
        }

        scratch.AddReference();
        var keyed = new Batch(scratch, [owners, values], batch.Rows);
        keyed.Select(rows, count);
        var counts = (byte**)scratch.Allocate<nint>(count);
        var valueSlots = scratch.Allocate<int>(count);
        _table.FindOrAdd(keyed, Keys, rows, count, scratch, valueSlots, counts);
        var weights = scratch.Allocate<long>(batch.Rows);
        var found = 0;
        for (var i = 0; i < count; i++)
        {
            var row = rows[i];
            var weight = (long*)counts[i];
            var before = *weight > 0;
            *weight += input.WeightOf(row);
            var after = *weight > 0;
            if (before == after) continue;
            weights[row] = after ? 1 : -1;
            rows[found] = row;
            groups[found++] = groups[i];
        }

        for (var i = 0; i < count; i++)
        {
            if (*(long*)counts[i] != 0) continue;

            // The same value may be here twice: it is removed once.
            *(long*)counts[i] = long.MinValue;
            _table.Remove(valueSlots[i]);
        }

        keyed.Release();
        _found = new AccumulatorInput { Count = found, Rows = rows, Groups = groups, Weights = weights };
    }
}
