using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.Kernels;

/// <summary>
/// Consolidation: each row once, with its net weight, rows of weight 0 gone, in content order. The result depends on the set
/// of weighted rows alone, so neither the cut into batches nor the number of workers nor a hash seed shows in it.
/// Row watermarks are dropped: consolidated rows have no single position.
/// </summary>
public static unsafe class ConsolidateKernel
{
    /// <summary>
    /// Sorts <paramref name="rows"/> of <paramref name="batch"/> by content and merges equal ones: leaves one index for each
    /// row that remains and its net weight in <paramref name="weights"/>; returns how many remain.
    /// </summary>
    /// <param name="keys">An order of rows over all columns, for readers that want another one than content order.</param>
    public static int Consolidate(Batch batch, int* rows, int count, long* weights, BatchMemory scratch, SortKey[]? keys = null)
    {
        if (keys is null) SortKernel.SortByContent(batch.Columns, rows, count, scratch);
        else SortKernel.Sort(batch.Columns, keys, rows, count, scratch);
        var kept = 0;
        for (var from = 0; from < count;)
        {
            var row = rows[from];
            var weight = batch.WeightOf(row);
            var to = from + 1;
            while (to < count && CompareKernel.RowsEqual(batch.Columns, row, batch.Columns, rows[to]))
                weight = checked(weight + batch.WeightOf(rows[to++]));
            if (weight != 0)
            {
                rows[kept] = row;
                weights[kept++] = weight;
            }

            from = to;
        }

        return kept;
    }

    /// <summary>The consolidated batch, without a selection; takes over the input's reference.</summary>
    public static Batch Consolidate(Batch batch)
    {
        var scratch = BatchMemory.Create();
        var rows = CopySelection(batch, scratch);
        var weights = scratch.Allocate<long>(batch.Count);
        var kept = Consolidate(batch, rows, batch.Count, weights, scratch);
        var result = GatherKernel.Gather(batch, rows, kept, BatchMemory.Create());
        SetWeights(result, weights, kept);
        scratch.Release();
        batch.Release();
        return result;
    }

    /// <summary>Gives a batch made from consolidated rows its net weights (none where all are +1) and no row watermarks.</summary>
    public static void SetWeights(Batch batch, long* weights, int count)
    {
        batch.RowWatermarks = null;
        batch.Weights = null;
        if (!new ReadOnlySpan<long>(weights, count).ContainsAnyExcept(1L)) return;
        batch.Weights = batch.Memory.Allocate<long>(count);
        new ReadOnlySpan<long>(weights, count).CopyTo(new Span<long>(batch.Weights, count));
    }

    /// <summary>The indexes of the rows that count, in memory of their own that may be changed.</summary>
    public static int* CopySelection(Batch batch, BatchMemory memory)
    {
        var rows = memory.Allocate<int>(batch.Count);
        for (var i = 0; i < batch.Count; i++) rows[i] = batch.RowAt(i);
        return rows;
    }
}
