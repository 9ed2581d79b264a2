using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Freshet.State.Pages;

/// <summary>
/// Pages of 16 KiB reached by number.
/// <code>
/// root[page / 512] -> chunk[page % 512] = { address, version of the last change, counter for lock-free readers } -> 16 KiB
/// </code>
/// Invariants: a page never moves while it has a number; a chunk never moves; whoever changes a page has called
/// <see cref="Touch"/> on it in this version, before the change. So the address of a page may be held within a step, only its
/// number beyond.
/// While a version is pinned, the first change of a page copies it aside for the pin's readers; the writer goes on at the
/// same address. One thread writes. Pinned readers and checkpoints use <see cref="TryRead"/> from any thread; unpinned ones
/// <see cref="TryReadCurrent"/>, which needs <see cref="BeginWrite"/> and <see cref="EndWrite"/> around every change.
/// Cost: two loads for an address; 24 bytes a page beside the page.
/// </summary>
public sealed unsafe class PageStore : IDisposable
{
    /// <summary>Bytes of a page.</summary>
    public const int PageBytes = PagePool.PageBytes;

    private const int ChunkShift = 9;
    private const uint ChunkMask = (1u << ChunkShift) - 1;

    private readonly PageVersions _versions;
    private readonly Stack<uint> _freeNumbers = new();
    private readonly List<nint> _oldRoots = [];
    private nint _root;
    private uint _chunkCapacity;
    private uint _chunkCount;
    private uint _count;
    private PageCopies[] _copies = [];
    private long _copiedPages;

    public PageStore(PageVersions versions)
    {
        _versions = versions;
        _chunkCapacity = 8;
        _root = (nint)NativeMemory.AllocZeroed(_chunkCapacity, (nuint)sizeof(PageEntry*));
    }

    /// <summary>Page numbers below this have been in use.</summary>
    public uint Count => Volatile.Read(ref _count);

    /// <summary>Pages in use now.</summary>
    public int Used => (int)_count - _freeNumbers.Count;

    /// <summary>Native bytes held: pages, copies kept for pins, and the table of addresses.</summary>
    public long Bytes =>
        ((long)Used + Interlocked.Read(ref _copiedPages)) * PageBytes
        + _chunkCapacity * (long)sizeof(PageEntry*) + _chunkCount * (sizeof(PageEntry) * (long)(ChunkMask + 1));

    /// <summary>A new page, all zero.</summary>
    public uint Allocate()
    {
        if (!_freeNumbers.TryPop(out var page))
        {
            page = _count;
            if (page >> ChunkShift == _chunkCount) AddChunk();
        }

        var entry = Entry(page);
        Debug.Assert(entry->Address is null, "a page number is given out twice");
        entry->Version = _versions.Current;
        Volatile.Write(ref *(nint*)&entry->Address, (nint)PagePool.Rent());
        if (page == _count) Volatile.Write(ref _count, page + 1);
        return page;
    }

    /// <summary>Gives a page back; its number is used again.</summary>
    public void Free(uint page)
    {
        Touch(page);
        var entry = Entry(page);
        var address = entry->Address;
        Volatile.Write(ref entry->Sequence, entry->Sequence + 2);
        Volatile.Write(ref *(nint*)&entry->Address, 0);
        PagePool.Return(address);
        _freeNumbers.Push(page);
    }

    /// <summary>The address of a page in use.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* At(uint page) => ((PageEntry**)_root)[page >> ChunkShift][page & ChunkMask].Address;

    public bool IsUsed(uint page) => page < _count && Entry(page)->Address is not null;

    /// <summary>To be called before a page is changed: remembers the change, and copies the page if a pinned version has it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Touch(uint page)
    {
        var entry = Entry(page);
        if (entry->Version != _versions.Current) TouchFirst(page, entry);
    }

    /// <summary>Tells lock-free readers that a page changes. Also touches it.</summary>
    internal void BeginWrite(uint page)
    {
        Touch(page);
        var entry = Entry(page);
        Debug.Assert((entry->Sequence & 1) == 0, "writes to a page do not nest");
        Volatile.Write(ref entry->Sequence, entry->Sequence + 1);
        Volatile.WriteBarrier();
    }

    internal void EndWrite(uint page)
    {
        var entry = Entry(page);
        Volatile.Write(ref entry->Sequence, entry->Sequence + 1);
    }

    /// <summary>The counter of a page; odd while it is being changed.</summary>
    internal uint SequenceOf(uint page) => Volatile.Read(ref EntryForReader(page)->Sequence);

    /// <summary>Where a page lies now, for hints; null where it is not in use. What any thread reads there without proof is worth nothing.</summary>
    internal byte* AddressNow(uint page) => page < Count ? (byte*)Volatile.Read(ref *(nint*)&EntryForReader(page)->Address) : null;

    /// <summary>Copies a part of a page as it is now; false if it changed meanwhile, is being changed, or is not in use.</summary>
    internal bool TryReadCurrent(uint page, int offset, int length, byte* into)
    {
        if (page >= Count) return false;
        var entry = EntryForReader(page);
        var sequence = Volatile.Read(ref entry->Sequence);
        var address = (byte*)Volatile.Read(ref *(nint*)&entry->Address);
        if ((sequence & 1) != 0 || address is null) return false;
        Unsafe.CopyBlockUnaligned(into, address + offset, (uint)length);
        Volatile.ReadBarrier();
        return Volatile.Read(ref entry->Sequence) == sequence;
    }

    /// <summary>Copies a part of a page as of a pinned version, from any thread; false if the version has no such page.</summary>
    public bool TryRead(PagePin pin, uint page, int offset, int length, byte* into)
    {
        Debug.Assert(!pin.IsReleased, "a version is read after its release");
        Debug.Assert(offset >= 0 && length >= 0 && offset + length <= PageBytes, "a read lies within a page");
        if (page >= Count) return false;
        var entry = EntryForReader(page);
        while (true)
        {
            var version = Volatile.Read(ref entry->Version);
            if (version > pin.Version || version == 0) break;
            var address = (byte*)Volatile.Read(ref *(nint*)&entry->Address);
            if (address is not null) Unsafe.CopyBlockUnaligned(into, address + offset, (uint)length);
            Volatile.ReadBarrier();

            // The writer sets the version before it changes the page: unmoved, what was copied is the pinned content.
            if (Volatile.Read(ref entry->Version) == version) return address is not null;
        }

        foreach (var copies in Volatile.Read(ref _copies))
        {
            if (copies.Version < pin.Version || !copies.TryFind(page, out var copy)) continue;
            if (copy.Version > pin.Version) return false;
            Unsafe.CopyBlockUnaligned(into, (byte*)copy.Address + offset, (uint)length);
            return true;
        }

        return false;
    }

    /// <summary>The version in which a page was last changed: greater than a checkpoint's, the page belongs to the next one.</summary>
    public long VersionOf(uint page) => Volatile.Read(ref EntryForReader(page)->Version);

    /// <summary>
    /// The first page from <paramref name="page"/> on that was changed or freed after a version; <see cref="Count"/> if there is none.
    /// A freed one is not <see cref="IsUsed"/>.
    /// </summary>
    public uint NextChanged(uint page, long sinceVersion)
    {
        while (page < _count && Entry(page)->Version <= sinceVersion) page++;
        return page;
    }

    /// <summary>Puts a page read from a checkpoint in its place; after the last one call <see cref="EndLoad"/>.</summary>
    public void Load(uint page, ReadOnlySpan<byte> content)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(content.Length, PageBytes);
        while (page >> ChunkShift >= _chunkCount) AddChunk();
        var entry = Entry(page);
        if (entry->Address is null) entry->Address = PagePool.Rent();
        entry->Version = _versions.Current;
        if (page >= _count) _count = page + 1;
        content.CopyTo(new Span<byte>(entry->Address, PageBytes));
    }

    /// <summary>Numbers that no loaded page has are free.</summary>
    public void EndLoad()
    {
        _freeNumbers.Clear();
        for (var page = _count; page-- > 0;)
            if (!IsUsed(page)) _freeNumbers.Push(page);
    }

    /// <summary>Gives back all pages. No thread reads or writes the store any more.</summary>
    public void Dispose()
    {
        if (_root == 0) return;
        _versions.RemoveCopying(this);
        for (uint page = 0; page < _count; page++)
            if (Entry(page)->Address is not null) PagePool.Return(Entry(page)->Address);
        foreach (var copies in _copies)
            foreach (var (_, copy) in copies.Pages) PagePool.Return((byte*)copy.Address);
        var chunks = (PageEntry**)_root;
        for (uint chunk = 0; chunk < _chunkCount; chunk++) NativeMemory.Free(chunks[chunk]);
        NativeMemory.Free(chunks);
        foreach (var root in _oldRoots) NativeMemory.Free((void*)root);
        _copies = [];
        _count = 0;
        _root = 0;
    }

    /// <summary>Drops copies that no pin needs; a copy that only an older pin needs moves to that one. False when none are left.</summary>
    internal bool SweepCopies(List<PagePin> pins)
    {
        var left = new List<PageCopies>();
        foreach (var copies in _copies)
        {
            if (pins.Exists(p => p.Version == copies.Version))
            {
                left.Add(copies);
                continue;
            }

            // Pins are in order of version, and so are the copies: the last pin before this one inherits.
            var heir = pins.FindLast(p => p.Version < copies.Version);
            if (heir is null)
            {
                foreach (var (_, copy) in copies.Pages) Drop(copy);
                continue;
            }

            if (left.Count == 0 || left[^1].Version != heir.Version) left.Add(new PageCopies(heir.Version));

            foreach (var (page, copy) in copies.Pages)
                if (!left[^1].TryAdd(page, copy)) Drop(copy);
        }

        Volatile.Write(ref _copies, [.. left]);
        return left.Count != 0;
    }

    private void Drop(PageCopy copy)
    {
        PagePool.Return((byte*)copy.Address);
        Interlocked.Decrement(ref _copiedPages);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private PageEntry* Entry(uint page) => ((PageEntry**)_root)[page >> ChunkShift] + (page & ChunkMask);

    private PageEntry* EntryForReader(uint page) =>
        ((PageEntry**)Volatile.Read(ref _root))[page >> ChunkShift] + (page & ChunkMask);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TouchFirst(uint page, PageEntry* entry)
    {
        var pinned = _versions.NewestPinned;
        if (entry->Version <= pinned && entry->Address is not null)
        {
            var copy = PagePool.Rent();
            Unsafe.CopyBlock(copy, entry->Address, PageBytes);
            CopiesFor(pinned).TryAdd(page, new PageCopy((nint)copy, entry->Version));
            Interlocked.Increment(ref _copiedPages);
        }

        Volatile.Write(ref entry->Version, _versions.Current);
        Volatile.WriteBarrier();
    }

    private PageCopies CopiesFor(long version)
    {
        if (_copies.Length != 0 && _copies[^1].Version == version) return _copies[^1];
        var copies = new PageCopies(version);
        if (_copies.Length == 0) _versions.AddCopying(this);
        Volatile.Write(ref _copies, [.. _copies, copies]);
        return copies;
    }

    private void AddChunk()
    {
        if (_chunkCount == _chunkCapacity)
        {
            // Readers may hold the old root: its entries stay right, so it lives as long as the store.
            var root = (PageEntry**)NativeMemory.AllocZeroed(_chunkCapacity * 2, (nuint)sizeof(PageEntry*));
            for (uint i = 0; i < _chunkCount; i++) root[i] = ((PageEntry**)_root)[i];
            _oldRoots.Add(_root);
            Volatile.Write(ref _root, (nint)root);
            _chunkCapacity *= 2;
        }

        ((PageEntry**)_root)[_chunkCount++] = (PageEntry*)NativeMemory.AllocZeroed(ChunkMask + 1, (nuint)sizeof(PageEntry));
    }
}
