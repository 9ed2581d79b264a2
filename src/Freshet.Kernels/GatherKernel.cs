using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Kernels;

/// <summary>
/// Copies rows by index, with validity, weights and row watermarks. Long texts are not copied: the new views point to the
/// same bytes, so the new memory retains the old one, but only where there is such a text.
/// Cost: one load and store for each value. Constant columns stay constant.
/// </summary>
public static unsafe class GatherKernel
{
    /// <summary>A batch of the rows <paramref name="rows"/> (indexes into <paramref name="source"/>, any order, repeats allowed) in <paramref name="memory"/>, which the new batch owns.</summary>
    public static Batch Gather(Batch source, int* rows, int count, BatchMemory memory)
    {
        var columns = new Column[source.Columns.Length];
        var points = false;
        for (var i = 0; i < columns.Length; i++) columns[i] = Gather(source.Columns[i], rows, count, memory, ref points);
        if (points) memory.Retain(source.Memory);
        return WithRows(new Batch(memory, columns, count), source, rows);
    }

    /// <summary>Gives a batch whose rows come from <paramref name="rows"/> of <paramref name="source"/> their weights and row watermarks.</summary>
    public static Batch WithRows(Batch batch, Batch source, int* rows)
    {
        if (source.Weights is not null) batch.Weights = GatherValues(source.Weights, rows, batch.Rows, batch.Memory);
        if (source.RowWatermarks is not null) batch.RowWatermarks = GatherValues(source.RowWatermarks, rows, batch.Rows, batch.Memory);
        return batch;
    }

    /// <summary>The rows that count, without a selection: <paramref name="source"/> itself where it has none. Takes over the source's reference.</summary>
    public static Batch Compact(Batch source)
    {
        if (source.Selection is null) return source;
        var batch = Gather(source, source.Selection, source.Count, BatchMemory.Create());
        source.Release();
        return batch;
    }

    /// <summary>
    /// The rows that count, with texts of their own: for whoever keeps rows beyond the step, since long texts may lie in state
    /// that changes with the next one. Takes over the source's reference.
    /// </summary>
    public static Batch Own(Batch source)
    {
        var memory = BatchMemory.Create();
        var columns = new Column[source.Columns.Length];
        var rows = memory.Allocate<int>(source.Count);
        for (var i = 0; i < source.Count; i++) rows[i] = source.RowAt(i);
        for (var i = 0; i < columns.Length; i++)
        {
            var points = false;
            columns[i] = Gather(source.Columns[i], rows, source.Count, memory, ref points);
            if (points) OwnTexts(columns[i].As<StringView>(), columns[i].IsConstant ? 1 : source.Count, memory);
        }

        var batch = WithRows(new Batch(memory, columns, source.Count), source, rows);
        source.Release();
        return batch;
    }

    /// <summary>Copies the bytes of long texts to <paramref name="memory"/> and points the views there.</summary>
    public static void OwnTexts(StringView* views, int count, BatchMemory memory)
    {
        for (var i = 0; i < count; i++)
            if (!views[i].IsInline) views[i] = StringView.Copy(StringView.Span(views + i), memory);
    }

    /// <summary>The values of one column at <paramref name="rows"/>; sets <paramref name="points"/> when a view points into the column's bytes.</summary>
    public static Column Gather(in Column column, int* rows, int count, BatchMemory memory, ref bool points)
    {
        if (column.IsConstant) return CopyConstant(column, memory, ref points);
        var result = Column.Allocate(column.Kind, count, memory);
        switch (column.Kind.WidthBytes())
        {
            case 1: Copy(column.As<byte>(), rows, count, result.As<byte>()); break;
            case 2: Copy(column.As<short>(), rows, count, result.As<short>()); break;
            case 4: Copy(column.As<int>(), rows, count, result.As<int>()); break;
            case 8: Copy(column.As<long>(), rows, count, result.As<long>()); break;
            default:
                Copy(column.As<Int128>(), rows, count, result.As<Int128>());
                points |= column.Kind == PhysicalKind.View && HasLong(result.As<StringView>(), count);
                break;
        }

        if (column.Validity is not null) result.Validity = GatherBits(column.Validity, rows, count, memory);
        return result;
    }

    /// <summary>The bits at <paramref name="rows"/>, or null when all are set.</summary>
    public static ulong* GatherBits(ulong* bits, int* rows, int count, BatchMemory memory)
    {
        var words = (count + 63) >> 6;
        var result = memory.Allocate<ulong>(words);
        var all = ulong.MaxValue;
        for (var word = 0; word < words; word++)
        {
            var from = word << 6;
            var length = Math.Min(64, count - from);
            var value = 0UL;
            for (var i = 0; i < length; i++)
            {
                var row = rows[from + i];
                value |= (bits[row >> 6] >> row & 1) << i;
            }

            // Bits beyond the end are set, as in a bitmap without NULL.
            if (length < 64) value |= ulong.MaxValue << length;
            result[word] = value;
            all &= value;
        }

        return all == ulong.MaxValue ? null : result;
    }

    /// <summary>Whether a view points to bytes outside itself.</summary>
    public static bool HasLong(StringView* views, int count)
    {
        for (var i = 0; i < count; i++)
            if (!views[i].IsInline) return true;
        return false;
    }

    private static long* GatherValues(long* values, int* rows, int count, BatchMemory memory)
    {
        var result = memory.Allocate<long>(count);
        Copy(values, rows, count, result);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy<T>(T* from, int* rows, int count, T* to)
        where T : unmanaged
    {
        for (var i = 0; i < count; i++) to[i] = from[rows[i]];
    }

    private static Column CopyConstant(in Column column, BatchMemory memory, ref bool points)
    {
        var width = column.Kind.WidthBytes();
        var copy = column;
        copy.Values = memory.Allocate(width);
        Unsafe.CopyBlock(copy.Values, column.Values, (uint)width);
        if (column.Validity is not null) copy.Validity = memory.AllocateBits(1, column.IsValid(0));
        points |= column.Kind == PhysicalKind.View && column.IsValid(0) && !column.As<StringView>()->IsInline;
        return copy;
    }
}
