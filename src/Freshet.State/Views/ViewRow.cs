using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.State.Views;

/// <summary>
/// One row after another of the views of one pin, found by key and copied to the reader: a point read without a batch. Belongs to one
/// thread, and is good as long as the pin. A found row's columns point into the copy; the next find replaces it.
/// Cost: a line of the index and a row, copied; no object.
/// </summary>
public sealed unsafe class ViewRow : IDisposable
{
    private readonly ViewPin _pin;
    private readonly BatchMemory _memory = BatchMemory.Create();
    private readonly byte* _image;
    private RowLayout _layout = null!;
    private ViewTable? _view;
    private int _lookup;
    private uint _next = StateTable.None;

    public ViewRow(ViewPin pin)
    {
        _pin = pin;
        _image = _memory.Allocate(PageStore.PageBytes);
    }

    /// <summary>Finds the row with a primary key.</summary>
    /// <param name="key">One value (row 0) for each key column.</param>
    public bool Find(ViewTable view, ReadOnlySpan<Column> key)
    {
        _layout = view.Table.Layout;
        _next = StateTable.None;
        return view.Find(new PinnedPages(_pin.Pages), _pin.ShapeOf(view).PrimaryShape, key, _image, _memory);
    }

    /// <summary>As <see cref="Find(ViewTable, ReadOnlySpan{Column})"/>, for one key that is looked for in many views.</summary>
    /// <param name="hash">From <see cref="Hash"/>, of a view with the same hash seed.</param>
    public bool Find(ViewTable view, ReadOnlySpan<Column> key, ulong hash)
    {
        _layout = view.Table.Layout;
        _next = StateTable.None;
        return view.Find(new PinnedPages(_pin.Pages), _pin.ShapeOf(view).PrimaryShape, key, hash, _image, _memory);
    }

    /// <summary>The hash of a key.</summary>
    public static ulong Hash(ViewTable view, ReadOnlySpan<Column> key) => view.HashOf(key);

    /// <summary>Finds the first row with a key of a lookup index; <see cref="FindNext"/> goes on.</summary>
    /// <param name="lookup">The position in <see cref="ViewSpec.Lookups"/>.</param>
    public bool FindFirst(ViewTable view, int lookup, ReadOnlySpan<Column> key)
    {
        (_view, _lookup, _layout) = (view, lookup, view.Table.Layout);
        var slot = view.FirstOf(lookup, new PinnedPages(_pin.Pages), _pin.ShapeOf(view).LookupShapes[lookup], key, _image, _memory);
        return Follow(slot);
    }

    /// <summary>The next row with the key of <see cref="FindFirst"/>.</summary>
    public bool FindNext()
    {
        if (_next == StateTable.None) return false;
        if (!ViewReader.TryCopyPinned(new PinnedPages(_pin.Pages), _view!.Table, _next, _image, _memory))
            throw new InvalidOperationException("A lookup names a row that the version does not have.");
        return Follow(_next);
    }

    public bool IsNull(int column) => RowCells.IsNull(_layout, _image, column);

    /// <summary>A column of the row found last, of one value, which must not be NULL.</summary>
    public Column this[int column] => new() { Kind = _layout.KindOf(column), Values = _image + _layout.OffsetOf(column) };

    public void Dispose() => _memory.Release();

    private bool Follow(uint slot)
    {
        _next = slot == StateTable.None ? slot : _view!.NextOf(_lookup, _image);
        return slot != StateTable.None;
    }
}
