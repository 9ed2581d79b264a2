using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;

namespace Freshet.State.Rows;

/// <summary>
/// Values between columns of batches and columns of stored rows. Equality is <see cref="CompareKernel.ValuesEqual"/>'s: NULL
/// equals NULL, all NaN are one value. A column's kind is the layout's.
/// </summary>
public static unsafe class RowCells
{
    private const int StoreAtOnce = 32;

    public static bool IsNull(RowLayout layout, byte* stored, int column) =>
        (stored[layout.NullOffset + (column >> 3)] >> (column & 7) & 1) != 0;

    internal static void SetNull(RowLayout layout, byte* stored, int column, bool isNull)
    {
        ref var nulls = ref stored[layout.NullOffset + (column >> 3)];
        var bit = (byte)(1 << (column & 7));
        nulls = (byte)(isNull ? nulls | bit : nulls & ~bit);
    }

    /// <summary>The hash of columns of a stored row, equal to that of a batch's row with these values.</summary>
    public static ulong Hash(StateTable table, byte* stored, ReadOnlySpan<int> columns, ulong seed)
    {
        var sources = new Column[columns.Length];
        var validity = stackalloc ulong[columns.Length];
        var views = stackalloc StringView[columns.Length];
        new Span<ulong>(validity, columns.Length).Clear();
        for (var i = 0; i < columns.Length; i++)
        {
            var offset = table.Layout.OffsetOf(columns[i]);
            var kind = table.Layout.KindOf(columns[i]);
            sources[i] = new Column { Kind = kind, Values = stored + offset };
            if (kind == PhysicalKind.View)
            {
                views[i] = table.TextAt(stored, offset);
                sources[i].Values = views + i;
            }

            if (IsNull(table.Layout, stored, columns[i])) sources[i].Validity = validity + i;
        }

        ulong hash;
        HashKernel.Hash(sources, null, 1, seed, &hash);
        return hash;
    }

    /// <summary>Writes a value of a batch's column to a column of a row that was zero there, or replaces the value.</summary>
    public static void Store(StateTable table, uint slot, byte* stored, int column, in Column source, int row)
    {
        var layout = table.Layout;
        var offset = layout.OffsetOf(column);
        var isNull = source.IsNull(row);
        SetNull(layout, stored, column, isNull);
        var index = source.IndexOf(row);
        if (source.Kind == PhysicalKind.View)
        {
            if (isNull) table.ClearText(slot, offset);
            else table.StoreText(slot, offset, source.As<StringView>() + index);
            return;
        }

        if (isNull) new Span<byte>(stored + offset, source.Kind.WidthBytes()).Clear();
        else CopyFixed(source.Kind, (byte*)source.Values, index, stored + offset);
    }

    /// <summary>
    /// Writes all columns of a batch's rows to new rows of a table, which are zero. Column by column, some rows at a time, so that
    /// the kind is looked at once and the rows stay in the nearest cache.
    /// </summary>
    /// <param name="rows">Row indexes into the batch.</param>
    /// <param name="slots">Slots of the new rows, with their addresses in <paramref name="stored"/>; parallel to <paramref name="rows"/>.</param>
    public static void StoreNew(StateTable table, Column[] columns, int* rows, int count, uint* slots, byte** stored)
    {
        for (var start = 0; start < count; start += StoreAtOnce)
        {
            var part = Math.Min(StoreAtOnce, count - start);
            for (var c = 0; c < table.Layout.Columns; c++) StoreNew(table, c, columns[c], rows + start, part, slots + start, stored + start);
        }
    }

    /// <summary>Whether a value of a batch's column equals that of a stored row.</summary>
    public static bool AreEqual(StateTable table, byte* stored, int column, in Column source, int row)
    {
        var layout = table.Layout;
        if (IsNull(layout, stored, column)) return source.IsNull(row);
        if (source.IsNull(row)) return false;
        var index = source.IndexOf(row);
        var value = stored + layout.OffsetOf(column);
        switch (source.Kind)
        {
            case PhysicalKind.Bool or PhysicalKind.Int8: return *value == source.As<byte>()[index];
            case PhysicalKind.Int16: return *(short*)value == source.As<short>()[index];
            case PhysicalKind.Int32: return *(int*)value == source.As<int>()[index];
            case PhysicalKind.Int64: return *(long*)value == source.As<long>()[index];
            case PhysicalKind.Float32: return CompareKernel.Bits(*(float*)value) == CompareKernel.Bits(source.As<float>()[index]);
            case PhysicalKind.Float64: return CompareKernel.Bits(*(double*)value) == CompareKernel.Bits(source.As<double>()[index]);
            case PhysicalKind.Int128:
                var words = source.As<ulong>() + 2 * (nint)index;
                return ((ulong*)value)[0] == words[0] && ((ulong*)value)[1] == words[1];
            default: return TextEquals(table, (StoredText*)value, source.As<StringView>() + index);
        }
    }

    /// <summary>Order of two stored values of one column, as <see cref="CompareKernel.CompareValues"/>: NULL first.</summary>
    public static int Compare(StateTable table, byte* left, byte* right, int column)
    {
        var layout = table.Layout;
        var (leftNull, rightNull) = (IsNull(layout, left, column), IsNull(layout, right, column));
        if (leftNull || rightNull) return rightNull.CompareTo(leftNull);
        var offset = layout.OffsetOf(column);
        left += offset;
        right += offset;
        switch (layout.KindOf(column))
        {
            case PhysicalKind.Bool: return (*left).CompareTo(*right);
            case PhysicalKind.Int8: return (*(sbyte*)left).CompareTo(*(sbyte*)right);
            case PhysicalKind.Int16: return (*(short*)left).CompareTo(*(short*)right);
            case PhysicalKind.Int32: return (*(int*)left).CompareTo(*(int*)right);
            case PhysicalKind.Int64: return (*(long*)left).CompareTo(*(long*)right);
            case PhysicalKind.Int128: return Unsafe.ReadUnaligned<Int128>(left).CompareTo(Unsafe.ReadUnaligned<Int128>(right));
            case PhysicalKind.Float32: return CompareKernel.OrderBits(*(float*)left).CompareTo(CompareKernel.OrderBits(*(float*)right));
            case PhysicalKind.Float64: return CompareKernel.OrderBits(*(double*)left).CompareTo(CompareKernel.OrderBits(*(double*)right));
            default:
                var (a, b) = (table.TextAt(left, 0), table.TextAt(right, 0));
                return StringView.Compare(&a, &b);
        }
    }

    /// <summary>Whether a stored text has the bytes of a view. Most unequal ones are told apart by the first 8 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TextEquals(StateTable table, StoredText* cell, StringView* view)
    {
        if (cell->Head != view->Head) return false;
        if (cell->IsInline) return cell->Tail == view->Tail;
        return new ReadOnlySpan<byte>(table.Texts.At(*cell), cell->Length).SequenceEqual(new ReadOnlySpan<byte>(view->Pointer, view->Length));
    }

    /// <summary>One column of stored rows, as a column of a batch.</summary>
    /// <param name="copiesTexts">Copy long texts into <paramref name="memory"/>; otherwise they are good until the end of the step.</param>
    public static Column Read(StateTable table, int column, uint* slots, int count, BatchMemory memory, bool copiesTexts) =>
        Read(table, column, Addresses(table, slots, count, memory), count, memory, copiesTexts);

    /// <summary>Where rows lie, for several columns to be read from them. They are asked for, so that the waits for memory overlap.</summary>
    public static byte** Addresses(StateTable table, uint* slots, int count, BatchMemory memory)
    {
        var stored = (byte**)memory.Allocate<nint>(count);
        for (var i = 0; i < count; i++)
        {
            stored[i] = table.Row(slots[i]);
            if (Sse.IsSupported) Sse.Prefetch0(stored[i]);
        }

        return stored;
    }

    /// <inheritdoc cref="Read(StateTable, int, uint*, int, BatchMemory, bool)"/>
    /// <param name="stored">From <see cref="Addresses"/>.</param>
    public static Column Read(StateTable table, int column, byte** stored, int count, BatchMemory memory, bool copiesTexts)
    {
        var layout = table.Layout;
        var kind = layout.KindOf(column);
        var offset = layout.OffsetOf(column);
        var result = Column.Allocate(kind, count, memory);
        switch (kind.WidthBytes())
        {
            case 1: Gather<byte>(offset, stored, count, result.Values); break;
            case 2: Gather<short>(offset, stored, count, result.Values); break;
            case 4: Gather<int>(offset, stored, count, result.Values); break;
            case 8: Gather<long>(offset, stored, count, result.Values); break;
            default: Gather<Int128>(offset, stored, count, result.Values); break;
        }

        if (kind == PhysicalKind.View) ResolveTexts(table, result.As<StringView>(), count, copiesTexts ? memory : null);
        if (!HasNull(layout, column, stored, count)) return result;
        result.EnsureValidity(count, memory);
        for (var i = 0; i < count; i++)
            if (IsNull(layout, stored[i], column)) result.SetNull(i);
        return result;
    }

    internal static void CopyFixed(PhysicalKind kind, byte* values, int index, byte* into)
    {
        switch (kind.WidthBytes())
        {
            case 1: *into = values[index]; break;
            case 2: *(short*)into = ((short*)values)[index]; break;
            case 4: *(int*)into = ((int*)values)[index]; break;
            case 8: *(long*)into = ((long*)values)[index]; break;
            default: Unsafe.CopyBlockUnaligned(into, values + (nint)index * 16, 16); break;
        }
    }

    private static void Gather<T>(int offset, byte** stored, int count, void* into)
        where T : unmanaged
    {
        for (var i = 0; i < count; i++)
            Unsafe.WriteUnaligned((T*)into + i, Unsafe.ReadUnaligned<T>(stored[i] + offset));
    }

    private static bool HasNull(RowLayout layout, int column, byte** stored, int count)
    {
        var offset = layout.NullOffset + (column >> 3);
        var any = 0;
        for (var i = 0; i < count; i++) any |= stored[i][offset];
        return (any >> (column & 7) & 1) != 0;
    }

    private static void StoreNew(StateTable table, int column, in Column source, int* rows, int count, uint* slots, byte** stored)
    {
        var layout = table.Layout;
        if (source.Validity is not null || source.IsConstant)
        {
            for (var i = 0; i < count; i++)
            {
                if (source.IsNull(rows[i])) SetNull(layout, stored[i], column, true);
                else StoreNewValue(table, column, source, source.IndexOf(rows[i]), slots[i], stored[i]);
            }

            return;
        }

        var offset = layout.OffsetOf(column);
        if (source.Kind == PhysicalKind.View)
        {
            for (var i = 0; i < count; i++) table.StoreNewText(slots[i], stored[i], offset, source.As<StringView>() + rows[i]);
            return;
        }

        switch (source.Kind.WidthBytes())
        {
            case 1: Scatter<byte>(offset, source.Values, rows, count, stored); break;
            case 2: Scatter<short>(offset, source.Values, rows, count, stored); break;
            case 4: Scatter<int>(offset, source.Values, rows, count, stored); break;
            case 8: Scatter<long>(offset, source.Values, rows, count, stored); break;
            default: Scatter<Int128>(offset, source.Values, rows, count, stored); break;
        }
    }

    private static void StoreNewValue(StateTable table, int column, in Column source, int index, uint slot, byte* stored)
    {
        var offset = table.Layout.OffsetOf(column);
        if (source.Kind == PhysicalKind.View) table.StoreNewText(slot, stored, offset, source.As<StringView>() + index);
        else CopyFixed(source.Kind, (byte*)source.Values, index, stored + offset);
    }

    private static void Scatter<T>(int offset, void* values, int* rows, int count, byte** stored)
        where T : unmanaged
    {
        for (var i = 0; i < count; i++)
            Unsafe.WriteUnaligned(stored[i] + offset, Unsafe.ReadUnaligned<T>((T*)values + rows[i]));
    }

    /// <summary>Cells that were copied as they are become views.</summary>
    private static void ResolveTexts(StateTable table, StringView* views, int count, BatchMemory? copies)
    {
        for (var i = 0; i < count; i++)
        {
            var view = table.TextAt((byte*)(views + i), 0);
            views[i] = copies is null || view.IsInline ? view : StringView.Copy(new ReadOnlySpan<byte>(view.Pointer, view.Length), copies);
        }
    }
}
