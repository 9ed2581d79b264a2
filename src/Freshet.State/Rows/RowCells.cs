using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Kernels;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.State.Rows;

/// <summary>
/// Values between columns of batches and columns of stored rows. Equality is <see cref="CompareKernel.ValuesEqual"/>'s: NULL
/// equals NULL, all NaN are one value. A column's kind is the layout's.
/// </summary>
public static unsafe class RowCells
{
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
    public static Column Read(StateTable table, int column, uint* slots, int count, BatchMemory memory, bool copiesTexts)
    {
        var layout = table.Layout;
        var kind = layout.KindOf(column);
        var offset = layout.OffsetOf(column);
        var result = Column.Allocate(kind, count, memory);
        switch (kind.WidthBytes())
        {
            case 1: Gather<byte>(table, offset, slots, count, result.Values); break;
            case 2: Gather<short>(table, offset, slots, count, result.Values); break;
            case 4: Gather<int>(table, offset, slots, count, result.Values); break;
            case 8: Gather<long>(table, offset, slots, count, result.Values); break;
            default: Gather<Int128>(table, offset, slots, count, result.Values); break;
        }

        if (kind == PhysicalKind.View) ResolveTexts(table, result.As<StringView>(), count, copiesTexts ? memory : null);
        for (var i = 0; i < count; i++)
        {
            if (!IsNull(layout, table.Row(slots[i]), column)) continue;
            result.EnsureValidity(count, memory);
            result.SetNull(i);
        }

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

    private static void Gather<T>(StateTable table, int offset, uint* slots, int count, void* into)
        where T : unmanaged
    {
        for (var i = 0; i < count; i++)
            Unsafe.WriteUnaligned((T*)into + i, Unsafe.ReadUnaligned<T>(table.Row(slots[i]) + offset));
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
