using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.State.Pages;

namespace Freshet.State.Rows;

/// <summary>
/// Rows of one layout, reached by slot (a number that stays the row's until it is removed).
/// <code>
/// page:  int used | int live | used bitmap | live bitmap | padding to 64 | row 0 | row 1 | ...
/// slot:  page number, then row within the page (<see cref="RowLayout.SlotShift"/> bits)
/// </code>
/// Used rows have an owner or had one in this step; live ones have one. A removed row stays readable, with its texts, until
/// <see cref="EndOfStep"/>; only then are its slot and bytes used again, and mostly dead byte pages emptied. So views and row
/// addresses are good for the step in which they were taken, and not longer.
/// A new row is all zero. Whoever changes a row through its address has called <see cref="Change"/> (or
/// <see cref="Add()"/>) on its slot in this step.
/// One thread uses the table. In a shared table (see Views) rows change only by <see cref="Publish"/> and <see cref="Remove"/>.
/// Cost: <see cref="Row"/> is two loads and a multiplication; adding is a bit search in the page being filled.
/// </summary>
public sealed unsafe class StateTable : IDisposable
{
    /// <summary>No row.</summary>
    public const uint None = uint.MaxValue;

    private const int CompactPagesPerStep = 32;

    private readonly bool _isShared;
    private readonly TextRepeats?[]? _repeats;
    private readonly int _shift;
    private readonly uint _mask;
    private readonly int _rowBytes;
    private readonly int _firstRow;
    private readonly ByteStore _bytes;
    private readonly Stack<uint> _room = new();
    private readonly List<uint> _removed = [];
    private readonly List<StoredText> _freed = [];
    private uint _addPage = None;
    private int _addWord;

    /// <param name="rowsStay">No row is ever removed and no text replaced: then texts are packed, and one that comes again is mostly stored once.</param>
    public StateTable(RowLayout layout, PageVersions versions, bool rowsStay = false)
        : this(layout, versions, false, rowsStay)
    {
    }

    internal StateTable(RowLayout layout, PageVersions versions, bool isShared, bool rowsStay)
    {
        Layout = layout;
        Versions = versions;
        _isShared = isShared;
        _shift = layout.SlotShift;
        _mask = (1u << layout.SlotShift) - 1;
        _rowBytes = layout.RowBytes;
        _firstRow = layout.FirstRowOffset;
        Pages = new PageStore(versions);
        _bytes = new ByteStore(versions, isShared, rowsStay);
        if (rowsStay) _repeats = new TextRepeats?[layout.RowBytes / StoredText.CellBytes + 1];
    }

    public RowLayout Layout { get; }

    public PageVersions Versions { get; }

    /// <summary>Live rows.</summary>
    public long Rows { get; private set; }

    /// <summary>Native bytes held.</summary>
    public long Bytes => Pages.Bytes + _bytes.Bytes + (_repeats?.Sum(r => r?.Bytes ?? 0) ?? 0);

    /// <summary>The pages of rows, for checkpoints.</summary>
    public PageStore Pages { get; }

    /// <summary>The pages of texts, for checkpoints.</summary>
    public PageStore TextPages => _bytes.Pages;

    /// <summary>The address of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Row(uint slot) => Pages.At(slot >> _shift) + _firstRow + (nint)(slot & _mask) * _rowBytes;

    /// <summary>The address of a row that is about to be changed in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Change(uint slot)
    {
        Pages.Touch(slot >> _shift);
        return Row(slot);
    }

    /// <summary>A new row, all zero.</summary>
    public uint Add()
    {
        var slot = Reserve();
        SetLive(slot);
        return slot;
    }

    /// <summary>New rows, all zero, and their addresses, ready to be changed.</summary>
    public void Add(int count, uint* slots, byte** rows)
    {
        for (var i = 0; i < count; i++)
        {
            slots[i] = Add();
            rows[i] = Row(slots[i]);
        }
    }

    /// <summary>Removes a row and its texts. It stays readable until the end of the step.</summary>
    public void Remove(uint slot)
    {
        Debug.Assert(_repeats is null, "a row that stays is removed");
        var page = slot >> _shift;
        if (_isShared) Pages.BeginWrite(page);
        else Pages.Touch(page);
        var start = Pages.At(page);
        ref var word = ref LiveMap(start)[(slot & _mask) >> 6];
        Debug.Assert((word >> (int)(slot & 63) & 1) != 0, "a row is removed twice");
        word &= ~(1UL << (int)(slot & 63));
        ((int*)start)[1]--;
        if (_isShared) Pages.EndWrite(page);
        Rows--;
        _removed.Add(slot);
    }

    public bool IsLive(uint slot)
    {
        var page = slot >> _shift;
        if (!Pages.IsUsed(page) || (slot & _mask) >= Layout.RowsPerPage) return false;
        return (LiveMap(Pages.At(page))[(slot & _mask) >> 6] >> (int)(slot & 63) & 1) != 0;
    }

    /// <summary>The first live row at or after a slot, in order of slots; false when there is none. Add 1 to go on.</summary>
    public bool NextLive(ref uint slot)
    {
        for (var page = slot >> _shift; page < Pages.Count; page++, slot = page << _shift)
        {
            if (!Pages.IsUsed(page)) continue;
            var live = LiveMap(Pages.At(page));
            for (var word = (int)(slot & _mask) >> 6; word < Layout.BitmapWords; word++)
            {
                var bits = live[word];
                if (word == (int)(slot & _mask) >> 6) bits &= ulong.MaxValue << (int)(slot & 63);
                if (bits == 0) continue;
                slot = page << _shift | (uint)(word * 64 + BitOperations.TrailingZeroCount(bits));
                return true;
            }
        }

        return false;
    }

    /// <summary>Puts a text in a field of a row; the row owns its bytes. An old text's bytes are freed at the end of the step.</summary>
    public void StoreText(uint slot, int fieldOffset, StringView* view)
    {
        var cell = (StoredText*)(Change(slot) + fieldOffset);
        if (!cell->IsInline) _freed.Add(*cell);
        *cell = view->IsInline ? StoredText.Inline(*view) : _bytes.Add(StringView.Span(view), slot, fieldOffset);
    }

    /// <summary>Empties a field; an old text's bytes are freed at the end of the step.</summary>
    public void ClearText(uint slot, int fieldOffset)
    {
        var cell = (StoredText*)(Change(slot) + fieldOffset);
        if (!cell->IsInline) _freed.Add(*cell);
        *cell = default;
    }

    /// <summary>Puts a text in a field of a new row, which <see cref="Change"/> need not be told of.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void StoreNewText(uint slot, byte* row, int fieldOffset, StringView* view)
    {
        var cell = (StoredText*)(row + fieldOffset);
        if (view->IsInline) *cell = StoredText.Inline(*view);
        else if (_repeats is null) *cell = _bytes.Add(new ReadOnlySpan<byte>(view->Pointer, view->Length), slot, fieldOffset);
        else *cell = Once(view, slot, fieldOffset);
    }

    /// <summary>A stored text as a view, good until the end of the step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StringView TextAt(byte* row, int fieldOffset)
    {
        var cell = (StoredText*)(row + fieldOffset);
        if (!cell->IsInline) return new StringView(_bytes.At(*cell), cell->Length);
        return *(StringView*)cell;
    }

    /// <summary>The step is over: slots and bytes of removed rows may be used again.</summary>
    public void EndOfStep()
    {
        foreach (var slot in _removed)
        {
            var row = Row(slot);
            foreach (var offset in Layout.TextOffsets) _bytes.Remove(*(StoredText*)(row + offset));
            Release(slot);
        }

        foreach (var cell in _freed) _bytes.Remove(cell);
        _removed.Clear();
        _freed.Clear();
        if (_bytes.HasSparse)
        {
            var owner = new CellOwner(this);
            _bytes.Compact(ref owner, CompactPagesPerStep);
        }

        _bytes.FreeRetired();
    }

    /// <summary>Checks everything that must hold, in time proportional to the table.</summary>
    public void CheckInvariants()
    {
        long rows = 0;
        for (uint page = 0; page < Pages.Count; page++)
        {
            if (!Pages.IsUsed(page)) continue;
            var start = Pages.At(page);
            int used = 0, live = 0;
            for (var word = 0; word < Layout.BitmapWords; word++)
            {
                used += BitOperations.PopCount(UsedMap(start)[word]);
                live += BitOperations.PopCount(LiveMap(start)[word]);
                Check.That((LiveMap(start)[word] & ~UsedMap(start)[word]) == 0, "a live row is used");
            }

            Check.That(used == ((int*)start)[0] && live == ((int*)start)[1], "a page counts its rows");
            Check.That(page == _addPage || used == Layout.RowsPerPage || _room.Contains(page), "a page with room is known");
            rows += live;
        }

        Check.That(rows == Rows, "the table counts its rows");
        if (_removed.Count == 0 && _freed.Count == 0)
            _bytes.CheckInvariants((slot, field) => *(StoredText*)(Row(slot) + field));
    }

    public void Dispose()
    {
        foreach (var repeats in _repeats ?? []) repeats?.Dispose();
        _bytes.Dispose();
        Pages.Dispose();
        Rows = 0;
    }

    internal ByteStore Texts => _bytes;

    /// <summary>A row, all zero, that nobody sees before <see cref="Publish"/>.</summary>
    internal uint Reserve()
    {
        if (_addPage == None) OpenPage();
        var page = _addPage;
        Pages.Touch(page);
        var start = Pages.At(page);
        var used = UsedMap(start);
        while (used[_addWord] == ulong.MaxValue) _addWord++;
        var bit = BitOperations.TrailingZeroCount(~used[_addWord]);
        used[_addWord] |= 1UL << bit;
        var index = (uint)(_addWord * 64 + bit);
        if (++*(int*)start == Layout.RowsPerPage) _addPage = None;
        new Span<byte>(start + _firstRow + (nint)index * _rowBytes, _rowBytes).Clear();
        return page << _shift | index;
    }

    /// <summary>Replaces a row of a shared table in one go, so that readers see all of it or nothing; makes a reserved one live.</summary>
    internal void Publish(uint slot, byte* row)
    {
        var page = slot >> _shift;
        Pages.BeginWrite(page);
        var target = Row(slot);
        Unsafe.CopyBlockUnaligned(target, row, (uint)_rowBytes);
        var start = Pages.At(page);
        ref var word = ref LiveMap(start)[(slot & _mask) >> 6];
        var bit = 1UL << (int)(slot & 63);
        if ((word & bit) == 0)
        {
            word |= bit;
            ((int*)start)[1]++;
            Rows++;
        }

        Pages.EndWrite(page);
    }

    /// <summary>Bytes of a text that <see cref="Publish"/> is about to put in a row.</summary>
    internal StoredText KeepText(StringView* view, uint slot, int fieldOffset) =>
        view->IsInline ? StoredText.Inline(*view) : _bytes.Add(StringView.Span(view), slot, fieldOffset);

    /// <summary>A text that no row names any more.</summary>
    internal void FreeText(in StoredText cell)
    {
        if (!cell.IsInline) _freed.Add(cell);
    }

    internal uint RowMask => _mask;

    internal uint PageOf(uint slot) => slot >> _shift;

    internal int OffsetOf(uint slot) => _firstRow + (int)(slot & _mask) * _rowBytes;

    internal int LiveWordOffset(uint slot) => 8 + 8 * (Layout.BitmapWords + (int)((slot & _mask) >> 6));

    /// <summary>A text of a row that stays: where it was stored before, or is now.</summary>
    private StoredText Once(StringView* view, uint slot, int fieldOffset)
    {
        // Fields of texts come first in a row, 16 bytes each; those of accumulators do not, and share a place with another field at worst.
        ref var repeats = ref _repeats![fieldOffset / StoredText.CellBytes];
        repeats ??= new TextRepeats();
        var known = repeats.PlaceOf(view);
        if (known is not null && known->Head == view->Head && !known->IsLarge
            && new ReadOnlySpan<byte>(_bytes.At(*known), known->Length).SequenceEqual(new ReadOnlySpan<byte>(view->Pointer, view->Length)))
        {
            repeats.Found();
            return *known;
        }

        var cell = _bytes.Add(new ReadOnlySpan<byte>(view->Pointer, view->Length), slot, fieldOffset);
        if (known is not null) *known = cell;
        return cell;
    }

    private static ulong* UsedMap(byte* page) => (ulong*)(page + 8);

    private ulong* LiveMap(byte* page) => (ulong*)(page + 8) + Layout.BitmapWords;

    private void SetLive(uint slot)
    {
        var start = Pages.At(slot >> _shift);
        LiveMap(start)[(slot & _mask) >> 6] |= 1UL << (int)(slot & 63);
        ((int*)start)[1]++;
        Rows++;
    }

    private void OpenPage()
    {
        _addWord = 0;
        while (_room.TryPop(out var page))
        {
            // A page may have been given back, or listed twice, since it was put here.
            if (!Pages.IsUsed(page) || *(int*)Pages.At(page) == Layout.RowsPerPage) continue;
            _addPage = page;
            return;
        }

        _addPage = Pages.Allocate();
    }

    private void Release(uint slot)
    {
        var page = slot >> _shift;
        Pages.Touch(page);
        var start = Pages.At(page);
        UsedMap(start)[(slot & _mask) >> 6] &= ~(1UL << (int)(slot & 63));
        var before = (*(int*)start)--;
        if (page == _addPage)
        {
            _addWord = Math.Min(_addWord, (int)((slot & _mask) >> 6));
            return;
        }

        if (before == 1) Pages.Free(page);
        else if (before == Layout.RowsPerPage) _room.Push(page);
    }

    private readonly struct CellOwner(StateTable table) : ICellOwner
    {
        public void Move(uint slot, int field, StoredText cell)
        {
            var page = slot >> table._shift;
            if (table._isShared) table.Pages.BeginWrite(page);
            else table.Pages.Touch(page);
            *(StoredText*)(table.Row(slot) + field) = cell;
            if (table._isShared) table.Pages.EndWrite(page);
        }
    }
}
