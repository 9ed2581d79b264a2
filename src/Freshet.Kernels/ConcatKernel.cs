using System.Diagnostics;
using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Kernels;

/// <summary>
/// Makes one batch of many: the rows that count, in order, without a selection. Long texts stay where they are; the new
/// memory retains theirs. The result may have more rows than <see cref="Batch.MaxRows"/>, for readers that cut it again.
/// </summary>
public static unsafe class ConcatKernel
{
    /// <summary>A watermark before any row: such a row is never late.</summary>
    private const long NoWatermark = long.MinValue;

    /// <summary>One batch of all rows of <paramref name="batches"/> (at least one; same kinds of columns). The batches stay their owner's.</summary>
    public static Batch Concat(ReadOnlySpan<Batch> batches, BatchMemory memory)
    {
        Debug.Assert(batches.Length > 0, "nothing to concatenate");
        long rows = 0;
        var weighted = false;
        var marked = false;
        foreach (var batch in batches)
        {
            rows += batch.Count;
            weighted |= batch.Weights is not null;
            marked |= batch.RowWatermarks is not null;
        }

        var total = checked((int)rows);
        var columns = new Column[batches[0].Columns.Length];
        for (var i = 0; i < columns.Length; i++) columns[i] = ConcatColumn(batches, i, total, memory);
        var result = new Batch(memory, columns, total);
        if (weighted) result.Weights = memory.Allocate<long>(total);
        if (marked) result.RowWatermarks = memory.Allocate<long>(total);
        var at = 0;
        foreach (var batch in batches)
        {
            if (weighted) CopyOrFill(batch.Weights, batch, 1, result.Weights + at);
            if (marked) CopyOrFill(batch.RowWatermarks, batch, NoWatermark, result.RowWatermarks + at);
            at += batch.Count;
        }

        return result;
    }

    private static Column ConcatColumn(ReadOnlySpan<Batch> batches, int index, int total, BatchMemory memory)
    {
        var kind = batches[0].Columns[index].Kind;
        var width = kind.WidthBytes();
        var result = Column.Allocate(kind, total, memory);
        var at = 0;
        foreach (var batch in batches)
        {
            ref var column = ref batch.Columns[index];
            Debug.Assert(column.Kind == kind, "batches of one stream have the same kinds of columns");
            var to = (byte*)result.Values + (long)at * width;
            switch (width)
            {
                case 1: Append<byte>(column, batch, to); break;
                case 2: Append<short>(column, batch, to); break;
                case 4: Append<int>(column, batch, to); break;
                case 8: Append<long>(column, batch, to); break;
                default: Append<Int128>(column, batch, to); break;
            }

            if (kind == PhysicalKind.View && GatherKernel.HasLong((StringView*)to, batch.Count)) memory.Retain(batch.Memory);
            if (column.Validity is not null)
            {
                result.EnsureValidity(total, memory);
                for (var i = 0; i < batch.Count; i++)
                    if (column.IsNull(batch.RowAt(i))) result.SetNull(at + i);
            }

            at += batch.Count;
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Append<T>(in Column column, Batch batch, byte* to)
        where T : unmanaged
    {
        var values = column.As<T>();
        if (column.IsConstant) new Span<T>(to, batch.Count).Fill(*values);
        else CopyRows(values, batch, (T*)to);
    }

    private static void CopyOrFill(long* values, Batch batch, long missing, long* to)
    {
        if (values is null) new Span<long>(to, batch.Count).Fill(missing);
        else CopyRows(values, batch, to);
    }

    private static void CopyRows<T>(T* values, Batch batch, T* to)
        where T : unmanaged
    {
        if (batch.Selection is null)
        {
            new ReadOnlySpan<T>(values, batch.Count).CopyTo(new Span<T>(to, batch.Count));
            return;
        }

        for (var i = 0; i < batch.Count; i++) to[i] = values[batch.Selection[i]];
    }
}
