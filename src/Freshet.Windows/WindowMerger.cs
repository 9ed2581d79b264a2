using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Tables;

namespace Freshet.Windows;

/// <summary>
/// The groups of one hopping window while it fires: the sums of its panes' groups, by key. Empty between windows.
/// </summary>
internal sealed unsafe class WindowMerger(PhysicalKind[] keys, AccumulatorSet accumulators, ulong seed) : IDisposable
{
    private readonly int[] _keys = [.. Enumerable.Range(0, keys.Length)];
    private int _last = PaneGroup.End;

    /// <summary>The link to the first group of the merged list.</summary>
    public int First { get; private set; } = PaneGroup.End;

    public KeyedTable Table { get; } = new(keys, accumulators.StateBytes, seed);

    /// <summary>Adds the groups of a pane.</summary>
    public void Add(KeyedTable from, Pane pane)
    {
        for (var link = pane.First; link != PaneGroup.End;)
        {
            var memory = BatchMemory.Create();
            var slots = memory.Allocate<int>(Batch.TypicalRows);
            var sources = (byte**)memory.Allocate<nint>(Batch.TypicalRows);
            var count = 0;
            for (; link != PaneGroup.End && count < Batch.TypicalRows; count++)
            {
                slots[count] = link - PaneGroup.Bias;
                sources[count] = from.At(slots[count]);
                link = ((PaneGroup*)sources[count])->Next;
            }

            Merge(from, slots, sources, count, memory);
        }
    }

    /// <summary>Removes all groups.</summary>
    public void Clear()
    {
        for (var link = First; link != PaneGroup.End;)
        {
            var slot = link - PaneGroup.Bias;
            var group = Table.At(slot);
            link = ((PaneGroup*)group)->Next;
            accumulators.Release(&group, 1);
            Table.Remove(slot);
        }

        // What was read of them has been copied.
        Table.EndOfStep();
        First = PaneGroup.End;
        _last = PaneGroup.End;
    }

    public void Dispose() => Table.Dispose();

    private void Merge(KeyedTable from, int* slots, byte** sources, int count, BatchMemory memory)
    {
        var columns = new Column[keys.Length];
        for (var i = 0; i < columns.Length; i++) columns[i] = from.ReadColumn(i, slots, count, memory);
        var batch = new Batch(memory, columns, count);
        var targets = (byte**)memory.Allocate<nint>(count);
        var merged = memory.Allocate<int>(count);
        Table.FindOrAdd(batch, _keys, RowNumbers.Of(batch), count, memory, merged, targets);
        for (var i = 0; i < count; i++)
        {
            var target = (PaneGroup*)targets[i];
            target->Rows += ((PaneGroup*)sources[i])->Rows;
            if (target->Next != 0) continue;
            target->Next = PaneGroup.End;
            if (_last == PaneGroup.End) First = merged[i] + PaneGroup.Bias;
            else ((PaneGroup*)Table.At(_last - PaneGroup.Bias))->Next = merged[i] + PaneGroup.Bias;
            _last = merged[i] + PaneGroup.Bias;
        }

        accumulators.Merge(sources, targets, count);
        batch.Release();
    }
}
