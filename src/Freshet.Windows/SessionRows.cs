using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Tables;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Windows;

/// <summary>
/// The rows of open sessions by key and time. When a key's timer is due, its rows are walked, closed sessions leave, and the timer is
/// set to the end of the first one that stays.
/// A walk begins where the last one of the same session stopped, so that a long session is not walked again and again.
/// </summary>
internal sealed unsafe class SessionRows : OpenSessions
{
    private readonly HeldRows _rows;

    // Words: key, time, row.
    private readonly OrderedIndex<WordOrder> _times = new(3, new WordOrder(3), new PageVersions());
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
        : base(spec, sizeof(Key), seed)
    {
        _rows = new HeldRows(spec.Types, spec.IsAppendOnly, sizeof(long) * 2, seed);
        _output = new SessionOutput(_rows, spec.Input.Count, spec.Clock.Zone);
    }

    public override long Rows => _rows.Rows;

    public override long Bytes => base.Bytes + _rows.Bytes + _times.Bytes;

    /// <summary>Adds rows (takes them back where the weight is negative).</summary>
    public override void Add(Batch batch, int* rows, int count, ulong* hashes, long* times, BatchMemory scratch)
    {
        if (count == 0) return;
        var slots = scratch.Allocate<int>(count);
        var owned = (byte**)scratch.Allocate<nint>(count);
        _rows.Place(batch, rows, count, scratch, slots, owned);
        var keys = scratch.Allocate<int>(count);
        FindOrAddKeys(batch, rows, count, hashes, scratch, keys, (byte**)scratch.Allocate<nint>(count));
        // The net weights of the whole batch first: a row may come and go in it.
        for (var i = 0; i < count; i++) *(long*)owned[i] = checked(*(long*)owned[i] + batch.WeightOf(rows[i]));
        for (var i = 0; i < count; i++) Index((Row*)owned[i], slots[i], keys[i], times[rows[i]]);

        // A key that has no rows (all of its weights came to nothing) goes at once.
        for (var i = 0; i < count; i++) RemoveIfEmpty(keys[i]);
    }

    public override long EndWith(Batch batch, int row, ulong* hashes, long time, BatchMemory scratch)
    {
        var key = FindKey(batch, row, hashes, scratch);
        var last = time;
        if (key == KeyedTable.None) return last + Gap;
        var from = stackalloc ulong[3];
        (from[0], from[1], from[2]) = ((uint)key, OrderedKey.Of(time), 0);
        for (var cursor = _times.Seek(from); _times.TryNext(ref cursor, out var entry) && entry[0] == from[0];)
        {
            var next = OrderedKey.ToInt64(entry[1]);
            if (next > last + Gap) break;
            last = next;
        }

        return last + Gap;
    }

    public override Batch? Take() => _output.Take();

    public override void EndOfStep()
    {
        _rows.EndOfStep();
        base.EndOfStep();
    }

    public override void Dispose()
    {
        _rows.Dispose();
        _times.Dispose();
        base.Dispose();
    }

    protected override void CloseKey(int keySlot, long closed)
    {
        while (true)
        {
            var key = (Key*)Keys.At(keySlot);
            if (key->Rows == 0)
            {
                RemoveIfEmpty(keySlot);
                return;
            }

            var last = Walk(keySlot, key);
            if (last + Gap > closed)
            {
                (key->Reached, key->IsReached) = (last, 1);
                MoveTimer(keySlot, ref key->Timer, last + Gap);
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
            if (next > last + Gap) break;
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

        _output.Add(_session, first, last + Gap);
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
        var key = (Key*)Keys.At(keySlot);
        key->Rows += change;
        if (change < 0 || time < key->Reached) key->IsReached = 0;
        if (change > 0 && (key->Rows == 1 || time + Gap < key->Timer)) MoveTimer(keySlot, ref key->Timer, time + Gap);
    }

    private void RemoveIfEmpty(int keySlot)
    {
        var key = (Key*)Keys.At(keySlot);
        if (key->Rows != 0 || key->IsReached < 0) return;
        StopTimer(keySlot, key->Timer);
        // A mark, for keys that are listed twice.
        key->IsReached = -1;
        Keys.Remove(keySlot);
    }
}
