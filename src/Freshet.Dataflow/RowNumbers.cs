using System.Runtime.InteropServices;
using Freshet.Columns;

namespace Freshet.Dataflow;

/// <summary>The row indexes of a batch as a list, so that loops have one form for batches with and without a selection.</summary>
internal static unsafe class RowNumbers
{
    /// <summary>0, 1, 2, ... up to the largest batch; made once, never freed.</summary>
    private static readonly int* Ascending = Make();

    /// <summary>The batch's selection, or all its rows.</summary>
    internal static int* Of(Batch batch)
    {
        if (batch.Selection is not null) return batch.Selection;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.Rows, Batch.MaxRows);
        return Ascending;
    }

    private static int* Make()
    {
        var numbers = (int*)NativeMemory.AlignedAlloc(Batch.MaxRows * sizeof(int), 64);
        for (var i = 0; i < Batch.MaxRows; i++) numbers[i] = i;
        return numbers;
    }
}
