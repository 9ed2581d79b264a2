using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Tables;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Windows;

/// <summary>
/// Rows that are behind the watermark of their position, until the operator's watermark has reached it; then they are given in order of it.
/// With one source that is at the end of the step in which they come. Rows of equal watermarks are in order of their positions;
/// where the input has none in order of arrival, which several workers may change.
/// </summary>
/// <param name="order">The column of the position, or -1.</param>
internal sealed unsafe class BehindRows(ImmutableArray<SqlType> types, int order, ulong seed) : IDisposable
{
    // The watermark's closed end, the position in two words, the arrival.
    private const int Words = 4;

    private readonly HeldRows _rows = new(types, isAppendOnly: true, sizeof(BehindRow), seed);
    private readonly OrderedIndex<WordOrder> _index = new(Words, new WordOrder(Words), new PageVersions());

    private ulong _next;

    [StructLayout(LayoutKind.Sequential)]
    private struct BehindRow
    {
        public long Weight;
        public long Watermark;
    }

    public long Rows => _rows.Rows;

    public long Bytes => _rows.Bytes + _index.Bytes;

    /// <param name="closed">By row index, the latest window end that the row's watermark has closed.</param>
    /// <param name="watermarks">By row index.</param>
    public void Add(Batch batch, int* rows, int count, long* closed, long* watermarks, BatchMemory scratch)
    {
        if (count == 0) return;
        var slots = scratch.Allocate<int>(count);
        var owned = (byte**)scratch.Allocate<nint>(count);
        _rows.Place(batch, rows, count, scratch, slots, owned);
        var positions = order < 0 ? null : batch.Columns[order].Flatten(batch.Rows, scratch).As<Int128>();
        var key = stackalloc ulong[Words];
        for (var i = 0; i < count; i++)
        {
            *(BehindRow*)owned[i] = new BehindRow { Weight = batch.WeightOf(rows[i]), Watermark = watermarks[rows[i]] };
            key[0] = OrderedKey.Of(closed[rows[i]]);
            var position = positions is null ? 0 : (UInt128)positions[rows[i]];
            (key[1], key[2], key[3]) = ((ulong)(position >> 64), (ulong)position, _next++);
            _index.Put(key, (uint)slots[i]);
        }
    }

    /// <summary>The rows of the lowest watermark that closes at most <paramref name="until"/>.</summary>
    public bool TryTake(long until, [NotNullWhen(true)] out Batch? rows, out long closed, out long watermark)
    {
        rows = null;
        closed = watermark = 0;
        var from = stackalloc ulong[Words];
        new Span<ulong>(from, Words).Clear();
        var cursor = _index.Seek(from);
        if (!_index.TryRead(ref cursor, out var entry) || OrderedKey.ToInt64(entry[0]) > until) return false;
        closed = OrderedKey.ToInt64(entry[0]);
        from[0] = entry[0];
        var end = stackalloc ulong[Words];
        var slots = new List<int>();
        while (slots.Count < Batch.TypicalRows && _index.TryNext(ref cursor, out entry) && entry[0] == from[0])
        {
            slots.Add((int)entry[Words]);
            for (var word = 0; word < Words; word++) end[word] = entry[word];
        }

        // The arrival is the last word and no row's twice: the range ends behind the last row taken.
        end[Words - 1]++;
        _index.RemoveRange(from, end);
        fixed (int* list = CollectionsMarshal.AsSpan(slots)) rows = _rows.ReadBatch(list, slots.Count, BatchMemory.Create());
        rows.Weights = rows.Memory.Allocate<long>(slots.Count);
        for (var i = 0; i < slots.Count; i++)
        {
            var row = (BehindRow*)_rows.At(slots[i]);
            rows.Weights[i] = row->Weight;
            watermark = row->Watermark;
            _rows.Remove(slots[i]);
        }

        return true;
    }

    public void EndOfStep() => _rows.EndOfStep();

    public void Dispose()
    {
        _rows.Dispose();
        _index.Dispose();
    }
}
