using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Freshet.Dataflow.Tables;

/// <summary>
/// From hash to slot: extendible hashing (Fagin and others, 1979). A directory, indexed by the first bits of the hash, names
/// pages of 16 KiB; a page that is three quarters full is split in two by its next bit, so that growth never touches the whole.
/// Within a page an entry lies at the place that its hash names or after it, with no gap between (linear probing); an entry
/// holds 32 bits of the hash and the slot, and the caller compares the key.
/// <code>
/// page    8 bytes: number of entries, depth (bits of the hash that all of them share)   then 2047 entries
/// entry   bits 32 to 63: hash tag    bits 0 to 31: slot + 1 (0: empty)
/// </code>
/// The tag is the low half of the hash; shares are cut from the high half. Cost: one cache miss for a look-up.
/// </summary>
internal sealed unsafe class KeyIndex : IDisposable
{
    private const int PageBytes = 16 << 10;
    private const int PageEntries = PageBytes / 8 - 1;
    private const int PageMaxEntries = PageEntries * 3 / 4;

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public int Count;
        public int Depth;
    }

    private readonly PageBlocks _pages = new(PageBytes);
    private ulong** _directory;
    private int _depth;

    public KeyIndex()
    {
        _directory = (ulong**)NativeMemory.Alloc((nuint)sizeof(ulong*));
        _directory[0] = AddPage(0);
    }

    public long Bytes => _pages.Bytes + ((long)sizeof(ulong*) << _depth);

    /// <summary>The part of a hash that the index uses.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint TagOf(ulong hash) => (uint)hash;

    /// <summary>Where the search for a tag begins. Good until the next <see cref="Add"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong* Home(uint tag) => PageOf(tag) + 1 + PlaceOf(tag);

    /// <summary>
    /// The next candidate for a tag: call first with <see cref="Home"/>, then with what it returned plus one, until it is 0.
    /// Leaves the entry in <paramref name="at"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryNext(ulong* page, uint tag, ref ulong* at, out int slot)
    {
        while (true)
        {
            if (at == page + 1 + PageEntries) at = page + 1;
            var entry = *at;
            if (entry == 0)
            {
                slot = -1;
                return false;
            }

            if ((uint)(entry >> 32) == tag)
            {
                slot = (int)(uint)entry - 1;
                return true;
            }

            at++;
        }
    }

    /// <summary>The page that holds a tag's entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong* PageOf(uint tag) => _directory[(ulong)tag << _depth >> 32];

    /// <summary>Adds an entry; the caller has looked and found none for this key.</summary>
    public void Add(uint tag, int slot)
    {
        var page = PageOf(tag);
        while (((Header*)page)->Count >= PageMaxEntries)
        {
            // All entries of a page may share all bits; then it fills up like any table.
            if (((Header*)page)->Depth == 32) break;
            Split(tag, page);
            page = PageOf(tag);
        }

        if (((Header*)page)->Count >= PageEntries - 1) throw new InvalidOperationException("More than 2,000 keys of one table have the same 32-bit hash.");
        Insert(page, tag, (ulong)tag << 32 | (uint)(slot + 1));
    }

    /// <summary>Removes the entry of a slot.</summary>
    public void Remove(uint tag, int slot)
    {
        var page = PageOf(tag);
        var at = PlaceOf(tag);
        var entry = (ulong)tag << 32 | (uint)(slot + 1);
        while (page[1 + at] != entry) at = Next(at);
        ((Header*)page)->Count--;

        // Later entries move up, so that no gap lies between an entry and its place.
        var hole = at;
        for (var i = Next(at); page[1 + i] != 0; i = Next(i))
        {
            var home = PlaceOf((uint)(page[1 + i] >> 32));
            if (Distance(home, i) < Distance(hole, i)) continue;
            page[1 + hole] = page[1 + i];
            hole = i;
        }

        page[1 + hole] = 0;
    }

    /// <summary>Calls for every slot, in no order that means anything.</summary>
    public void ForEach(Action<int> action)
    {
        var length = 1 << _depth;
        for (var i = 0; i < length; i++)
        {
            var page = _directory[i];
            if (i > 0 && page == _directory[i - 1]) continue;
            for (var at = 0; at < PageEntries; at++)
                if (page[1 + at] != 0) action((int)(uint)page[1 + at] - 1);
        }
    }

    public void Dispose()
    {
        _pages.Dispose();
        NativeMemory.Free(_directory);
        _directory = null;
    }

    /// <summary>A place from all bits of the tag: those that name the page are the same for all its entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PlaceOf(uint tag) => (int)((ulong)(tag * 0x9E3779B1u) * PageEntries >> 32);

    private static int Next(int place) => place + 1 == PageEntries ? 0 : place + 1;

    private static int Distance(int from, int to) => to >= from ? to - from : to - from + PageEntries;

    private static void Insert(ulong* page, uint tag, ulong entry)
    {
        var at = PlaceOf(tag);
        while (page[1 + at] != 0) at = Next(at);
        page[1 + at] = entry;
        ((Header*)page)->Count++;
    }

    private void Split(uint tag, ulong* page)
    {
        var depth = ((Header*)page)->Depth;
        if (depth == _depth) DoubleDirectory();

        // The entries of the page are moved out and put back, each into the half that its next bit names.
        var entries = stackalloc ulong[PageEntries];
        var count = 0;
        for (var i = 0; i < PageEntries; i++)
            if (page[1 + i] != 0) entries[count++] = page[1 + i];
        new Span<byte>(page, PageBytes).Clear();
        ((Header*)page)->Depth = depth + 1;
        var upper = AddPage(depth + 1);
        for (var i = 0; i < count; i++)
        {
            var entryTag = (uint)(entries[i] >> 32);
            Insert((entryTag >> 31 - depth & 1) == 0 ? page : upper, entryTag, entries[i]);
        }

        // The upper half of the directory's range for this page names the new one.
        var range = 1 << _depth - depth;
        var first = (int)((ulong)tag << _depth >> 32) & ~(range - 1);
        for (var i = first + range / 2; i < first + range; i++) _directory[i] = upper;
    }

    private void DoubleDirectory()
    {
        var length = 1 << _depth;
        var doubled = (ulong**)NativeMemory.Alloc((nuint)length * 2 * (nuint)sizeof(ulong*));
        for (var i = 0; i < length; i++) doubled[2 * i] = doubled[2 * i + 1] = _directory[i];
        NativeMemory.Free(_directory);
        _directory = doubled;
        _depth++;
    }

    private ulong* AddPage(int depth)
    {
        var page = (ulong*)_pages.Add();
        new Span<byte>(page, PageBytes).Clear();
        ((Header*)page)->Depth = depth;
        return page;
    }
}
