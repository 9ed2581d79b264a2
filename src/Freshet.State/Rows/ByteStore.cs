using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Freshet.State.Pages;

namespace Freshet.State.Rows;

/// <summary>
/// The bytes of a table's long texts. Records lie one after another in pages; each names its owner (the row's slot and the
/// field), so that a page that is mostly dead can be emptied by moving what lives and correcting the owners.
/// <code>
/// page:    int end (offset of the first free byte) | int live (bytes of live records) | record | record | ...
/// record:  uint owner slot, or Dead | ushort field offset | ushort length | bytes, padded to 8
/// </code>
/// In a store of texts that stay a record is the bytes alone: it needs no owner.
/// A text longer than <see cref="MaxInPageBytes"/> has a native block of its own and a number; both are given back when no
/// pinned version and, in a shared table, no reader that has entered before (<see cref="ReaderEpochs"/>) can name it.
/// Invariant: live is the sum of the records whose owner is not Dead, and the owner's cell names exactly this record.
/// Cost: 8 bytes and padding a text; a freed text costs nothing until its page is emptied.
/// </summary>
internal sealed unsafe class ByteStore : IDisposable
{
    public const int MaxInPageBytes = 4096;

    private const uint Dead = uint.MaxValue;
    private const int HeaderBytes = 8;
    private const int NoPage = -1;

    private readonly List<(int Number, long Version, long Epoch)> _retired = [];
    private readonly Stack<int> _freeLarge = new();
    private readonly Stack<uint> _sparse = new();
    private readonly PageVersions _versions;
    private readonly bool _isShared;
    private readonly bool _textsStay;
    private Large[] _large = [];
    private int _largeCount;
    private long _current = NoPage;
    private int _opened;
    private long _largeBytes;

    public ByteStore(PageVersions versions, bool isShared, bool textsStay = false)
    {
        _versions = versions;
        _isShared = isShared;
        _textsStay = textsStay;
        Pages = new PageStore(versions);
    }

    private record struct Large(nint Block, int Length, uint Slot, int Field, long Version);

    public PageStore Pages { get; }

    public long Bytes => Pages.Bytes + _largeBytes;

    /// <summary>Whether <see cref="Compact"/> has pages to look at.</summary>
    public bool HasSparse => _sparse.Count != 0;

    /// <summary>The address of a long text's bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* At(in StoredText cell) =>
        (cell.Page & StoredText.LargeBit) == 0 ? Pages.At(cell.Page) + cell.Offset : LargeAt(cell);

    /// <summary>Keeps the bytes of a text of more than 12 bytes; the cell is the owner's.</summary>
    public StoredText Add(ReadOnlySpan<byte> text, uint slot, int field)
    {
        var cell = new StoredText { Length = text.Length, Prefix = MemoryMarshal.Read<uint>(text) };
        if (text.Length > MaxInPageBytes)
        {
            AddLarge(text, slot, field, ref cell);
            return cell;
        }

        var need = _textsStay ? text.Length : RecordBytes(text.Length);
        if (_current == NoPage || *(int*)Pages.At((uint)_current) + need > PageStore.PageBytes) OpenPage();
        var page = (uint)_current;
        Pages.Touch(page);
        var start = Pages.At(page);
        var end = *(int*)start;
        ((int*)start)[0] = end + need;
        ((int*)start)[1] += need;
        if (!_textsStay)
        {
            var record = start + end;
            *(uint*)record = slot;
            *(ushort*)(record + 4) = (ushort)field;
            *(ushort*)(record + 6) = (ushort)text.Length;
            end += HeaderBytes;
        }

        text.CopyTo(new Span<byte>(start + end, text.Length));
        cell.Page = page;
        cell.Offset = (uint)end;
        return cell;
    }

    /// <summary>The bytes of a cell are not needed any more. Inline cells have none.</summary>
    public void Remove(in StoredText cell)
    {
        if (cell.IsInline) return;
        Debug.Assert(!_textsStay, "a text that stays is removed");
        if (cell.IsLarge)
        {
            Retire((int)(cell.Page & ~StoredText.LargeBit));
            return;
        }

        Pages.Touch(cell.Page);
        var start = Pages.At(cell.Page);
        var record = start + cell.Offset - HeaderBytes;
        Debug.Assert(*(uint*)record != Dead, "a text is removed twice");
        *(uint*)record = Dead;
        var before = ((int*)start)[1];
        var live = before - RecordBytes(*(ushort*)(record + 6));
        ((int*)start)[1] = live;

        // Once on the way down: when it becomes mostly dead, and when it becomes empty.
        if (cell.Page != _current && (live == 0 || (before > SparseBytes && live <= SparseBytes))) _sparse.Push(cell.Page);
    }

    /// <summary>
    /// Empties pages that are mostly dead, at most so many and twice those that were opened meanwhile, so that what dies in large
    /// steps does not pile up; live records move to the current page.
    /// </summary>
    /// <param name="owner">Corrects the cell of a row whose record moves.</param>
    public void Compact<TOwner>(ref TOwner owner, int maxPages)
        where TOwner : struct, ICellOwner
    {
        maxPages += 2 * _opened;
        _opened = 0;
        for (; maxPages > 0 && _sparse.TryPop(out var page); maxPages--)
        {
            if (!Pages.IsUsed(page) || page == _current) continue;
            var start = Pages.At(page);
            if (((int*)start)[1] > SparseBytes) continue;
            var end = *(int*)start;
            for (var at = HeaderBytes; at < end;)
            {
                var record = start + at;
                var length = *(ushort*)(record + 6);
                if (*(uint*)record != Dead)
                    owner.Move(*(uint*)record, *(ushort*)(record + 4), Add(new ReadOnlySpan<byte>(record + HeaderBytes, length), *(uint*)record, *(ushort*)(record + 4)));
                at += RecordBytes(length);
            }

            Pages.Free(page);
        }
    }

    /// <summary>Large texts kept in a version after <paramref name="sinceVersion"/>, for a checkpoint.</summary>
    public IEnumerable<(int Number, uint Slot, int Field, int Length)> LargeSince(long sinceVersion)
    {
        for (var i = 0; i < _largeCount; i++)
            if (_large[i].Block != 0 && _large[i].Version > sinceVersion) yield return (i, _large[i].Slot, _large[i].Field, _large[i].Length);
    }

    /// <summary>Frees the large texts that nobody can read any more.</summary>
    public void FreeRetired()
    {
        if (_retired.Count == 0) return;
        if (_isShared) ReaderEpochs.TryAdvance();
        var kept = 0;
        for (var i = 0; i < _retired.Count; i++)
        {
            var (number, version, epoch) = _retired[i];
            if (_versions.OldestPinned < version || (_isShared && !ReaderEpochs.HavePassed(epoch)))
            {
                _retired[kept++] = _retired[i];
                continue;
            }

            _largeBytes -= _large[number].Length;
            StateMemory.AddBlocks(-_large[number].Length);
            NativeMemory.Free((void*)_large[number].Block);
            _large[number] = default;
            _freeLarge.Push(number);
        }

        _retired.RemoveRange(kept, _retired.Count - kept);
    }

    public void CheckInvariants(Func<uint, int, StoredText> cellOf)
    {
        for (uint page = 0; page < Pages.Count && !_textsStay; page++)
        {
            if (!Pages.IsUsed(page)) continue;
            var start = Pages.At(page);
            var live = 0;
            for (var at = HeaderBytes; at < *(int*)start;)
            {
                var record = start + at;
                var bytes = RecordBytes(*(ushort*)(record + 6));
                if (*(uint*)record != Dead)
                {
                    live += bytes;
                    var cell = cellOf(*(uint*)record, *(ushort*)(record + 4));
                    Check.That(cell.Page == page && cell.Offset == at + HeaderBytes && cell.Length == *(ushort*)(record + 6), "a record's owner names it");
                }

                at += bytes;
            }

            Check.That(live == ((int*)start)[1], "a page counts its live bytes");
        }
    }

    public void Dispose()
    {
        for (var i = 0; i < _largeCount; i++)
            if (_large[i].Block != 0) NativeMemory.Free((void*)_large[i].Block);
        StateMemory.AddBlocks(-_largeBytes);
        _largeBytes = 0;
        _large = [];
        _largeCount = 0;
        _freeLarge.Clear();
        Pages.Dispose();
    }

    private const int SparseBytes = PageStore.PageBytes / 4;

    private static int RecordBytes(int length) => HeaderBytes + (length + 7 & ~7);

    private void OpenPage()
    {
        // The page left behind may have become sparse while it was the current one.
        if (_current != NoPage && ((int*)Pages.At((uint)_current))[1] <= SparseBytes) _sparse.Push((uint)_current);
        _current = Pages.Allocate();
        _opened++;
        *(int*)Pages.At((uint)_current) = HeaderBytes;
    }

    /// <summary>Safe for readers: the array is replaced, never changed in size, and a number is not reused while it can be read.</summary>
    private byte* LargeAt(in StoredText cell) => (byte*)Volatile.Read(ref _large)[(int)(cell.Page & ~StoredText.LargeBit)].Block;

    private void AddLarge(ReadOnlySpan<byte> text, uint slot, int field, ref StoredText cell)
    {
        var block = NativeMemory.Alloc((nuint)text.Length);
        text.CopyTo(new Span<byte>(block, text.Length));
        _largeBytes += text.Length;
        StateMemory.AddBlocks(text.Length);
        if (!_freeLarge.TryPop(out var number))
        {
            number = _largeCount++;
            if (number == _large.Length)
            {
                var larger = new Large[Math.Max(4, number * 2)];
                _large.CopyTo(larger, 0);
                Volatile.Write(ref _large, larger);
            }
        }

        _large[number] = new Large((nint)block, text.Length, slot, field, _versions.Current);
        cell.Page = (uint)number | StoredText.LargeBit;
    }

    private void Retire(int number) => _retired.Add((number, _versions.Current, ReaderEpochs.Current));
}

/// <summary>Whoever has the cells that name records.</summary>
internal interface ICellOwner
{
    void Move(uint slot, int field, StoredText cell);
}
