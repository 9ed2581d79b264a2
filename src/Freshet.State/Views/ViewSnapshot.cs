using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.State.Views;

/// <summary>A place in a scan or in the rows of a lookup; starts as <c>default</c>.</summary>
public struct ViewCursor
{
    internal uint Page;
    internal int Row;
    internal uint Slot;
    internal bool HasStarted;
}

/// <summary>
/// One view as of a pinned version. Good as long as the <see cref="ViewPin"/> that it came from; any thread may read, a cursor
/// belongs to one reader. Rows come in the order of their places, which is the same for every reader of the version.
/// Cost: a scan copies each page once; a lookup copies one line and one row.
/// </summary>
public sealed unsafe class ViewSnapshot
{
    private readonly ViewTable _view;
    private readonly PinnedPages _pages;
    private readonly ViewShape _shape;

    internal ViewSnapshot(ViewTable view, PagePin pin, ViewShape shape)
    {
        _view = view;
        _pages = new PinnedPages(pin);
        _shape = shape;
    }

    /// <summary>Different rows.</summary>
    public long Rows => _shape.Rows;

    /// <summary>Rows, each as often as its weight says.</summary>
    public long Weight => _shape.Weight;

    /// <summary>The row of a primary key, or null; as <see cref="ViewTable.Get"/>.</summary>
    public Batch? Get(ReadOnlySpan<Column> key) => _view.Get(_pages, _shape.PrimaryShape, key);

    /// <summary>The next rows of a scan, at most <paramref name="maxRows"/>; null at the end. The caller releases the batch.</summary>
    public Batch? Scan(ref ViewCursor cursor, int maxRows)
    {
        var table = _view.Table;
        var layout = table.Layout;
        var builder = new RowBatchBuilder(layout, _view.WeightOffset, maxRows, BatchMemory.Create());
        var content = stackalloc byte[PageStore.PageBytes];
        for (; cursor.Page < table.Pages.Count && !builder.IsFull; cursor.Page++, cursor.Row = 0)
        {
            if (!_pages.TryRead(table.Pages, cursor.Page, 0, PageStore.PageBytes, content)) continue;
            for (; cursor.Row < layout.RowsPerPage; cursor.Row++)
            {
                if (!IsLive(layout, content, cursor.Row)) continue;
                if (builder.IsFull) return builder.ToBatch();
                var image = content + layout.FirstRowOffset + cursor.Row * layout.RowBytes;
                if (!RowImage.TryResolve(_pages, table, image, builder.Memory))
                    throw new InvalidOperationException("A pinned row names a text that the version does not have.");
                builder.Add(image);
            }
        }

        return builder.ToBatch();
    }

    /// <summary>Moves a scan's cursor over rows without reading them; gives the number of rows skipped, fewer at the end.</summary>
    public long Skip(ref ViewCursor cursor, long rows)
    {
        var table = _view.Table;
        var layout = table.Layout;
        var header = stackalloc byte[PageStore.PageBytes];
        long skipped = 0;
        for (; cursor.Page < table.Pages.Count && skipped < rows; cursor.Page++, cursor.Row = 0)
        {
            if (!_pages.TryRead(table.Pages, cursor.Page, 0, layout.FirstRowOffset, header)) continue;
            var live = ((int*)header)[1];
            if (cursor.Row == 0 && skipped + live <= rows)
            {
                skipped += live;
                continue;
            }

            for (; cursor.Row < layout.RowsPerPage; cursor.Row++)
            {
                if (!IsLive(layout, header, cursor.Row)) continue;
                if (skipped == rows) return skipped;
                skipped++;
            }
        }

        return skipped;
    }

    /// <summary>
    /// The next rows with a key in a lookup index, at most <paramref name="maxRows"/>; null at the end. The caller releases the batch.
    /// </summary>
    /// <param name="lookup">The position in <see cref="ViewSpec.Lookups"/>.</param>
    public Batch? Lookup(int lookup, ReadOnlySpan<Column> key, ref ViewCursor cursor, int maxRows)
    {
        var builder = new RowBatchBuilder(_view.Table.Layout, _view.WeightOffset, maxRows, BatchMemory.Create());
        var image = builder.Memory.Allocate(_view.Table.Layout.RowBytes);
        if (!cursor.HasStarted)
        {
            cursor.HasStarted = true;
            cursor.Slot = _view.FirstOf(lookup, _pages, _shape.LookupShapes[lookup], key, image, builder.Memory);
        }

        while (cursor.Slot != StateTable.None && !builder.IsFull)
        {
            if (!ViewReader.TryCopyPinned(_pages, _view.Table, cursor.Slot, image, builder.Memory))
                throw new InvalidOperationException("A lookup names a row that the version does not have.");
            builder.Add(image);
            cursor.Slot = _view.NextOf(lookup, image);
        }

        return builder.ToBatch();
    }

    private static bool IsLive(RowLayout layout, byte* page, int row) =>
        (((ulong*)(page + 8))[layout.BitmapWords + (row >> 6)] >> (row & 63) & 1) != 0;
}
