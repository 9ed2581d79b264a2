using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Errors;
using Freshet.Dataflow.Tables;

namespace Freshet.Windows;

/// <summary>
/// The aggregates of open sessions, for GROUP BY a session over input that takes nothing back: a row goes into its session's accumulators
/// and is not kept; two sessions that grow together are merged. The sessions of a key are a list in order of time, mostly of one.
/// Invariant: sessions of a key are more than the gap apart. Cost: a look-up of the key and a step to its session for each row.
/// </summary>
internal sealed unsafe class SessionGroups : OpenSessions
{
    private const int PrefetchAhead = 16;

    private readonly SessionSpec _spec;
    private readonly ErrorRows _errors;
    private readonly int[] _outputKeys;
    private readonly RowPages _sessions;
    private readonly AccumulatorSet _accumulators;
    private readonly List<FailedResult> _failures = [];
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
        : base(spec, sizeof(Key), seed)
    {
        _spec = spec;
        _errors = errors;
        var grouping = spec.Grouping!;
        _outputKeys = [.. grouping.Keys.Select(k => spec.Keys.IndexOf(k))];
        _accumulators = new AccumulatorSet(spec.Types, [], grouping.Calls, isAppendOnly: true, sizeof(Session), seed);
        _sessions = new RowPages(_accumulators.StateBytes);
    }

    public override long Rows => _sessions.Rows + _accumulators.ExtraRows;

    public override long Bytes => base.Bytes + _sessions.Bytes + _accumulators.ExtraBytes;

    public override void Add(Batch batch, int* rows, int count, ulong* hashes, long* times, BatchMemory scratch)
    {
        if (count == 0) return;
        var keySlots = scratch.Allocate<int>(count);
        var keys = (byte**)scratch.Allocate<nint>(count);
        FindOrAddKeys(batch, rows, count, hashes, scratch, keySlots, keys);
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
        var key = FindKey(batch, row, hashes, scratch);
        var link = key == KeyedTable.None ? 0 : ((Key*)Keys.Read(key))->First;
        while (link != 0)
        {
            var session = At(link);
            if (time < session->Start - Gap) break;
            if (time <= session->Last) return session->Last + Gap;
            link = session->Next;
        }

        return time + Gap;
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
        base.EndOfStep();
    }

    public override void Dispose()
    {
        Keys.ForEach(ReleaseKey);
        foreach (var slot in _leaving.Skip(_given)) ReleaseSession(slot);
        _accumulators.Dispose();
        _sessions.Dispose();
        base.Dispose();
    }

    private Session* At(int link) => (Session*)_sessions.At(link - 1);

    private Batch Read(byte** groups, int* keys, int count, BatchMemory memory)
    {
        var columns = new Column[_outputKeys.Length + WindowAggregateSpec.WindowColumns + _spec.Grouping!.Calls.Length];
        var at = 0;
        foreach (var key in _outputKeys) columns[at++] = Keys.ReadColumn(key, keys, count, memory, copiesTexts: true);
        for (var i = 0; i < WindowAggregateSpec.WindowColumns; i++) columns[at + i] = Column.Allocate(PhysicalKind.Int64, count, memory);
        for (var i = 0; i < count; i++)
        {
            var session = (Session*)groups[i];
            columns[at].As<long>()[i] = session->Start;
            columns[at + 1].As<long>()[i] = session->Last + Gap;
            columns[at + 2].As<long>()[i] = WindowKernel.LastMoment(session->Last + Gap, _spec.Clock.Zone);
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
            if (time < session->Start - Gap) break;
            if (time <= session->Last + Gap)
            {
                session->Start = Math.Min(session->Start, time);
                session->Last = Math.Max(session->Last, time);
                reachesNext = session->Next != 0 && At(session->Next)->Start <= session->Last + Gap;
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

        if (key->First == 0) StartTimer(keySlot, ref key->Timer, time + Gap);
        else MoveTimer(keySlot, ref key->Timer, time + Gap);
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

    protected override void CloseKey(int keySlot, long closed)
    {
        var key = (Key*)Keys.At(keySlot);
        while (key->First != 0 && At(key->First)->Last + Gap is var end)
        {
            if (end > closed)
            {
                MoveTimer(keySlot, ref key->Timer, end);
                return;
            }

            _leaving.Add(key->First - 1);
            key->First = At(key->First)->Next;
        }

        StopTimer(keySlot, key->Timer);
        Keys.Remove(keySlot);
    }
}
