using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Freshet.State.Pages;
using Freshet.State.Rows;

namespace Freshet.State.Hashing;

/// <summary>
/// From a 64-bit hash to slots of a table: linear hashing (Litwin 1980) over pages of 256 <see cref="HashLine"/>s.
/// <code>
/// tag = low 32 bits of the hash = line (8 bits) | page bits (24 bits)
/// page = page bits mod 2N, or mod N where that page does not exist yet;  N = 2^level, pages = N + split
/// </code>
/// It grows by splitting one page in two, by tags alone: rows are not touched, and no insertion pays for more than
/// one page at a time. It shrinks by the same steps backwards. Pages are between 43 % and 85 % full; one that is full all the
/// same (equal hashes) has overflow pages.
/// Invariants: an entry lies in the page that its tag says, at or after its home line, and every line between is marked as
/// passed; each slot is in at most once.
/// Cost: a find that succeeds touches one line, and one row where a tag matches; batches overlap both waits for memory.
/// One thread writes. Slots are given by the table; the index never owns rows.
/// </summary>
public sealed unsafe class HashIndex : IDisposable
{
    private const int GroupRows = 32;
    private const int PageBits = 24;

    // Splitting runs from 60 % to 85 % of a page; see docs/internals/state.md.
    private const long SplitStartEntries = HashLine.EntriesPerPage * 3L / 5;
    private const long SplitEveryEntries = HashLine.EntriesPerPage / 4;
    private const long MergeEntries = HashLine.EntriesPerPage / 5;

    private readonly StateTable _table;
    private readonly PageVersions _versions;
    private readonly bool _isShared;
    private readonly PageStore _pages;
    private PageStore? _overflow;
    private int _level;
    private uint _split;
    private uint _pageCount;
    private uint _wideMask;
    private uint _narrowMask;
    private long _shape;

    public HashIndex(StateTable table)
        : this(table, false)
    {
    }

    internal HashIndex(StateTable table, bool isShared)
    {
        _table = table;
        _versions = table.Versions;
        _isShared = isShared;
        _pages = new PageStore(_versions);
        _pages.Allocate();
        SetShape(0, 0);
    }

    /// <summary>Slots in the index.</summary>
    public long Entries { get; private set; }

    /// <summary>Native bytes held.</summary>
    public long Bytes => _pages.Bytes + (_overflow?.Bytes ?? 0);

    /// <summary>The pages, for checkpoints; the number of them is the shape.</summary>
    public PageStore Pages => _pages;

    internal PageStore? Overflow => Volatile.Read(ref _overflow);

    /// <summary>Level and split pointer in one word, for lock-free readers.</summary>
    internal long Shape => Volatile.Read(ref _shape);

    /// <summary>
    /// Finds the row of each key, or adds one to the table and stores the key. Equal keys in the batch find the same row.
    /// </summary>
    /// <param name="hashes">By row index.</param>
    /// <param name="rows">Row indexes, or null for all from 0.</param>
    /// <param name="slots">Result, by position in <paramref name="rows"/>.</param>
    /// <param name="addresses">Result, by position: the rows, ready to be changed; null if not wanted.</param>
    /// <param name="added">Result: positions whose rows are new; null if not wanted.</param>
    /// <returns>The number of new rows.</returns>
    public int FindOrInsert<TKey>(ref TKey key, ulong* hashes, int* rows, int count, uint* slots, byte** addresses, int* added = null)
        where TKey : struct, IRowKey
    {
        Debug.Assert(!_isShared, "rows of a shared table are published");
        var lines = stackalloc uint*[GroupRows];
        var candidates = stackalloc byte*[GroupRows];
        var addedCount = 0;
        for (var start = 0; start < count; start += GroupRows)
        {
            // Room first, so that no page is split while lines of this group are remembered.
            Reserve(GroupRows);
            var group = Math.Min(GroupRows, count - start);
            Look(hashes, rows, start, group, lines, candidates, slots);
            for (var i = 0; i < group; i++)
            {
                var at = start + i;
                var row = rows is null ? at : rows[at];
                var stored = candidates[i];
                if (stored is null || !key.Matches(row, stored))
                {
                    var tag = (uint)hashes[row];
                    slots[at] = Probe(ref key, tag, row, out stored);
                    if (stored is null)
                    {
                        slots[at] = _table.Add();
                        stored = _table.Row(slots[at]);
                        key.Store(row, slots[at], stored);
                        Put(PageOf(tag), tag, slots[at]);
                        Entries++;
                        if (added is not null) added[addedCount] = at;
                        addedCount++;
                    }
                }

                if (addresses is null) continue;
                addresses[at] = stored;
                _table.Pages.Touch(_table.PageOf(slots[at]));
            }
        }

        return addedCount;
    }

    /// <summary>The slot of each key, <see cref="StateTable.None"/> where there is none; parameters as in FindOrInsert.</summary>
    public void Find<TKey>(ref TKey key, ulong* hashes, int* rows, int count, uint* slots)
        where TKey : struct, IRowKey
    {
        var lines = stackalloc uint*[GroupRows];
        var candidates = stackalloc byte*[GroupRows];
        for (var start = 0; start < count; start += GroupRows)
        {
            var group = Math.Min(GroupRows, count - start);
            Look(hashes, rows, start, group, lines, candidates, slots);
            for (var i = 0; i < group; i++)
            {
                var at = start + i;
                var row = rows is null ? at : rows[at];
                if (candidates[i] is null || !key.Matches(row, candidates[i]))
                    slots[at] = Probe(ref key, (uint)hashes[row], row, out _);
            }
        }
    }

    /// <summary>The slot of one key, or <see cref="StateTable.None"/>.</summary>
    public uint FindOne<TKey>(ref TKey key, ulong hash, int row)
        where TKey : struct, IRowKey => Probe(ref key, (uint)hash, row, out _);

    /// <summary>Adds a slot whose key is known not to be there.</summary>
    public void Insert(ulong hash, uint slot)
    {
        Reserve(1);
        Put(PageOf((uint)hash), (uint)hash, slot);
        Entries++;
    }

    /// <summary>Removes a slot; false if it is not in the index with this hash.</summary>
    public bool Remove(ulong hash, uint slot)
    {
        var tag = (uint)hash;
        var page = PageOf(tag);
        var line = Locate(page, tag, slot, out var entry, out var overflow);
        if (line is null) return false;
        BeginWrite(page);
        UnmarkPassed(page, tag, line);
        HashLine.Clear(line, entry);
        if (overflow != 0) _overflow!.Touch(overflow - 1);
        EndWrite(page);
        Entries--;
        if (_pageCount > 1 && Entries < MergeEntries * _pageCount) Merge();
        return true;
    }

    /// <summary>Puts another slot in the place of one, with the same hash (another row of the same key).</summary>
    public void Replace(ulong hash, uint slot, uint with)
    {
        var tag = (uint)hash;
        var page = PageOf(tag);
        var line = Locate(page, tag, slot, out var entry, out var overflow);
        if (line is null) throw new InvalidOperationException("A slot that is to be replaced is not in the index.");
        BeginWrite(page);
        if (overflow != 0) _overflow!.Touch(overflow - 1);
        line[HashLine.SlotLane + entry] = with;
        EndWrite(page);
    }

    /// <summary>Checks everything that must hold, in time proportional to the index.</summary>
    public void CheckInvariants()
    {
        Check.That(_pages.Used == _pageCount, "pages are those of the shape");
        var seen = new HashSet<uint>();
        long entries = 0;
        for (uint page = 0; page < _pageCount; page++)
        {
            var passed = new Dictionary<nint, uint>();
            for (var content = _pages.At(page); content is not null; content = NextOf(content))
            {
                for (var l = 0; l < HashLine.LinesPerPage; l++)
                {
                    var line = LineAt(content, l);
                    for (var taken = HashLine.Taken(line); taken != 0; taken &= taken - 1)
                    {
                        var entry = BitOperations.TrailingZeroCount(taken);
                        entries++;
                        Check.That(PageOf(line[entry]) == page, "an entry is in its page");
                        Check.That(seen.Add(line[HashLine.SlotLane + entry]), "a slot is in once");
                        Check.That(_table.IsLive(line[HashLine.SlotLane + entry]), "an entry's row is live");
                        ForEachBefore(page, line[entry], line, before => passed[(nint)before] = passed.GetValueOrDefault((nint)before) + 1);
                    }
                }
            }

            for (var content = _pages.At(page); content is not null; content = NextOf(content))
                for (var l = 0; l < HashLine.LinesPerPage; l++)
                    Check.That(HashLine.Passed(LineAt(content, l)) == passed.GetValueOrDefault((nint)LineAt(content, l)), "a line counts what has passed it");
        }

        Check.That(entries == Entries, "the index counts its entries");
    }

    public void Dispose()
    {
        _pages.Dispose();
        _overflow?.Dispose();
        Entries = 0;
    }

    /// <summary>The page that a tag belongs to in a shape.</summary>
    internal static uint PageOf(uint tag, long shape)
    {
        var level = (int)(shape >> 32);
        var split = (uint)shape;
        var narrow = (1u << level) - 1;
        var page = tag >> 8 & (narrow << 1 | 1);
        return page > narrow + split ? page & narrow : page;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint PageOf(uint tag)
    {
        var page = tag >> 8 & _wideMask;
        return page >= _pageCount ? page & _narrowMask : page;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint* LineAt(byte* page, int line) => (uint*)page + (nint)line * HashLine.Words;

    /// <summary>Asks for all lines of a group, then for the first matching row of each, before anything waits for one.</summary>
    private void Look(ulong* hashes, int* rows, int start, int group, uint** lines, byte** candidates, uint* slots)
    {
        for (var i = 0; i < group; i++)
        {
            var tag = (uint)hashes[rows is null ? start + i : rows[start + i]];
            lines[i] = LineAt(_pages.At(PageOf(tag)), (byte)tag);
            if (Sse.IsSupported) Sse.Prefetch0(lines[i]);
        }

        for (var i = 0; i < group; i++)
        {
            var match = HashLine.Match(lines[i], (uint)hashes[rows is null ? start + i : rows[start + i]]);
            candidates[i] = null;
            if (match == 0) continue;
            var slot = lines[i][HashLine.SlotLane + BitOperations.TrailingZeroCount(match)];
            slots[start + i] = slot;
            candidates[i] = _table.Row(slot);
            if (Sse.IsSupported) Sse.Prefetch0(candidates[i]);
        }
    }

    private uint Probe<TKey>(ref TKey key, uint tag, int row, out byte* stored)
        where TKey : struct, IRowKey
    {
        for (var content = _pages.At(PageOf(tag)); content is not null; content = NextOf(content))
        {
            for (var i = 0; i < HashLine.LinesPerPage; i++)
            {
                var line = LineAt(content, (byte)(tag + i));
                for (var match = HashLine.Match(line, tag); match != 0; match &= match - 1)
                {
                    var slot = line[HashLine.SlotLane + BitOperations.TrailingZeroCount(match)];
                    stored = _table.Row(slot);
                    if (key.Matches(row, stored)) return slot;
                }

                if (HashLine.IsPassed(line)) continue;
                stored = null;
                return StateTable.None;
            }
        }

        stored = null;
        return StateTable.None;
    }

    private byte* NextOf(byte* content)
    {
        var next = ((uint*)content)[HashLine.SlotLane];
        return next == 0 ? null : _overflow!.At(next - 1);
    }

    private uint* Locate(uint page, uint tag, uint slot, out int entry, out uint overflow)
    {
        overflow = 0;
        for (var content = _pages.At(page); content is not null;)
        {
            for (var i = 0; i < HashLine.LinesPerPage; i++)
            {
                var line = LineAt(content, (byte)(tag + i));
                entry = HashLine.Find(line, tag, slot);
                if (entry != 0) return line;
                if (!HashLine.IsPassed(line)) return null;
            }

            overflow = ((uint*)content)[HashLine.SlotLane];
            content = NextOf(content);
        }

        entry = 0;
        return null;
    }

    private delegate void LineVisit(uint* line);

    /// <summary>Visits the lines from an entry's home to the one before that in which it lies.</summary>
    private void ForEachBefore(uint page, uint tag, uint* until, LineVisit visit)
    {
        for (var content = _pages.At(page); ; content = NextOf(content))
        {
            for (var i = 0; i < HashLine.LinesPerPage; i++)
            {
                var line = LineAt(content, (byte)(tag + i));
                if (line == until) return;
                visit(line);
            }
        }
    }

    private void UnmarkPassed(uint page, uint tag, uint* until)
    {
        var content = _pages.At(page);
        while (true)
        {
            for (var i = 0; i < HashLine.LinesPerPage; i++)
            {
                var line = LineAt(content, (byte)(tag + i));
                if (line == until) return;
                HashLine.RemovePassed(line);
            }

            var next = ((uint*)content)[HashLine.SlotLane];
            _overflow!.Touch(next - 1);
            content = _overflow.At(next - 1);
        }
    }

    private void Put(uint page, uint tag, uint slot)
    {
        BeginWrite(page);
        PutInto(page, tag, slot);
        EndWrite(page);
    }

    private void PutInto(uint page, uint tag, uint slot)
    {
        var content = _pages.At(page);
        while (true)
        {
            for (var i = 0; i < HashLine.LinesPerPage; i++)
            {
                var line = LineAt(content, (byte)(tag + i));
                if (HashLine.TryPut(line, tag, slot)) return;
                HashLine.AddPassed(line);
            }

            ref var next = ref ((uint*)content)[HashLine.SlotLane];
            if (next == 0)
            {
                if (_overflow is null) Volatile.Write(ref _overflow, new PageStore(_versions));
                next = _overflow!.Allocate() + 1;
            }

            _overflow!.Touch(next - 1);
            content = _overflow.At(next - 1);
        }
    }

    private void BeginWrite(uint page)
    {
        if (_isShared) _pages.BeginWrite(page);
        else _pages.Touch(page);
    }

    private void EndWrite(uint page)
    {
        if (_isShared) _pages.EndWrite(page);
    }

    private void Reserve(int entries)
    {
        while (Entries + entries > SplitStartEntries * (1L << _level) + SplitEveryEntries * _split && _level < PageBits) Split();
    }

    private void Split()
    {
        var page = _split;
        var made = _pages.Allocate();
        Debug.Assert(made == _pageCount, "pages are numbered without gaps");
        BeginWrite(page);
        BeginWrite(made);
        if (_split + 1 == 1u << _level) SetShape(_level + 1, 0);
        else SetShape(_level, _split + 1);
        Redistribute(page);
        EndWrite(made);
        EndWrite(page);
    }

    private void Merge()
    {
        var last = _pageCount - 1;
        var (level, split) = _split == 0 ? (_level - 1, (1u << _level - 1) - 1) : (_level, _split - 1);
        BeginWrite(split);
        BeginWrite(last);
        SetShape(level, split);
        Redistribute(last);
        EndWrite(last);
        EndWrite(split);
        _pages.Free(last);
    }

    /// <summary>Empties a page and puts its entries where the shape says now.</summary>
    private void Redistribute(uint page)
    {
        var scratch = stackalloc byte[PageStore.PageBytes];
        var content = _pages.At(page);
        Unsafe.CopyBlock(scratch, content, PageStore.PageBytes);
        new Span<byte>(content, PageStore.PageBytes).Clear();
        var next = PutAll(scratch);
        while (next != 0)
        {
            var number = next - 1;
            next = PutAll(_overflow!.At(number));
            _overflow.Free(number);
        }
    }

    private uint PutAll(byte* content)
    {
        for (var l = 0; l < HashLine.LinesPerPage; l++)
        {
            var line = LineAt(content, l);
            for (var taken = HashLine.Taken(line); taken != 0; taken &= taken - 1)
            {
                var entry = BitOperations.TrailingZeroCount(taken);
                PutInto(PageOf(line[entry]), line[entry], line[HashLine.SlotLane + entry]);
            }
        }

        return ((uint*)content)[HashLine.SlotLane];
    }

    private void SetShape(int level, uint split)
    {
        _level = level;
        _split = split;
        _pageCount = (1u << level) + split;
        _narrowMask = (1u << level) - 1;
        _wideMask = _narrowMask << 1 | 1;
        Volatile.Write(ref _shape, (long)level << 32 | split);
    }
}
