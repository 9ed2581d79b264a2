using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Tables;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Windows.TimedJoins;

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

    /// <summary>Of a window join the next row of the key: its slot plus one, 0 for none.</summary>
    public int Next;
}

/// <summary>
/// One side's rows: by key and time, to be matched, and by time, to be forgotten. The rows of a key of a window join all have the
/// time of their window: they are a list in the order in which they came, so that only keys are in an index by time.
/// </summary>
internal sealed unsafe class TimedSide : IDisposable
{
    private readonly bool _isWindow;
    private readonly HeldRows _rows;
    private readonly KeyedTable _keys;

    // Words: key, time, row (not of a window join). And: time, row; of a window join: time, key.
    private readonly OrderedIndex<WordOrder> _byKey = new(3, new WordOrder(3), new PageVersions());
    private readonly OrderedIndex<WordOrder> _byTime = new(2, new WordOrder(2), new PageVersions());

    [StructLayout(LayoutKind.Sequential)]
    private struct Key
    {
        public long Rows;

        /// <summary>Of a window join, the ends of the list of its rows: slots plus one.</summary>
        public int First;
        public int Last;
    }

    /// <param name="keys">The columns by which rows are found.</param>
    public TimedSide(ImmutableArray<SqlType> types, ImmutableArray<int> keys, bool isWindow, ulong seed)
    {
        _isWindow = isWindow;
        _rows = new HeldRows(types, isAppendOnly: true, sizeof(TimedRow), seed);
        KeyColumns = new KeyColumns(keys);
        _keys = new KeyedTable(KeyColumns.KindsOf(types), sizeof(Key), seed);
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
            if (_isWindow) Append((Key*)keyOwned[i], keys[i], time, slots[i]);
            else Index(keys[i], time, slots[i]);
            ((Key*)keyOwned[i])->Rows++;
        }
    }

    /// <summary>The first row of a key of a window join: its slot plus one. The others follow by <see cref="TimedRow.Next"/>.</summary>
    public int FirstOf(int key) => ((Key*)_keys.Read(key))->First;

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
        if (_isWindow)
        {
            while (count < max)
            {
                var first = _byTime.Seek(from);
                if (!_byTime.TryRead(ref first, out var due) || OrderedKey.ToInt64(due[0]) > until) return count;
                count += TakeRows(OrderedKey.ToInt64(due[0]), (int)due[1], slots + count, max - count);
            }

            return count;
        }

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

    private void Index(int key, long time, int slot)
    {
        var words = stackalloc ulong[3];
        (words[0], words[1], words[2]) = ((uint)key, OrderedKey.Of(time), (uint)slot);
        _byKey.Put(words, 0);
        (words[0], words[1]) = (words[1], words[2]);
        _byTime.Put(words, 0);
    }

    private void Append(Key* key, int keySlot, long time, int slot)
    {
        if (key->Rows == 0)
        {
            var words = stackalloc ulong[2];
            (words[0], words[1]) = (OrderedKey.Of(time), (uint)keySlot);
            _byTime.Put(words, 0);
            key->First = slot + 1;
        }
        else
        {
            At(key->Last - 1)->Next = slot + 1;
        }

        key->Last = slot + 1;
    }

    /// <summary>Forgets up to <paramref name="max"/> rows of a key from the front of its list, and the key with its last row.</summary>
    private int TakeRows(long time, int keySlot, int* slots, int max)
    {
        var key = (Key*)_keys.At(keySlot);
        var count = 0;
        for (; count < max && key->First != 0; count++)
        {
            slots[count] = key->First - 1;
            key->First = At(slots[count])->Next;
            _rows.Remove(slots[count]);
        }

        key->Rows -= count;
        if (key->Rows > 0) return count;
        var words = stackalloc ulong[2];
        (words[0], words[1]) = (OrderedKey.Of(time), (uint)keySlot);
        _byTime.Remove(words);
        _keys.Remove(keySlot);
        return count;
    }

    private void Remove(int slot)
    {
        var row = At(slot);
        var words = stackalloc ulong[3];
        (words[0], words[1], words[2]) = ((uint)row->Key, OrderedKey.Of(row->Time), (uint)slot);
        _byKey.Remove(words);
        (words[0], words[1]) = (words[1], words[2]);
        _byTime.Remove(words);
        if (--((Key*)_keys.At(row->Key))->Rows == 0) _keys.Remove(row->Key);
        _rows.Remove(slot);
    }
}
