using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Tables;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Dataflow.Windows;

/// <summary>
/// The rows of open sessions by key and time. Each key has one timer, at or before the end of its first session: when it is
/// due, the key's rows are walked, closed sessions leave, and the timer is set to the end of the first one that stays.
/// A walk begins where the last one of the same session stopped, so that a long session is not walked again and again.
/// </summary>
internal sealed unsafe class SessionRows : OpenSessions
{
    private readonly HeldRows _rows;
    private readonly KeyedTable _keys;
    private readonly KeyColumns _keyColumns;
    private readonly long _gap;

    // Words: key, time, row. And: end, key.
    private readonly OrderedIndex<WordOrder> _times = new(3, new WordOrder(3), new PageVersions());
    private readonly OrderedIndex<WordOrder> _timers = new(2, new WordOrder(2), new PageVersions());
    private readonly List<int> _session = [];
    private readonly SessionOutput _output;

    [StructLayout(LayoutKind.Sequential)]
    private struct Key
    {
        public long Rows;

        /// <summary>Where the timer stands; good while the key has rows.</summary>
        public long Timer;

        /// <summary>All rows of the first session up to this time are known to be one session; good where <see cref="IsReached"/> is 1.</summary>
        public long Reached;

        /// <summary>-1 once the key is removed, for keys that a batch has twice.</summary>
        public long IsReached;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Row
    {
        public long Weight;
        public int IsIndexed;
    }

    public SessionRows(SessionSpec spec, ulong seed)
    {
        _rows = new HeldRows(spec.Types, spec.IsAppendOnly, sizeof(long) * 2, seed);
        _keyColumns = new KeyColumns(spec.Keys);
        _keys = new KeyedTable(_keyColumns.KindsOf(spec.Types), sizeof(Key), seed);
        _gap = spec.GapMicros;
        _output = new SessionOutput(_rows, spec.Input.Count, spec.Clock.Zone);
    }

    public override long Rows => _rows.Rows;

    public override long Bytes => _rows.Bytes + _keys.Bytes + _times.Bytes + _timers.Bytes;

    public override long NextTimer
    {
        get
        {
            var from = stackalloc ulong[2];
            from[0] = from[1] = 0;
            var cursor = _timers.Seek(from);
            return _timers.TryRead(ref cursor, out var entry) ? OrderedKey.ToInt64(entry[0]) : long.MaxValue;
        }
    }

    public override ulong* Hash(Batch batch, BatchMemory scratch)
    {
        var keyed = _keyColumns.Of(batch, scratch);
        var hashes = _keys.Hash(keyed, _keyColumns.Places, scratch);
        keyed.Release();
        return hashes;
    }

    /// <summary>Adds rows (takes them back where the weight is negative).</summary>
    public override void Add(Batch batch, int* rows, int count, ulong* hashes, long* times, BatchMemory scratch)
    {
        if (count == 0) return;
        var slots = scratch.Allocate<int>(count);
        var owned = (byte**)scratch.Allocate<nint>(count);
        _rows.Place(batch, rows, count, scratch, slots, owned);
        var keys = scratch.Allocate<int>(count);
        var keyed = _keyColumns.Of(batch, scratch);
        _keys.FindOrAdd(keyed, _keyColumns.Places, hashes, rows, count, scratch, keys, (byte**)scratch.Allocate<nint>(count));
        keyed.Release();
        // The net weights of the whole batch first: a row may come and go in it.
        for (var i = 0; i < count; i++) *(long*)owned[i] = checked(*(long*)owned[i] + batch.WeightOf(rows[i]));
        for (var i = 0; i < count; i++) Index((Row*)owned[i], slots[i], keys[i], times[rows[i]]);

        // A key that has no rows (all of its weights came to nothing) goes at once.
        for (var i = 0; i < count; i++) RemoveIfEmpty(keys[i]);
    }

    public override long EndWith(Batch batch, int row, ulong* hashes, long time, BatchMemory scratch)
    {
        var key = KeyedTable.None;
        var keyed = _keyColumns.Of(batch, scratch);
        _keys.Find(keyed, _keyColumns.Places, hashes, &row, 1, &key);
        keyed.Release();
        var last = time;
        if (key == KeyedTable.None) return last + _gap;
        var from = stackalloc ulong[3];
        (from[0], from[1], from[2]) = ((uint)key, OrderedKey.Of(time), 0);
        for (var cursor = _times.Seek(from); _times.TryNext(ref cursor, out var entry) && entry[0] == from[0];)
        {
            var next = OrderedKey.ToInt64(entry[1]);
            if (next > last + _gap) break;
            last = next;
        }

        return last + _gap;
    }

    public override void Close(long closed)
    {
        var from = stackalloc ulong[2];
        while (true)
        {
            from[0] = from[1] = 0;
            var cursor = _timers.Seek(from);
            if (!_timers.TryRead(ref cursor, out var entry) || OrderedKey.ToInt64(entry[0]) > closed) return;
            CloseKey((int)entry[1], closed);
        }
    }

    public override Batch? Take() => _output.Take();

    public override void EndOfStep()
    {
        _rows.EndOfStep();
        _keys.EndOfStep();
    }

    public override void Dispose()
    {
        _rows.Dispose();
        _keys.Dispose();
        _times.Dispose();
        _timers.Dispose();
    }

    private void CloseKey(int keySlot, long closed)
    {
        while (true)
        {
            var key = (Key*)_keys.At(keySlot);
            if (key->Rows == 0)
            {
                RemoveIfEmpty(keySlot);
                return;
            }

            var last = Walk(keySlot, key);
            if (last + _gap > closed)
            {
                (key->Reached, key->IsReached) = (last, 1);
                SetTimer(keySlot, key, last + _gap);
                return;
            }

            key->IsReached = 0;
            Leave(keySlot, key, last);
        }
    }

    /// <summary>The time of the last row of a key's first session.</summary>
    private long Walk(int keySlot, Key* key)
    {
        var from = stackalloc ulong[3];
        (from[0], from[1], from[2]) = ((uint)keySlot, key->IsReached != 0 ? OrderedKey.Of(key->Reached) : 0, 0);
        var cursor = _times.Seek(from);
        _times.TryNext(ref cursor, out var entry);
        var last = OrderedKey.ToInt64(entry[1]);
        while (_times.TryNext(ref cursor, out entry) && entry[0] == from[0])
        {
            var next = OrderedKey.ToInt64(entry[1]);
            if (next > last + _gap) break;
            last = next;
        }

        return last;
    }

    private void Leave(int keySlot, Key* key, long last)
    {
        var from = stackalloc ulong[3];
        var until = stackalloc ulong[3];
        (from[0], from[1], from[2]) = ((uint)keySlot, 0, 0);
        (until[0], until[1], until[2]) = ((uint)keySlot, OrderedKey.Of(last + 1), 0);
        _session.Clear();
        var first = 0L;
        for (var cursor = _times.Seek(from); _times.TryNext(ref cursor, out var entry) && entry[0] == from[0] && entry[1] < until[1];)
        {
            if (_session.Count == 0) first = OrderedKey.ToInt64(entry[1]);
            _session.Add((int)entry[2]);
        }

        _output.Add(_session, first, last + _gap);
        key->Rows -= _times.RemoveRange(from, until);
        foreach (var slot in _session) _rows.Remove(slot);
    }

    private void Index(Row* row, int slot, int keySlot, long time)
    {
        var words = stackalloc ulong[3];
        (words[0], words[1], words[2]) = ((uint)keySlot, OrderedKey.Of(time), (uint)slot);
        if (row->Weight != 0 && row->IsIndexed == 0)
        {
            row->IsIndexed = 1;
            _times.Put(words, 0);
            Count(keySlot, time, 1);
        }
        else if (row->Weight == 0 && row->IsIndexed >= 0)
        {
            if (_times.Remove(words)) Count(keySlot, time, -1);
            // A mark, for rows that a batch has twice.
            row->IsIndexed = -1;
            _rows.Remove(slot);
        }
    }

    private void Count(int keySlot, long time, int change)
    {
        var key = (Key*)_keys.At(keySlot);
        key->Rows += change;
        if (change < 0 || time < key->Reached) key->IsReached = 0;
        if (change > 0 && (key->Rows == 1 || time + _gap < key->Timer)) SetTimer(keySlot, key, time + _gap);
    }

    private void SetTimer(int keySlot, Key* key, long end)
    {
        var words = stackalloc ulong[2];
        (words[0], words[1]) = (OrderedKey.Of(key->Timer), (uint)keySlot);
        _timers.Remove(words);
        key->Timer = end;
        words[0] = OrderedKey.Of(end);
        _timers.Put(words, 0);
    }

    private void RemoveIfEmpty(int keySlot)
    {
        var key = (Key*)_keys.At(keySlot);
        if (key->Rows != 0 || key->IsReached < 0) return;
        var words = stackalloc ulong[2];
        (words[0], words[1]) = (OrderedKey.Of(key->Timer), (uint)keySlot);
        _timers.Remove(words);
        // A mark, for keys that are listed twice.
        key->IsReached = -1;
        _keys.Remove(keySlot);
    }
}
