using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Freshet.Dataflow.Tables;

/// <summary>
/// Rows of one size in pages of 16 KiB, reached by slot; free slots are used again, last freed first. A row's address never
/// changes while it lives. Larger rows have a page each.
/// <code>
/// slot = page &lt;&lt; bits | row in page
/// </code>
/// Ownership: the table's; <see cref="Dispose"/> gives all back.
/// </summary>
internal sealed unsafe class RowPages : IDisposable
{
    private const int PageMinBytes = 16 << 10;
    private readonly int _rowBytes;
    private readonly int _rowsPerPage;
    private readonly int _pageBytes;
    private readonly int _bits;
    private readonly int _mask;
    private readonly PageBlocks _blocks;
    private byte** _pages;
    private int _pageCount;
    private int _pageRoom;
    private int _nextInPage;

    /// <summary>The slot freed last, plus one; the first 4 bytes of a free row are the one before it.</summary>
    private int _free;

    public RowPages(int rowBytes)
    {
        // A row of up to 64 bytes lies in one cache line.
        _rowBytes = rowBytes is > 32 and <= 64 ? 64 : rowBytes + 7 & ~7;
        _pageBytes = PageMinBytes;
        while (_pageBytes < _rowBytes) _pageBytes *= 2;
        _rowsPerPage = _pageBytes / _rowBytes;
        _blocks = new PageBlocks(_pageBytes);
        while (1 << _bits < _rowsPerPage) _bits++;
        _mask = (1 << _bits) - 1;
        _nextInPage = _rowsPerPage;
    }

    /// <summary>Rows that live.</summary>
    public long Rows { get; private set; }

    /// <summary>Bytes of all blocks.</summary>
    public long Bytes => _blocks.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* At(int slot) => _pages[slot >> _bits] + (nint)(slot & _mask) * _rowBytes;

    /// <summary>A row of zeros.</summary>
    public int Add()
    {
        Rows++;
        int slot;
        if (_free != 0)
        {
            slot = _free - 1;
            _free = *(int*)At(slot);
        }
        else
        {
            if (_nextInPage == _rowsPerPage) AddPage();
            slot = _pageCount - 1 << _bits | _nextInPage++;
        }

        Unsafe.InitBlockUnaligned(At(slot), 0, (uint)_rowBytes);
        return slot;
    }

    public void Remove(int slot)
    {
        *(int*)At(slot) = _free;
        _free = slot + 1;
        Rows--;
    }

    /// <summary>Calls for the address of every row, in a table from which none is ever removed.</summary>
    public void ForEach(Action<nint> action)
    {
        Debug.Assert(_free == 0, "free rows cannot be told from others");
        for (var page = 0; page < _pageCount; page++)
        {
            var rows = page == _pageCount - 1 ? _nextInPage : _rowsPerPage;
            for (var row = 0; row < rows; row++) action((nint)(_pages[page] + (nint)row * _rowBytes));
        }
    }

    public void Dispose()
    {
        _blocks.Dispose();
        NativeMemory.Free(_pages);
        _pages = null;
        _pageCount = 0;
    }

    private void AddPage()
    {
        if (_pageCount == _pageRoom)
        {
            _pageRoom = Math.Max(16, _pageRoom * 2);
            _pages = (byte**)NativeMemory.Realloc(_pages, (nuint)_pageRoom * (nuint)sizeof(byte*));
        }

        Debug.Assert((long)_pageCount << _bits <= int.MaxValue, "a table has at most 2^31 slots");
        _pages[_pageCount++] = _blocks.Add();
        _nextInPage = 0;
    }
}
