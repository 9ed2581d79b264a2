using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.State.Views;

/// <summary>
/// One row after another of the views of one pin, found by key and copied to the reader: a point read without a batch. Belongs to one
/// thread, and is good as long as the pin. A found row's columns point into the copy; the next find replaces it, but for long texts, which
/// stay where they have been copied, and are copied only when their column is asked for.
/// Cost: a line of the index and a row, copied; no object. <see cref="Prefetch"/> lets the waits for memory of many finds overlap.
/// </summary>
public sealed unsafe class ViewRow : IDisposable
{
    private const int MaskColumns = 64;

    private readonly ViewPin _pin;
    private readonly BatchMemory _memory = BatchMemory.Create();
    private readonly byte* _image;
    private RowLayout _layout = null!;
    private ViewTable _view = null!;
    private int _lookup;
    private uint _next = StateTable.None;

    /// <summary>The columns whose texts are views; the others are cells of the table still. Of a table with more columns than bits all are views.</summary>
    private ulong _resolved;

    public ViewRow(ViewPin pin)
    {
        _pin = pin;
        _image = _memory.Allocate(PageStore.PageBytes);
    }

    /// <summary>The hash of a key: the same in all views with the same hash seed.</summary>
    public static ulong Hash(ViewTable view, ReadOnlySpan<Column> key) => view.HashOf(key);

    /// <summary>Starts loading what finds of one key in many views will look at.</summary>
    /// <param name="views">Those that are looked into by their primary key.</param>
    /// <param name="lists">Those that are looked into by their first lookup.</param>
    /// <param name="hash">The key's, from <see cref="Hash"/>.</param>
    public void Prefetch(ReadOnlySpan<ViewTable> views, ReadOnlySpan<ViewTable> lists, ulong hash)
    {
        foreach (var view in views) ViewReader.PrefetchLine(view.Primary, _pin.ShapeOf(view).PrimaryShape, hash);
        foreach (var view in lists) ViewReader.PrefetchLine(view.Lookup(0), _pin.ShapeOf(view).LookupShapes[0], hash);
        foreach (var view in views) ViewReader.PrefetchRows(view.Table, view.Primary, _pin.ShapeOf(view).PrimaryShape, hash);
        foreach (var view in lists) ViewReader.PrefetchRows(view.Table, view.Lookup(0), _pin.ShapeOf(view).LookupShapes[0], hash);
    }

    /// <summary>Finds the row with a primary key.</summary>
    /// <param name="key">One value (row 0) for each key column.</param>
    public bool Find(ViewTable view, ReadOnlySpan<Column> key) => Find(view, key, view.HashOf(key));

    /// <inheritdoc cref="Find(ViewTable, ReadOnlySpan{Column})"/>
    /// <param name="hash">From <see cref="Hash"/>, where one key is looked for in many views.</param>
    public bool Find(ViewTable view, ReadOnlySpan<Column> key, ulong hash)
    {
        Begin(view, view.KeyColumns);
        return view.Find(new PinnedPages(_pin.Pages), _pin.ShapeOf(view).PrimaryShape, key, hash, _image, _memory, _resolved == ulong.MaxValue);
    }

    /// <summary>Finds the first row with a key of a lookup index; <see cref="FindNext"/> goes on.</summary>
    /// <param name="lookup">The position in <see cref="ViewSpec.Lookups"/>.</param>
    public bool FindFirst(ViewTable view, int lookup, ReadOnlySpan<Column> key)
    {
        _lookup = lookup;
        Begin(view, view.LookupColumns(lookup));
        return Follow(view.FirstOf(lookup, new PinnedPages(_pin.Pages), _pin.ShapeOf(view).LookupShapes[lookup], key, _image, _memory, _resolved == ulong.MaxValue));
    }

    /// <summary>The next row with the key of <see cref="FindFirst"/>.</summary>
    public bool FindNext()
    {
        if (_next == StateTable.None) return false;
        if (_resolved != ulong.MaxValue) _resolved = 0;
        if (!ViewReader.TryCopyPinned(new PinnedPages(_pin.Pages), _view.Table, _next, _image, _memory, _resolved == ulong.MaxValue))
            throw new InvalidOperationException("A lookup names a row that the version does not have.");
        return Follow(_next);
    }

    public bool IsNull(int column) => RowCells.IsNull(_layout, _image, column);

    /// <summary>A column of the row found last, of one value, which must not be NULL.</summary>
    public Column this[int column]
    {
        get
        {
            var kind = _layout.KindOf(column);
            if (kind == PhysicalKind.View && _resolved != ulong.MaxValue && (_resolved >> column & 1) == 0)
            {
                if (!RowImage.TryResolve(new PinnedPages(_pin.Pages), _view.Table, _image, _memory, [column])) throw new InvalidOperationException("A row names a text that the version does not have.");
                _resolved |= 1UL << column;
            }

            return new Column { Kind = kind, Values = _image + _layout.OffsetOf(column) };
        }
    }

    public void Dispose() => _memory.Release();

    private void Begin(ViewTable view, ReadOnlySpan<int> keyColumns)
    {
        (_view, _layout, _next) = (view, view.Table.Layout, StateTable.None);
        _resolved = 0;
        if (_layout.Columns >= MaskColumns) _resolved = ulong.MaxValue;
        else foreach (var column in keyColumns) _resolved |= 1UL << column;
    }

    private bool Follow(uint slot)
    {
        _next = slot == StateTable.None ? slot : _view.NextOf(_lookup, _image);
        return slot != StateTable.None;
    }
}
