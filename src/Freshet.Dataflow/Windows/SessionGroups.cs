using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Aggregation;
using Freshet.Dataflow.Errors;
using Freshet.Dataflow.Tables;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Dataflow.Windows;

/// <summary>
/// The aggregates of open sessions, for GROUP BY a session over input that takes nothing back: a row goes into its session's accumulators
/// and is not kept; two sessions that grow together are merged. The sessions of a key are a list in order of time, mostly of one.
/// Each key has one timer, at or before the end of its first session.
/// Invariant: sessions of a key are more than the gap apart. Cost: a look-up of the key and a step to its session for each row.
/// </summary>
internal sealed unsafe class SessionGroups : OpenSessions
{
    private const int PrefetchAhead = 16;

    private readonly SessionSpec _spec;
    private readonly ErrorRows _errors;
    private readonly long _gap;
    private readonly KeyedTable _keys;
    private readonly KeyColumns _keyColumns;
    private readonly int[] _outputKeys;
    private readonly RowPages _sessions;
    private readonly AccumulatorSet _accumulators;
    private readonly List<FailedResult> _failures = [];

    // Words: end, key.
    private readonly OrderedIndex<WordOrder> _timers = new(2, new WordOrder(2), new PageVersions());
    private readonly List<int> _leaving = [];
    private int _given;

    [StructLayout(LayoutKind.Sequential)]
    private struct Key
    {
        public long Timer;

        /// <summary>The first session: its slot plus one. A key without any is removed.</summary>
        public int First;
    }

    /// <summary>The beginning of a session's state, before its accumulators.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Session
    {
        public long Rows;
        public long Start;
        public long Last;

        /// <summary>The next session of the key: its slot plus one, 0 for none.</summary>
        public int Next;
        public int Key;
    }

    /// <param name="errors">Takes results that do not fit their type.</param>
    public SessionGroups(SessionSpec spec, ErrorRows errors, ulong seed)
    {
        _spec = spec;
        _errors = errors;
        _gap = spec.GapMicros;
        var grouping = spec.Grouping!;
        var types = spec.Types;
        _keyColumns = new KeyColumns(spec.Keys);
        _outputKeys = [.. grouping.Keys.Select(k => spec.Keys.IndexOf(k))];
        _accumulators = new AccumulatorSet(types, [], grouping.Calls, isAppendOnly: true, sizeof(Session), seed);
        _keys = new KeyedTable(_keyColumns.KindsOf(types), sizeof(Key), seed);
        _sessions = new RowPages(_accumulators.StateBytes);
    }

    public override long Rows => _sessions.Rows + _accumulators.ExtraRows;

    public override long Bytes => _sessions.Bytes + _keys.Bytes + _timers.Bytes + _accumulators.ExtraBytes;

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

    public override void Add(Batch batch, int* rows, int count, ulong* hashes, long* times, BatchMemory scratch)
    {
        if (count == 0) return;
        var keySlots = scratch.Allocate<int>(count);
        var keys = (byte**)scratch.Allocate<nint>(count);
        var keyed = _keyColumns.Of(batch, scratch);
        _keys.FindOrAdd(keyed, _keyColumns.Places, hashes, rows, count, scratch, keySlots, keys);
        keyed.Release();
        var slots = scratch.Allocate<int>(count);
        var groups = (byte**)scratch.Allocate<nint>(count);
        var pending = 0;
        for (var i = 0; i < count; i++)
        {
            if (Sse.IsSupported && i + PrefetchAhead < count && ((Key*)keys[i + PrefetchAhead])->First is var first and not 0) Sse.Prefetch0(_sessions.Read(first - 1));
            slots[i] = SessionOf((Key*)keys[i], keySlots[i], times[rows[i]], out var grown);
            groups[i] = _sessions.At(slots[i]);
            if (!grown) continue;

            // What this batch adds to the session that goes has to be in it first.
            AddPending(pending, i);
            pending = i;
            MergeNext((Session*)groups[i]);
        }

        AddPending(pending, count);

        void AddPending(int from, int to)
        {
            if (from == to) return;
            var input = new AccumulatorInput { Count = to - from, Rows = rows + from, Groups = groups + from, Weights = batch.Weights };
            AggregateKernel.AddRows(input);
            _accumulators.Add(batch, input, slots + from, scratch);
        }
    }

    public override long EndWith(Batch batch, int row, ulong* hashes, long time, BatchMemory scratch)
    {
        var key = KeyedTable.None;
        var keyed = _keyColumns.Of(batch, scratch);
        _keys.Find(keyed, _keyColumns.Places, hashes, &row, 1, &key);
        keyed.Release();
        var link = key == KeyedTable.None ? 0 : ((Key*)_keys.Read(key))->First;
        while (link != 0)
        {
            var session = At(link);
            if (time < session->Start - _gap) break;
            if (time <= session->Last) return session->Last + _gap;
            link = session->Next;
        }

        return time + _gap;
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

    public override Batch? Take()
    {
        if (_given == _leaving.Count)
        {
            _leaving.Clear();
            _given = 0;
            _errors.FlushWithoutPosition();
            return null;
        }

        var memory = BatchMemory.Create();
        var count = Math.Min(_leaving.Count - _given, Batch.TypicalRows);
        var groups = (byte**)memory.Allocate<nint>(count);
        var keys = memory.Allocate<int>(count);
        for (var i = 0; i < count; i++)
        {
            groups[i] = _sessions.At(_leaving[_given + i]);
            keys[i] = ((Session*)groups[i])->Key;
        }

        var batch = Read(groups, keys, count, memory);
        _accumulators.Release(groups, count);
        for (var i = 0; i < count; i++) _sessions.Remove(_leaving[_given + i]);
        _given += count;
        return batch;
    }

    public override void EndOfStep()
    {
        _accumulators.EndOfStep();
        _sessions.EndOfStep();
        _keys.EndOfStep();
    }

    public override void Dispose()
    {
        _keys.ForEach(ReleaseKey);
        foreach (var slot in _leaving.Skip(_given)) ReleaseSession(slot);
        _accumulators.Dispose();
        _sessions.Dispose();
        _keys.Dispose();
        _timers.Dispose();
    }

    private Session* At(int link) => (Session*)_sessions.At(link - 1);

    private Batch Read(byte** groups, int* keys, int count, BatchMemory memory)
    {
        var columns = new Column[_outputKeys.Length + WindowAggregateSpec.WindowColumns + _spec.Grouping!.Calls.Length];
        var at = 0;
        foreach (var key in _outputKeys) columns[at++] = _keys.ReadColumn(key, keys, count, memory, copiesTexts: true);
        for (var i = 0; i < WindowAggregateSpec.WindowColumns; i++) columns[at + i] = Column.Allocate(PhysicalKind.Int64, count, memory);
        for (var i = 0; i < count; i++)
        {
            var session = (Session*)groups[i];
            columns[at].As<long>()[i] = session->Start;
            columns[at + 1].As<long>()[i] = session->Last + _gap;
            columns[at + 2].As<long>()[i] = WindowKernel.LastMoment(session->Last + _gap, _spec.Clock.Zone);
        }

        at += WindowAggregateSpec.WindowColumns;
        for (var i = 0; i < _spec.Grouping.Calls.Length; i++)
        {
            var call = _spec.Grouping.Calls[i];
            columns[at++] = _accumulators[i].Read(groups, count, memory, _failures);
            foreach (var failure in _failures) _errors.Add(0, call.Name, failure.Value, failure.Reason ?? AggregateOperator.OverflowReason(call.ResultType), 1);
            _failures.Clear();
        }

        return new Batch(memory, columns, count);
    }

    /// <summary>The slot of the session that takes a row in, new or grown; <paramref name="reachesNext"/> when the next one is now part of it.</summary>
    private int SessionOf(Key* key, int keySlot, long time, out bool reachesNext)
    {
        reachesNext = false;
        Session* before = null;
        var link = key->First;
        for (; link != 0; link = before->Next)
        {
            var session = At(link);
            if (time < session->Start - _gap) break;
            if (time <= session->Last + _gap)
            {
                session->Start = Math.Min(session->Start, time);
                session->Last = Math.Max(session->Last, time);
                reachesNext = session->Next != 0 && At(session->Next)->Start <= session->Last + _gap;
                return link - 1;
            }

            before = session;
        }

        var slot = _sessions.Add();
        var made = At(slot + 1);
        (made->Start, made->Last, made->Next, made->Key) = (time, time, link, keySlot);
        if (before is not null)
        {
            before->Next = slot + 1;
            return slot;
        }

        SetTimer(key, keySlot, time + _gap, isSet: key->First != 0);
        key->First = slot + 1;
        return slot;
    }

    private void MergeNext(Session* session)
    {
        var link = session->Next;
        var next = At(link);
        session->Rows += next->Rows;
        session->Last = next->Last;
        session->Next = next->Next;
        var from = (byte*)next;
        var into = (byte*)session;
        _accumulators.Merge(&from, &into, 1);
        ReleaseSession(link - 1);
    }

    private void ReleaseSession(int slot)
    {
        var group = _sessions.At(slot);
        _accumulators.Release(&group, 1);
        _sessions.Remove(slot);
    }

    private void ReleaseKey(nint address)
    {
        for (var link = ((Key*)address)->First; link != 0;)
        {
            var slot = link - 1;
            link = At(link)->Next;
            ReleaseSession(slot);
        }
    }

    private void CloseKey(int keySlot, long closed)
    {
        var key = (Key*)_keys.At(keySlot);
        while (key->First != 0 && At(key->First)->Last + _gap is var end)
        {
            if (end > closed)
            {
                SetTimer(key, keySlot, end, isSet: true);
                return;
            }

            _leaving.Add(key->First - 1);
            key->First = At(key->First)->Next;
        }

        var words = stackalloc ulong[2];
        (words[0], words[1]) = (OrderedKey.Of(key->Timer), (uint)keySlot);
        _timers.Remove(words);
        _keys.Remove(keySlot);
    }

    private void SetTimer(Key* key, int keySlot, long end, bool isSet)
    {
        var words = stackalloc ulong[2];
        (words[0], words[1]) = (OrderedKey.Of(key->Timer), (uint)keySlot);
        if (isSet) _timers.Remove(words);
        key->Timer = end;
        words[0] = OrderedKey.Of(end);
        _timers.Put(words, 0);
    }
}
