using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Freshet.Columns.Memory;

namespace Freshet.Dataflow.Tables;

/// <summary>
/// Rows of one size in pages of 16 KiB, reached by slot; free slots are used again, last freed first. A row's address never
/// changes while it lives. Pages are cut from blocks that grow from one page to 2 MiB, which the system may back with huge
/// pages: random access to many rows then misses the address translation far less often.
/// <code>
/// slot = page &lt;&lt; bits | row in page
/// </code>
/// Ownership: the table's; <see cref="Dispose"/> gives all back.
/// </summary>
internal sealed unsafe class RowPages : IDisposable
{
    private const int PageMinBytes = 16 << 10;
    private const int BlockMaxBytes = 2 << 20;

    private readonly int _rowBytes;
    private readonly int _rowsPerPage;
    private readonly int _pageBytes;
    private readonly int _bits;
    private readonly int _mask;
    private readonly List<(nint Address, nint Bytes)> _blocks = [];
    private byte** _pages;
    private int _pageCount;
    private int _pageRoom;
    private byte* _block;
    private int _blockLeft;
    private int _nextInPage;

    /// <summary>The slot freed last, plus one; the first 4 bytes of a free row are the one before it.</summary>
    private int _free;

    public RowPages(int rowBytes)
    {
        _rowBytes = rowBytes + 7 & ~7;
        _pageBytes = PageMinBytes;
        while (_pageBytes < _rowBytes) _pageBytes *= 2;
        _rowsPerPage = _pageBytes / _rowBytes;
        while (1 << _bits < _rowsPerPage) _bits++;
        _mask = (1 << _bits) - 1;
        _nextInPage = _rowsPerPage;
    }

    /// <summary>Rows that live.</summary>
    public long Rows { get; private set; }

    /// <summary>Bytes of all blocks.</summary>
    public long Bytes { get; private set; }

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

    /// <summary>Calls for the address of every row that was ever added; the owner knows which live.</summary>
    public void ForEach(Action<nint> action)
    {
        for (var page = 0; page < _pageCount; page++)
        {
            var rows = page == _pageCount - 1 ? _nextInPage : _rowsPerPage;
            for (var row = 0; row < rows; row++) action((nint)(_pages[page] + (nint)row * _rowBytes));
        }
    }

    public void Dispose()
    {
        foreach (var (address, bytes) in _blocks) NativePool.Return((byte*)address, (nuint)bytes);
        _blocks.Clear();
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

        if (_blockLeft < _pageBytes) AddBlock();
        Debug.Assert((long)_pageCount << _bits <= int.MaxValue, "a table has at most 2^31 slots");
        _pages[_pageCount++] = _block;
        _block += _pageBytes;
        _blockLeft -= _pageBytes;
        _nextInPage = 0;
    }

    private void AddBlock()
    {
        // As much as there is already, so that a small table stays small.
        var want = (nuint)Math.Max(_pageBytes, Math.Min(Bytes, BlockMaxBytes));
        _block = NativePool.Rent(want, out var got);
        _blockLeft = (int)got;
        _blocks.Add(((nint)_block, (nint)got));
        Bytes += (long)got;
        if (got >= BlockMaxBytes) HugePages.Advise(_block, got);
    }
}
