using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow;
using Freshet.Dataflow.Tables;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Windows.TemporalJoins;

/// <summary>A version's own fields, after its columns.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct VersionRow
{
    public long Weight;
    public long Time;

    /// <summary>The watermark of its position where it is behind it, else <see cref="Operator.NoWatermark"/>.</summary>
    public long Watermark;

    /// <summary>Tells versions of one time apart: the last one counts.</summary>
    public long Sequence;
    public int Key;

    /// <summary>1 while it stands in the indexes.</summary>
    public int IsIndexed;
}

/// <summary>
/// The versions of each key in order of time. A version that is followed by another one up to the watermark can no longer be asked
/// for: it is dropped.
/// </summary>
internal sealed unsafe class VersionRows : IDisposable
{
    private readonly HeldRows _rows;
    private readonly KeyedTable _keys;
    private readonly int[] _keyColumns;
    private readonly bool _takingBackDeletes;

    // Words: key, time, sequence; the value is the row. And: from when it is seen, row.
    private readonly OrderedIndex<WordOrder> _byKey = new(3, new WordOrder(3), new PageVersions());
    private readonly OrderedIndex<WordOrder> _byTime = new(2, new WordOrder(2), new PageVersions());

    /// <summary>Versions that the watermark has reached, while they are looked at; kept for its room.</summary>
    private readonly List<int> _due = [];
    private long _next = 1;

    public VersionRows(TemporalJoinSpec spec, ulong seed)
    {
        _rows = new HeldRows(spec.RightTypes, spec.RightIsAppendOnly, sizeof(VersionRow), seed);
        _keyColumns = [.. spec.RightKeys];
        _keys = new KeyedTable([.. spec.RightKeys.Select(k => spec.RightTypes[k].Physical)], sizeof(long), seed);
        _takingBackDeletes = spec.TakingBackDeletes;
    }

    public long Rows => _rows.Rows;

    public long Bytes => _rows.Bytes + _keys.Bytes + _byKey.Bytes + _byTime.Bytes;

    public Column Read(int column, int* slots, int count, BatchMemory memory) => _rows.Read(column, slots, count, memory);

    /// <param name="times">By row index.</param>
    public void Add(Batch batch, int* rows, int count, long* times, BatchMemory scratch)
    {
        if (count == 0) return;
        var slots = scratch.Allocate<int>(count);
        var owned = (byte**)scratch.Allocate<nint>(count);
        _rows.Place(batch, rows, count, scratch, slots, owned);
        var keys = scratch.Allocate<int>(count);
        var keyOwned = (byte**)scratch.Allocate<nint>(count);
        _keys.FindOrAdd(batch, _keyColumns, rows, count, scratch, keys, keyOwned);
        var words = stackalloc ulong[3];
        for (var i = 0; i < count; i++)
        {
            var version = (VersionRow*)owned[i];
            version->Weight = checked(version->Weight + batch.WeightOf(rows[i]));
            if (version->IsIndexed != 0) continue;
            (version->IsIndexed, version->Time, version->Sequence, version->Key) = (1, times[rows[i]], _next++, keys[i]);
            version->Watermark = batch.RowWatermarks is null ? Operator.NoWatermark : batch.RowWatermarks[rows[i]];
            ++*(long*)keyOwned[i];
            WordsOf(version, words);
            _byKey.Put(words, (uint)slots[i]);
            (words[0], words[1]) = (OrderedKey.Of(SeenFrom(version)), (uint)slots[i]);
            _byTime.Put(words, 0);
        }
    }

    public void FindKeys(Batch batch, int[] keyColumns, int* rows, int count, int* keys, BatchMemory scratch) =>
        _keys.Find(batch, keyColumns, rows, count, scratch, keys);

    /// <summary>
    /// The version of a key that is valid at a time, as a left row sees it whose place in time is <paramref name="seen"/>: its
    /// time, or its watermark where that is later; then a version that has followed by it has replaced what was asked for.
    /// </summary>
    public bool TryFind(int key, long time, long seen, out int slot)
    {
        var bound = stackalloc ulong[3];
        (bound[0], bound[1], bound[2]) = ((uint)key, OrderedKey.Of(seen) + 1, 0);
        if (!TryLastSeen(bound, seen, out slot)) return false;
        var version = (VersionRow*)_rows.At(slot);
        if (version->Time > time) return false;
        if (version->Weight > 0) return true;
        // An update takes the old version back: it stays valid until the new one's time.
        WordsOf(version, bound);
        bound[2]++;
        return version->Weight == 0 && !_takingBackDeletes && HasVersionFrom(key, bound);
    }

    /// <summary>Drops the versions that no row after a watermark asks for.</summary>
    public void DropUntil(long watermark)
    {
        var from = stackalloc ulong[3];
        _due.Clear();
        from[0] = from[1] = 0;
        for (var cursor = _byTime.Seek(from); _byTime.TryNext(ref cursor, out var entry) && OrderedKey.ToInt64(entry[0]) <= watermark;) _due.Add((int)entry[1]);
        foreach (var slot in _due)
        {
            var version = (VersionRow*)_rows.At(slot);
            if (version->IsIndexed == 0) continue;
            (from[0], from[1]) = (OrderedKey.Of(SeenFrom(version)), (uint)slot);
            _byTime.Remove(from);
            // All that come before the last one that every later row sees.
            (from[0], from[1], from[2]) = ((uint)version->Key, watermark == Operator.EndWatermark ? ulong.MaxValue : OrderedKey.Of(watermark) + 1, 0);
            if (!TryLastSeen(from, watermark, out var last)) continue;
            var lastSeen = (VersionRow*)_rows.At(last);
            DropBefore(lastSeen);
            // Of a key that is gone nothing is left.
            if (_takingBackDeletes && lastSeen->Weight <= 0) Remove(last, lastSeen);
        }

        if (watermark == Operator.EndWatermark) DropAll();
    }

    public void EndOfStep()
    {
        _rows.EndOfStep();
        _keys.EndOfStep();
    }

    public void Dispose()
    {
        _rows.Dispose();
        _keys.Dispose();
        _byKey.Dispose();
        _byTime.Dispose();
    }

    private void DropAll()
    {
        var from = stackalloc ulong[3];
        (from[0], from[1], from[2]) = (0, 0, 0);
        var slots = new List<int>();
        for (var cursor = _byKey.Seek(from); _byKey.TryNext(ref cursor, out var entry);) slots.Add((int)entry[3]);
        foreach (var slot in slots) Remove(slot, (VersionRow*)_rows.At(slot));
    }

    /// <summary>From when on left rows see a version: its time, or, where it came behind its watermark, after that.</summary>
    private static long SeenFrom(VersionRow* version) =>
        version->Watermark != Operator.NoWatermark && version->Time <= version->Watermark ? version->Watermark : version->Time;

    /// <summary>The last version of a key before a bound that is seen by left rows whose place in time is <paramref name="seen"/>. Changes the bound.</summary>
    private bool TryLastSeen(ulong* bound, long seen, out int slot)
    {
        slot = 0;
        var key = bound[0];
        for (var entry = _byKey.Before(bound); entry is not null && entry[0] == key; entry = _byKey.Before(bound))
        {
            (bound[1], bound[2]) = (entry[1], entry[2]);
            slot = (int)entry[3];
            var version = (VersionRow*)_rows.At(slot);
            // One that came when rows up to its watermark had been answered is not seen by them.
            if (SeenFrom(version) == version->Time || seen > version->Watermark || seen == Operator.EndWatermark) return true;
        }

        return false;
    }

    private bool HasVersionFrom(int key, ulong* bound)
    {
        var cursor = _byKey.Seek(bound);
        return _byKey.TryRead(ref cursor, out var entry) && entry[0] == (uint)key;
    }

    private bool TryBefore(int key, long time, long sequence, out int slot)
    {
        var bound = stackalloc ulong[3];
        (bound[0], bound[1], bound[2]) = ((uint)key, OrderedKey.Of(time), (ulong)sequence);
        var entry = _byKey.Before(bound);
        slot = entry is null ? 0 : (int)entry[3];
        return entry is not null && entry[0] == (uint)key;
    }

    private void DropBefore(VersionRow* last)
    {
        while (TryBefore(last->Key, last->Time, last->Sequence, out var slot)) Remove(slot, (VersionRow*)_rows.At(slot));
    }

    private void Remove(int slot, VersionRow* version)
    {
        var words = stackalloc ulong[3];
        WordsOf(version, words);
        _byKey.Remove(words);
        (words[0], words[1]) = (OrderedKey.Of(SeenFrom(version)), (uint)slot);
        _byTime.Remove(words);
        version->IsIndexed = 0;
        var rows = (long*)_keys.At(version->Key);
        if (--*rows == 0) _keys.Remove(version->Key);
        _rows.Remove(slot);
    }

    private static void WordsOf(VersionRow* version, ulong* words) => (words[0], words[1], words[2]) = ((uint)version->Key, OrderedKey.Of(version->Time), (ulong)version->Sequence);
}
