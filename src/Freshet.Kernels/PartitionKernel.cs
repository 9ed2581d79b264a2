using System.Runtime.CompilerServices;
using Freshet.Columns;

namespace Freshet.Kernels;

/// <summary>
/// Splits the rows of a batch among shares of the keys. Rows of one share keep their order. The share is taken from the high
/// half of the hash (multiply and shift, no division), because tables use the low bits.
/// </summary>
public static unsafe class PartitionKernel
{
    /// <summary>The share that a hash belongs to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ShareOf(ulong hash, int shares) => (int)((hash >> 32) * (ulong)shares >> 32);

    /// <summary>
    /// Writes for each share its row indexes to <paramref name="selections"/> (each with room for <see cref="Batch.Count"/>)
    /// and their number to <paramref name="counts"/>. <paramref name="hashes"/> is by row index.
    /// </summary>
    public static void Partition(Batch batch, ulong* hashes, int shares, int** selections, int* counts)
    {
        for (var share = 0; share < shares; share++) counts[share] = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            var share = ShareOf(hashes[row], shares);
            selections[share][counts[share]++] = row;
        }
    }
}
