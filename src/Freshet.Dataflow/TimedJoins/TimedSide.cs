using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Tables;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Dataflow.TimedJoins;

/// <summary>A stored row's own fields, after its columns.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimedRow
{
    public long Weight;

    /// <summary>The watermark of its position where the row is behind it, else <see cref="Operator.NoWatermark"/>.</summary>
    public long Watermark;

    public long Time;

    /// <summary>The key's slot.</summary>
    public int Key;

    /// <summary>1 when it has had a match.</summary>
    public int IsMatched;
}

/// <summary>One side's rows: by key and time, to be matched, and by time, to be forgotten.</summary>
internal sealed unsafe class TimedSide : IDisposable
{
    private readonly HeldRows _rows;
    private readonly KeyedTable _keys;

    // Words: key, time, row. And: time, row.
    private readonly OrderedIndex<WordOrder> _byKey = new(3, new WordOrder(3), new PageVersions());
    private readonly OrderedIndex<WordOrder> _byTime = new(2, new WordOrder(2), new PageVersions());

    public TimedSide(TimedSideSpec spec, ulong seed)
    {
        _rows = new HeldRows(spec.Types, isAppendOnly: true, sizeof(TimedRow), seed);
        KeyColumns = new KeyColumns(spec.Keys);
        _keys = new KeyedTable(KeyColumns.KindsOf(spec.Types), sizeof(long), seed);
    }

    /// <summary>The key of this side's batches.</summary>
    public KeyColumns KeyColumns { get; }

    public long Rows => _rows.Rows;

    public long Bytes => _rows.Bytes + _keys.Bytes + _byKey.Bytes + _byTime.Bytes;

    /// <summary>The index by key, time and row.</summary>
    public OrderedIndex<WordOrder> ByKey => _byKey;

    public TimedRow* At(int slot) => (TimedRow*)_rows.At(slot);

    public Column Read(int column, int* slots, int count, BatchMemory memory) => _rows.Read(column, slots, count, memory);

    /// <summary>Adds rows; writes their slots.</summary>
    public void Add(Batch batch, int* rows, int count, long* times, int* slots, BatchMemory scratch)
    {
        var owned = (byte**)scratch.Allocate<nint>(count);
        _rows.Place(batch, rows, count, scratch, slots, owned);
        var keys = scratch.Allocate<int>(count);
        var keyOwned = (byte**)scratch.Allocate<nint>(count);
        var keyed = KeyColumns.Of(batch, scratch);
        _keys.FindOrAdd(keyed, KeyColumns.Places, rows, count, scratch, keys, keyOwned);
        keyed.Release();
        var words = stackalloc ulong[3];
        for (var i = 0; i < count; i++)
        {
            var time = times[rows[i]];
            *(TimedRow*)owned[i] = new TimedRow
            {
                Weight = batch.WeightOf(rows[i]),
                Watermark = batch.RowWatermarks is null ? Operator.NoWatermark : batch.RowWatermarks[rows[i]],
                Time = time,
                Key = keys[i],
            };
            ++*(long*)keyOwned[i];
            (words[0], words[1], words[2]) = ((uint)keys[i], OrderedKey.Of(time), (uint)slots[i]);
            _byKey.Put(words, 0);
            (words[0], words[1]) = (words[1], words[2]);
            _byTime.Put(words, 0);
        }
    }

    /// <summary>The key of each row of the other side's batch, or <see cref="KeyedTable.None"/>.</summary>
    /// <param name="keyColumns">The key's columns there.</param>
    public void FindKeys(Batch batch, KeyColumns keyColumns, int* rows, int count, int* keys, BatchMemory scratch)
    {
        var keyed = keyColumns.Of(batch, scratch);
        _keys.Find(keyed, keyColumns.Places, rows, count, scratch, keys);
        keyed.Release();
    }

    /// <summary>The time of the oldest row.</summary>
    public bool TryOldest(out long time)
    {
        var from = stackalloc ulong[2];
        from[0] = from[1] = 0;
        var cursor = _byTime.Seek(from);
        var found = _byTime.TryRead(ref cursor, out var entry);
        time = found ? OrderedKey.ToInt64(entry[0]) : long.MaxValue;
        return found;
    }

    /// <summary>Forgets up to <paramref name="max"/> rows of a time up to <paramref name="until"/>, oldest first, and gives their slots: they stay readable until the end of the step.</summary>
    public int TakeUntil(long until, int* slots, int max)
    {
        var from = stackalloc ulong[3];
        from[0] = from[1] = 0;
        var count = 0;
        for (var cursor = _byTime.Seek(from); count < max && _byTime.TryNext(ref cursor, out var entry) && OrderedKey.ToInt64(entry[0]) <= until;) slots[count++] = (int)entry[1];
        for (var i = 0; i < count; i++) Remove(slots[i]);
        return count;
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

    private void Remove(int slot)
    {
        var row = At(slot);
        var words = stackalloc ulong[3];
        (words[0], words[1], words[2]) = ((uint)row->Key, OrderedKey.Of(row->Time), (uint)slot);
        _byKey.Remove(words);
        (words[0], words[1]) = (words[1], words[2]);
        _byTime.Remove(words);
        var rows = (long*)_keys.At(row->Key);
        if (--*rows == 0) _keys.Remove(row->Key);
        _rows.Remove(slot);
    }
}
