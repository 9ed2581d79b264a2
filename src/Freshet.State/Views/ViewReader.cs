using System.Numerics;
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
    public static uint Find<TPages>(
        TPages pages, StateTable table, HashIndex index, long pinnedShape, ulong hash,
        ReadOnlySpan<int> columns, ReadOnlySpan<Column> key, byte* image, BatchMemory memory)
        where TPages : struct, IPageSource
    {
        var spin = new SpinWait();
        while (true)
        {
            var shape = pages.CanMove ? index.Shape : pinnedShape;
            var page = HashIndex.PageOf((uint)hash, shape);
            var sequence = pages.SequenceOf(index.Pages, page);
            var outcome = Probe(pages, table, index, page, (uint)hash, columns, key, image, memory, out var slot);
            if (outcome == Outcome.Found) return slot;
            if (!pages.CanMove) return StateTable.None;
            Volatile.ReadBarrier();
            if (outcome == Outcome.Absent && (sequence & 1) == 0
                && pages.SequenceOf(index.Pages, page) == sequence && HashIndex.PageOf((uint)hash, index.Shape) == page)
                return StateTable.None;
            spin.SpinOnce(-1);
        }
    }

    /// <summary>Copies a row if it is live.</summary>
    public static bool TryCopyPinned(PinnedPages pages, StateTable table, uint slot, byte* image, BatchMemory memory) =>
        Copy(pages, table, slot, image, memory) == Outcome.Found;

    private static Outcome Probe<TPages>(
        TPages pages, StateTable table, HashIndex index, uint page, uint tag,
        ReadOnlySpan<int> columns, ReadOnlySpan<Column> key, byte* image, BatchMemory memory, out uint slot)
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
                    switch (Copy(pages, table, slot, image, memory))
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

    private static Outcome Copy<TPages>(TPages pages, StateTable table, uint slot, byte* image, BatchMemory memory)
        where TPages : struct, IPageSource
    {
        // A slot may come from a line that was copied while it changed.
        var page = table.PageOf(slot);
        var offset = table.OffsetOf(slot);
        if (page >= table.Pages.Count || offset + table.Layout.RowBytes > Pages.PageStore.PageBytes) return Outcome.Absent;
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
