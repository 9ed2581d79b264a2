using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tables;

namespace Freshet.Aggregation;

/// <summary>
/// The counted values of one argument in each group, for DISTINCT: a row of state for each group and value, with the net
/// weight of the rows that have it. A value counts while its weight is positive; what the accumulators see is only its coming
/// (+1) and going (-1). NULLs are no values. A value whose weight is back at 0 leaves the state.
/// The values of a group are also a list that begins in the group's state, so that a group that ends takes them along.
/// </summary>
internal sealed unsafe class DistinctValues(PhysicalKind kind, ulong seed) : IDisposable
{
    private static readonly int[] Keys = [0, 1];

    private readonly KeyedTable _table = new([PhysicalKind.Int64, kind], sizeof(CountedValue), seed);
    private AccumulatorInput _found;

    /// <summary>What lies behind a group's slot and a value. Links are slots plus one; 0 ends the list.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CountedValue
    {
        public long Weight;
        public int Next;
        public int Previous;

        /// <summary>1 while the value is in its group's list.</summary>
        public long IsLinked;
    }

    /// <summary>Bytes of a group's state: the link to its first value.</summary>
    public const int StateBytes = 8;

    /// <summary>Where the link lies, bytes from the group's state.</summary>
    public int Offset { get; set; }

    public long Rows => _table.Rows;

    public long Bytes => _table.Bytes;

    /// <summary>The rows of the last batch with whose values came or went, with weights +1 and -1. Lies in that batch's scratch memory.</summary>
    public AccumulatorInput Found => _found;

    /// <summary>Counts the values of a batch's rows (after FILTER). <paramref name="slots"/> are the groups' slots, parallel to the input.</summary>
    public void Find(Batch batch, in Column values, in AccumulatorInput input, int* slots, BatchMemory scratch)
    {
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
        var counted = (byte**)scratch.Allocate<nint>(count);
        var valueSlots = scratch.Allocate<int>(count);
        _table.FindOrAdd(keyed, Keys, rows, count, scratch, valueSlots, counted);
        var weights = scratch.Allocate<long>(batch.Rows);
        var found = 0;
        for (var i = 0; i < count; i++)
        {
            var row = rows[i];
            var value = (CountedValue*)counted[i];
            if (value->IsLinked == 0) Link(groups[i], value, valueSlots[i]);
            var before = value->Weight > 0;
            value->Weight += input.WeightOf(row);
            var after = value->Weight > 0;
            counted[found] = groups[i];
            weights[row] = after ? 1 : -1;
            rows[found] = row;
            if (before != after) found++;
        }

        _found = new AccumulatorInput { Count = found, Rows = rows, Groups = counted, Weights = weights };
        RemoveEmpty(valueSlots, groups, count);
        keyed.Release();
    }

    /// <summary>Removes all values of groups that end.</summary>
    public void Release(byte** groups, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var first = (int*)(groups[i] + Offset);
            while (*first != 0)
            {
                var slot = *first - 1;
                *first = At(slot)->Next;
                _table.Remove(slot);
            }
        }
    }

    public void EndOfStep() => _table.EndOfStep();

    public void Dispose() => _table.Dispose();

    private CountedValue* At(int slot) => (CountedValue*)_table.At(slot);

    private void RemoveEmpty(int* slots, byte** groups, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var value = At(slots[i]);

            // The same value may be listed twice: it is removed once.
            if (value->IsLinked == 0 || value->Weight != 0) continue;
            if (value->Next != 0) At(value->Next - 1)->Previous = value->Previous;
            if (value->Previous != 0) At(value->Previous - 1)->Next = value->Next;
            else *(int*)(groups[i] + Offset) = value->Next;
            value->IsLinked = 0;
            _table.Remove(slots[i]);
        }
    }

    private void Link(byte* group, CountedValue* value, int slot)
    {
        var first = (int*)(group + Offset);
        value->IsLinked = 1;
        value->Next = *first;
        if (*first != 0) At(*first - 1)->Previous = slot + 1;
        *first = slot + 1;
    }
}
