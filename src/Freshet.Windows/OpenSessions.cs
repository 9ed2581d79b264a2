using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Tables;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Windows;

/// <summary>
/// What a <see cref="SessionOperator"/> keeps of the sessions that are open: their rows (<see cref="SessionRows"/>), or the aggregates of them
/// (<see cref="SessionGroups"/>). A session is a longest run of rows of a key of which none is more than the gap behind the one before.
/// Each key has one timer, at or before the end of its first session; here are the keys and their timers, what a key has is of those two.
/// </summary>
internal abstract unsafe class OpenSessions : IDisposable
{
    private readonly KeyColumns _keyColumns;

    // Words: end, key.
    private readonly OrderedIndex<WordOrder> _timers = new(2, new WordOrder(2), new PageVersions());

    /// <param name="keyBytes">Bytes of what a key has.</param>
    protected OpenSessions(SessionSpec spec, int keyBytes, ulong seed)
    {
        _keyColumns = new KeyColumns(spec.Keys);
        Keys = new KeyedTable(_keyColumns.KindsOf(spec.Types), keyBytes, seed);
        Gap = spec.GapMicros;
    }

    public abstract long Rows { get; }

    public virtual long Bytes => Keys.Bytes + _timers.Bytes;

    /// <summary>The earliest end at which a session may close; long.MaxValue without any.</summary>
    public long NextTimer => TryFirst(out var end, out _) ? end : long.MaxValue;

    protected KeyedTable Keys { get; }

    protected long Gap { get; }

    /// <summary>The hashes of a batch's keys, by row index: made once for a batch whose rows are added one by one.</summary>
    public ulong* Hash(Batch batch, BatchMemory scratch)
    {
        var keyed = _keyColumns.Of(batch, scratch);
        var hashes = Keys.Hash(keyed, _keyColumns.Places, scratch);
        keyed.Release();
        return hashes;
    }

    /// <summary>Adds rows.</summary>
    /// <param name="hashes">From <see cref="Hash"/>.</param>
    /// <param name="times">By row index.</param>
    public abstract void Add(Batch batch, int* rows, int count, ulong* hashes, long* times, BatchMemory scratch);

    /// <summary>The end of the session that a row would be part of.</summary>
    public abstract long EndWith(Batch batch, int row, ulong* hashes, long time, BatchMemory scratch);

    /// <summary>Takes out all sessions that end at <paramref name="closed"/> or before; <see cref="Take"/> then gives them.</summary>
    public void Close(long closed)
    {
        while (TryFirst(out var end, out var key) && end <= closed) CloseKey(key, closed);
    }

    /// <summary>The next batch of what has closed, or null.</summary>
    public abstract Batch? Take();

    public virtual void EndOfStep() => Keys.EndOfStep();

    public virtual void Dispose()
    {
        Keys.Dispose();
        _timers.Dispose();
    }

    /// <summary>Takes out a key's sessions that end at <paramref name="closed"/> or before; its timer then is later, or gone.</summary>
    protected abstract void CloseKey(int key, long closed);

    /// <summary>The slots and the bytes of the keys of rows, added where they are not there.</summary>
    protected void FindOrAddKeys(Batch batch, int* rows, int count, ulong* hashes, BatchMemory scratch, int* keys, byte** owned)
    {
        var keyed = _keyColumns.Of(batch, scratch);
        Keys.FindOrAdd(keyed, _keyColumns.Places, hashes, rows, count, scratch, keys, owned);
        keyed.Release();
    }

    /// <summary>The slot of a row's key, or <see cref="KeyedTable.None"/>.</summary>
    protected int FindKey(Batch batch, int row, ulong* hashes, BatchMemory scratch)
    {
        var key = KeyedTable.None;
        var keyed = _keyColumns.Of(batch, scratch);
        Keys.Find(keyed, _keyColumns.Places, hashes, &row, 1, &key);
        keyed.Release();
        return key;
    }

    /// <summary>Sets a key's timer where it has none.</summary>
    /// <param name="timer">Where the key keeps it.</param>
    protected void StartTimer(int key, ref long timer, long end)
    {
        timer = end;
        var words = stackalloc ulong[2];
        (words[0], words[1]) = (OrderedKey.Of(end), (uint)key);
        _timers.Put(words, 0);
    }

    /// <summary>Sets a key's timer, whether it has one or none.</summary>
    protected void MoveTimer(int key, ref long timer, long end)
    {
        StopTimer(key, timer);
        StartTimer(key, ref timer, end);
    }

    protected void StopTimer(int key, long timer)
    {
        var words = stackalloc ulong[2];
        (words[0], words[1]) = (OrderedKey.Of(timer), (uint)key);
        _timers.Remove(words);
    }

    private bool TryFirst(out long end, out int key)
    {
        var from = stackalloc ulong[2];
        from[0] = from[1] = 0;
        var cursor = _timers.Seek(from);
        var isThere = _timers.TryRead(ref cursor, out var entry);
        (end, key) = isThere ? (OrderedKey.ToInt64(entry[0]), (int)entry[1]) : default;
        return isThere;
    }
}
