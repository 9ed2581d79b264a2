using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Arrangements;

namespace Freshet.Dataflow.Joins;

/// <summary>Pairs of a batch's rows with stored rows, as parallel lists.</summary>
internal unsafe struct JoinPairs
{
    /// <summary>Pairs in the lists.</summary>
    public int Count;

    /// <summary>Places in the list of probing rows.</summary>
    public int* Probes;

    /// <summary>Slots of the stored rows.</summary>
    public int* Stored;

    /// <summary>Products of the weights.</summary>
    public long* Weights;
}

/// <summary>The loops of the join.</summary>
internal static unsafe class JoinKernel
{
    /// <summary>How many probing rows ahead of its use a stored row is prefetched.</summary>
    private const int Ahead = 8;

    /// <summary>Lists the rows whose key has no NULL in <paramref name="valid"/> and the others in <paramref name="invalid"/>; returns how many are valid.</summary>
    internal static int SplitByNull(Batch batch, ReadOnlySpan<int> keys, int* rows, int count, int* valid, int* invalid, out int invalidCount)
    {
        var validCount = 0;
        invalidCount = 0;
        for (var i = 0; i < count; i++)
        {
            var row = rows[i];
            var isNull = false;
            foreach (var key in keys) isNull |= batch.Columns[key].IsNull(row);
            if (isNull) invalid[invalidCount++] = row;
            else valid[validCount++] = row;
        }

        return validCount;
    }

    /// <summary>
    /// Walks on along the lists of stored rows until the pairs are full or all probing rows are done. <paramref name="probe"/>
    /// and <paramref name="stored"/> are the cursor: the place of the probing row and the stored row that is next.
    /// </summary>
    /// <param name="first">For each probing row its first stored row, or none.</param>
    /// <param name="withEmpty">Also list stored rows of weight 0, which may come back within the step and must know their matches.</param>
    internal static void Walk(Arrangement other, Batch batch, int* rows, int* first, int count, ref int probe, ref int stored, ref JoinPairs pairs, int pairsMax, bool withEmpty)
    {
        while (probe < count && pairs.Count < pairsMax)
        {
            if (stored == Arrangement.None)
            {
                if (++probe >= count) continue;
                stored = first[probe];
                if (probe + Ahead < count && first[probe + Ahead] != Arrangement.None) other.Prefetch(first[probe + Ahead]);
                continue;
            }

            var row = other.Peek(stored);
            if (row->Weight != 0 || withEmpty)
            {
                pairs.Probes[pairs.Count] = probe;
                pairs.Stored[pairs.Count] = stored;
                pairs.Weights[pairs.Count++] = Product(batch.WeightOf(rows[probe]), row->Weight);
            }

            stored = row->Next - 1;
        }
    }

    /// <summary>A batch of the pairs, whose columns lie in <paramref name="memory"/>. The weights are copied: the lists are used again.</summary>
    internal static Batch Result(in JoinPairs pairs, Column[] columns, BatchMemory memory)
    {
        var result = new Batch(memory, columns, pairs.Count);
        var weights = new ReadOnlySpan<long>(pairs.Weights, pairs.Count);
        if (!weights.ContainsAnyExcept(1L)) return result;
        result.Weights = memory.Allocate<long>(pairs.Count);
        weights.CopyTo(new Span<long>(result.Weights, pairs.Count));
        return result;
    }

    /// <summary>Leaves the pairs at some places, ascending.</summary>
    internal static void Keep(ref JoinPairs pairs, int* places, int count)
    {
        if (count < pairs.Count)
        {
            for (var i = 0; i < count; i++)
            {
                pairs.Probes[i] = pairs.Probes[places[i]];
                pairs.Stored[i] = pairs.Stored[places[i]];
                pairs.Weights[i] = pairs.Weights[places[i]];
            }
        }

        pairs.Count = count;
    }

    /// <summary>Drops pairs of weight 0.</summary>
    internal static void DropEmpty(ref JoinPairs pairs)
    {
        if (!new ReadOnlySpan<long>(pairs.Weights, pairs.Count).Contains(0)) return;
        var count = 0;
        for (var i = 0; i < pairs.Count; i++)
        {
            if (pairs.Weights[i] == 0) continue;
            pairs.Probes[count] = pairs.Probes[i];
            pairs.Stored[count] = pairs.Stored[i];
            pairs.Weights[count++] = pairs.Weights[i];
        }

        pairs.Count = count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Product(long left, long right) => left == 1 ? right : checked(left * right);
}
