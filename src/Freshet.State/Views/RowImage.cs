using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.State.Rows;

namespace Freshet.State.Views;

/// <summary>
/// A reader's own copy of a row: the row's bytes with its <see cref="StoredText"/> cells turned into views of texts copied to the
/// reader's memory. Belongs to the reader; nothing moves under it.
/// </summary>
internal static unsafe class RowImage
{
    /// <summary>Copies long texts and makes views of all cells; false if a text could not be had.</summary>
    public static bool TryResolve<TPages>(TPages pages, StateTable table, byte* image, BatchMemory memory)
        where TPages : struct, IPageSource
    {
        foreach (var offset in table.Layout.TextOffsets)
            if (!TryResolveAt(pages, table, image + offset, memory)) return false;
        return true;
    }

    /// <summary>Does it for some columns alone.</summary>
    public static bool TryResolve<TPages>(TPages pages, StateTable table, byte* image, BatchMemory memory, ReadOnlySpan<int> columns)
        where TPages : struct, IPageSource
    {
        foreach (var column in columns)
            if (table.Layout.KindOf(column) == PhysicalKind.View && !TryResolveAt(pages, table, image + table.Layout.OffsetOf(column), memory)) return false;
        return true;
    }

    private static bool TryResolveAt<TPages>(TPages pages, StateTable table, byte* at, BatchMemory memory)
        where TPages : struct, IPageSource
    {
        var cell = *(StoredText*)at;
        if (cell.IsInline) return true;
        var bytes = memory.Allocate(cell.Length);
        if (cell.IsLarge)
        {
            var block = table.Texts.At(cell);
            if (block is null) return false;
            Unsafe.CopyBlockUnaligned(bytes, block, (uint)cell.Length);
        }
        else if (!pages.TryRead(table.TextPages, cell.Page, (int)cell.Offset, cell.Length, bytes)) return false;

        *(StringView*)at = new StringView(bytes, cell.Length);
        return true;
    }

    /// <summary>Whether an image has these values in these columns: row 0 of <paramref name="values"/>.</summary>
    public static bool Matches(RowLayout layout, byte* image, ReadOnlySpan<int> columns, ReadOnlySpan<Column> values)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            var isNull = RowCells.IsNull(layout, image, columns[i]);
            if (isNull != values[i].IsNull(0)) return false;
            var stored = new Column { Kind = layout.KindOf(columns[i]), Values = image + layout.OffsetOf(columns[i]) };
            if (!isNull && !CompareKernel.ValuesEqual(stored, 0, values[i], 0)) return false;
        }

        return true;
    }
}

/// <summary>Collects row images into the columns of a batch that the caller owns.</summary>
internal unsafe struct RowBatchBuilder
{
    private readonly RowLayout _layout;
    private readonly int _weightOffset;
    private readonly Column[] _columns;
    private readonly long* _weights;
    private readonly int _capacity;

    /// <param name="weightOffset">Where rows have their weight; -1 where each counts once.</param>
    public RowBatchBuilder(RowLayout layout, int weightOffset, int capacity, BatchMemory memory)
    {
        _layout = layout;
        _weightOffset = weightOffset;
        _capacity = capacity;
        Memory = memory;
        _columns = new Column[layout.Columns];
        for (var c = 0; c < _columns.Length; c++) _columns[c] = Column.Allocate(layout.KindOf(c), capacity, memory);
        if (weightOffset >= 0) _weights = memory.Allocate<long>(capacity);
    }

    public BatchMemory Memory { get; }

    public int Rows { get; private set; }

    public readonly bool IsFull => Rows == _capacity;

    public void Add(byte* image)
    {
        for (var c = 0; c < _columns.Length; c++)
        {
            ref var column = ref _columns[c];
            var width = column.Kind.WidthBytes();
            Unsafe.CopyBlockUnaligned((byte*)column.Values + (nint)Rows * width, image + _layout.OffsetOf(c), (uint)width);
            if (!RowCells.IsNull(_layout, image, c)) continue;
            column.EnsureValidity(_capacity, Memory);
            column.SetNull(Rows);
        }

        if (_weightOffset >= 0) _weights[Rows] = *(long*)(image + _weightOffset);
        Rows++;
    }

    /// <summary>The batch; null, with the memory given back, when there is no row.</summary>
    public readonly Batch? ToBatch()
    {
        if (Rows != 0) return new Batch(Memory, _columns, Rows) { Weights = _weights };
        Memory.Release();
        return null;
    }
}
