using System.Numerics;
using System.Runtime.Intrinsics.X86;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.State.Hashing;
using Freshet.State.Rows;

namespace Freshet.State.Views;

/// <summary>
/// Reads rows of a shared table on any thread, by copying and proving afterwards that what was copied belongs together.
/// A found row is proved by its page's counter alone: it was live, with this key, at one moment during the read. That a key
/// is absent is proved by the counter of its index page and by the index's shape: nothing was moved while all places were
/// looked at. A proof that fails means: again. Over pinned pages no proof can fail.
/// </summary>
internal static unsafe class ViewReader
{
    private enum Outcome
    {
        Found,
        Absent,
        Moved,
    }

    /// <summary>Finds the row with a key and copies it to <paramref name="image"/>; gives its slot or None.</summary>
    /// <param name="pinnedShape">The index's shape as of the pin; not looked at where pages can move.</param>
    /// <param name="resolvesAll">Otherwise only the key's texts are views, and the others cells still (<see cref="RowImage"/>): over pinned pages alone.</param>
    public static uint Find<TPages>(
        TPages pages, StateTable table, HashIndex index, long pinnedShape, ulong hash,
        ReadOnlySpan<int> columns, ReadOnlySpan<Column> key, byte* image, BatchMemory memory, bool resolvesAll = true)
        where TPages : struct, IPageSource
    {
        var spin = new SpinWait();
        while (true)
        {
            var shape = pages.CanMove ? index.Shape : pinnedShape;
            var page = HashIndex.PageOf((uint)hash, shape);
            var sequence = pages.SequenceOf(index.Pages, page);
            var outcome = Probe(pages, table, index, page, (uint)hash, columns, key, image, memory, resolvesAll, out var slot);
            if (outcome == Outcome.Found) return slot;
            if (!pages.CanMove) return StateTable.None;
            Volatile.ReadBarrier();
            if (outcome == Outcome.Absent && (sequence & 1) == 0
                && pages.SequenceOf(index.Pages, page) == sequence && HashIndex.PageOf((uint)hash, index.Shape) == page)
                return StateTable.None;
            spin.SpinOnce(-1);
        }
    }

    /// <summary>Copies a row that the version has.</summary>
    /// <param name="resolvesAll">Otherwise its texts are cells still.</param>
    public static bool TryCopyPinned(PinnedPages pages, StateTable table, uint slot, byte* image, BatchMemory memory, bool resolvesAll = true) =>
        Copy(pages, table, slot, image, memory, [], resolvesAll) == Outcome.Found;

    /// <summary>Starts loading the line of the index in which a key is at home. A hint: nothing is read.</summary>
    public static void PrefetchLine(HashIndex index, long shape, ulong hash)
    {
        var page = index.Pages.AddressNow(HashIndex.PageOf((uint)hash, shape));
        if (page is not null) Prefetch(page + (byte)hash * HashLine.Words * sizeof(uint));
    }

    /// <summary>Starts loading the rows that the line names, as it is now. A hint: what is read on the way is worth nothing.</summary>
    public static void PrefetchRows(StateTable table, HashIndex index, long shape, ulong hash)
    {
        var page = index.Pages.AddressNow(HashIndex.PageOf((uint)hash, shape));
        if (page is null) return;
        var line = (uint*)page + (byte)hash * HashLine.Words;
        for (var match = HashLine.Match(line, (uint)hash); match != 0; match &= match - 1)
        {
            var slot = line[HashLine.SlotLane + BitOperations.TrailingZeroCount(match)];
            var rows = table.Pages.AddressNow(table.PageOf(slot));
            if (rows is null) continue;
            Prefetch(rows + table.OffsetOf(slot));
            if (table.Layout.RowBytes > 64) Prefetch(rows + table.OffsetOf(slot) + 64);
        }
    }

    private static void Prefetch(byte* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }

    private static Outcome Probe<TPages>(
        TPages pages, StateTable table, HashIndex index, uint page, uint tag,
        ReadOnlySpan<int> columns, ReadOnlySpan<Column> key, byte* image, BatchMemory memory, bool resolvesAll, out uint slot)
        where TPages : struct, IPageSource
    {
        var line = stackalloc uint[HashLine.Words];
        var store = index.Pages;
        slot = StateTable.None;
        while (true)
        {
            for (var i = 0; i < HashLine.LinesPerPage; i++)
            {
                if (!pages.TryRead(store, page, (byte)(tag + i) * HashLine.Words * sizeof(uint), HashLine.Words * sizeof(uint), (byte*)line))
                    return Outcome.Moved;
                for (var match = HashLine.Match(line, tag); match != 0; match &= match - 1)
                {
                    slot = line[HashLine.SlotLane + BitOperations.TrailingZeroCount(match)];
                    switch (Copy(pages, table, slot, image, memory, columns, resolvesAll))
                    {
                        case Outcome.Moved: return Outcome.Moved;
                        case Outcome.Found when RowImage.Matches(table.Layout, image, columns, key): return Outcome.Found;
                    }
                }

                if (!HashLine.IsPassed(line)) return Outcome.Absent;
            }

            uint next;
            if (!pages.TryRead(store, page, HashLine.SlotLane * sizeof(uint), sizeof(uint), (byte*)&next)) return Outcome.Moved;
            if (next == 0) return Outcome.Absent;
            if (index.Overflow is not { } overflow) return Outcome.Moved;
            store = overflow;
            page = next - 1;
        }
    }

    /// <param name="columns">Those whose texts are resolved, where it is not all.</param>
    private static Outcome Copy<TPages>(TPages pages, StateTable table, uint slot, byte* image, BatchMemory memory, ReadOnlySpan<int> columns, bool resolvesAll)
        where TPages : struct, IPageSource
    {
        // A slot may come from a line that was copied while it changed.
        var page = table.PageOf(slot);
        var offset = table.OffsetOf(slot);
        if (page >= table.Pages.Count || offset + table.Layout.RowBytes > Pages.PageStore.PageBytes) return Outcome.Absent;
        if (!pages.CanMove)
        {
            // What an index names in a version is live in it.
            if (!pages.TryRead(table.Pages, page, offset, table.Layout.RowBytes, image)) return Outcome.Moved;
            var isWhole = resolvesAll ? RowImage.TryResolve(pages, table, image, memory) : RowImage.TryResolve(pages, table, image, memory, columns);
            return isWhole ? Outcome.Found : Outcome.Moved;
        }

        ulong live;
        var sequence = pages.SequenceOf(table.Pages, page);
        if ((sequence & 1) != 0
            || !pages.TryRead(table.Pages, page, table.LiveWordOffset(slot), sizeof(ulong), (byte*)&live)
            || !pages.TryRead(table.Pages, page, offset, table.Layout.RowBytes, image)) return Outcome.Moved;
        if ((live >> (int)(slot & table.RowMask & 63) & 1) == 0) return Outcome.Absent;

        // The cells are whole if the page has not moved; only then do their lengths mean anything.
        if (pages.SequenceOf(table.Pages, page) != sequence) return Outcome.Moved;
        if (!RowImage.TryResolve(pages, table, image, memory)) return Outcome.Moved;
        Volatile.ReadBarrier();
        return pages.SequenceOf(table.Pages, page) == sequence ? Outcome.Found : Outcome.Moved;
    }
}
