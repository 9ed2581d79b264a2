using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow;
using Freshet.Dataflow.Tables;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Windows.TemporalJoins;

/// <summary>
/// A temporal join by event time: a left row waits until the watermark of both sides has reached its time, then leaves with the
/// version of the right row of its key that was valid then; nothing is taken back later. A row with a NULL in its key matches
/// nothing.
/// <para>Late is a function of the rows: a left row behind its watermark sees the versions that its watermark has left, and a
/// version behind its watermark is not seen by left rows that this watermark had let go.</para>
/// Side output 0: pairs on which the residual condition fails.
/// State: left rows ahead of the watermark; of each key the versions from the last one up to the watermark on.
/// Cost: about three searches in ordered indexes a row of either side.
/// </summary>
public sealed unsafe class TemporalJoinOperator : Operator
{
    private readonly TemporalJoinSpec _spec;
    private readonly HeldRows _left;
    private readonly VersionRows _versions;
    private readonly TemporalPairs _pairs;
    private readonly int[] _leftKeys;
    private readonly Queue<Batch> _ready = new();
    private long _watermark = NoWatermark;
    private bool _isEnding;

    // Words: time (or watermark, where a row is behind it), row.
    private readonly OrderedIndex<WordOrder> _byTime = new(2, new WordOrder(2), new PageVersions());

    [StructLayout(LayoutKind.Sequential)]
    private struct LeftRow
    {
        public long Weight;
        public long Time;
        public long Watermark;
        public long IsIndexed;
    }

    /// <param name="seed">The database's hash seed.</param>
    public TemporalJoinOperator(TemporalJoinSpec spec, ulong seed)
    {
        _spec = spec;
        _left = new HeldRows(spec.LeftTypes, spec.LeftIsAppendOnly, sizeof(LeftRow), seed);
        _versions = new VersionRows(spec, seed);
        _pairs = new TemporalPairs(spec);
        _leftKeys = [.. spec.LeftKeys];
    }

    public override long StateRows => _left.Rows + _versions.Rows;

    public override long StateBytes => _left.Bytes + _byTime.Bytes + _versions.Bytes;

    public override long DueWatermark
    {
        get
        {
            var from = stackalloc ulong[2];
            from[0] = from[1] = 0;
            var cursor = _byTime.Seek(from);
            return _byTime.TryRead(ref cursor, out var entry) ? OrderedKey.ToInt64(entry[0]) : EndWatermark;
        }
    }

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var scratch = BatchMemory.Create();
        var times = batch.Columns[port == 0 ? _spec.LeftTime : _spec.RightTime].Flatten(batch.Rows, scratch);
        var rows = scratch.Allocate<int>(batch.Count);
        var unmatched = scratch.Allocate<int>(batch.Count);
        var (count, unmatchedCount) = (0, 0);
        var keys = port == 0 ? _spec.LeftKeys : _spec.RightKeys;
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            var isNull = times.IsNull(row);
            foreach (var key in keys) isNull |= batch.Columns[key].IsNull(row);
            if (isNull) unmatched[unmatchedCount++] = row;
            else rows[count++] = row;
        }

        if (port == 1) _versions.Add(batch, rows, count, times.As<long>(), scratch);
        else Hold(batch, rows, count, times.As<long>(), scratch);
        if (port == 0 && unmatchedCount > 0 && _spec.IsLeftOuter) _ready.Enqueue(_pairs.Padded(batch, unmatched, unmatchedCount));
        scratch.Release();
        batch.Release();
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        _pairs.Begin(step);
        _watermark = watermark;
        _isEnding = true;
    }

    public override Batch? Produce(StepContext step)
    {
        while (true)
        {
            if (_ready.TryDequeue(out var ready)) return ready;
            if (!_isEnding) return null;
            if (!LetGo())
            {
                _versions.DropUntil(_watermark);
                _isEnding = false;
            }
        }
    }

    public override void EndOfStep()
    {
        _left.EndOfStep();
        _versions.EndOfStep();
    }

    public override int Sides => 1;

    public override Batch? TakeSide(int side) => side == 0 ? _pairs.Errors.Take() : null;

    public override void Dispose()
    {
        // Only a step that was broken off leaves them.
        foreach (var batch in _ready) batch.Release();
        _left.Dispose();
        _versions.Dispose();
        _byTime.Dispose();
        base.Dispose();
    }

    private void Hold(Batch batch, int* rows, int count, long* times, BatchMemory scratch)
    {
        if (count == 0) return;
        var slots = scratch.Allocate<int>(count);
        var owned = (byte**)scratch.Allocate<nint>(count);
        _left.Place(batch, rows, count, scratch, slots, owned);
        for (var i = 0; i < count; i++) *(long*)owned[i] = checked(*(long*)owned[i] + batch.WeightOf(rows[i]));
        var words = stackalloc ulong[2];
        for (var i = 0; i < count; i++)
        {
            var row = (LeftRow*)owned[i];
            words[1] = (uint)slots[i];
            if (row->Weight != 0 && row->IsIndexed == 0)
            {
                row->IsIndexed = 1;
                row->Time = times[rows[i]];
                row->Watermark = batch.RowWatermarks is null ? NoWatermark : batch.RowWatermarks[rows[i]];
                words[0] = OrderedKey.Of(Math.Max(row->Time, row->Watermark));
                _byTime.Put(words, 0);
            }
            else if (row->Weight == 0 && row->IsIndexed >= 0)
            {
                words[0] = OrderedKey.Of(Math.Max(row->Time, row->Watermark));
                if (row->IsIndexed > 0) _byTime.Remove(words);
                // A mark, for rows that a batch has twice.
                row->IsIndexed = -1;
                _left.Remove(slots[i]);
            }
        }
    }

    /// <summary>Answers the next left rows that the watermark has reached; false when there are none.</summary>
    private bool LetGo()
    {
        var scratch = BatchMemory.Create();
        var slots = scratch.Allocate<int>(Batch.TypicalRows);
        var count = 0;
        var from = stackalloc ulong[2];
        var until = stackalloc ulong[2];
        from[0] = from[1] = 0;
        for (var cursor = _byTime.Seek(from); count < Batch.TypicalRows && _byTime.TryNext(ref cursor, out var entry) && OrderedKey.ToInt64(entry[0]) <= _watermark;)
        {
            slots[count++] = (int)entry[1];
            (until[0], until[1]) = (entry[0], entry[1] + 1);
        }

        if (count > 0)
        {
            _byTime.RemoveRange(from, until);
            Answer(slots, count, scratch);
        }

        scratch.Release();
        return count > 0;
    }

    private void Answer(int* slots, int count, BatchMemory scratch)
    {
        var left = _left.ReadBatch(slots, count, BatchMemory.Create());
        var rows = scratch.Allocate<int>(count);
        for (var i = 0; i < count; i++) rows[i] = i;
        var keys = scratch.Allocate<int>(count);
        _versions.FindKeys(left, _leftKeys, rows, count, keys, scratch);
        var paired = scratch.Allocate<int>(count);
        var versions = scratch.Allocate<int>(count);
        var has = scratch.Allocate<byte>(count);
        var pairs = 0;
        for (var i = 0; i < count; i++)
        {
            var row = (LeftRow*)_left.At(slots[i]);
            has[i] = 0;
            if (keys[i] == KeyedTable.None || !_versions.TryFind(keys[i], row->Time, Math.Max(row->Time, row->Watermark), out var version)) continue;
            paired[pairs] = i;
            versions[pairs++] = version;
        }

        if (pairs > 0) Pair(left, paired, versions, pairs, has, scratch);
        if (_spec.IsLeftOuter)
        {
            var alone = 0;
            for (var i = 0; i < count; i++)
                if (has[i] == 0) rows[alone++] = i;
            if (alone > 0) _ready.Enqueue(_pairs.Padded(left, rows, alone));
        }

        for (var i = 0; i < count; i++) _left.Remove(slots[i]);
        left.Release();
    }

    private void Pair(Batch left, int* paired, int* versions, int count, byte* has, BatchMemory scratch)
    {
        var memory = BatchMemory.Create();
        var taken = Freshet.Kernels.GatherKernel.Gather(left, paired, count, memory);
        var columns = new Column[_spec.LeftTypes.Length + _spec.RightTypes.Length];
        taken.Columns.CopyTo(columns, 0);
        for (var i = 0; i < _spec.RightTypes.Length; i++) columns[_spec.LeftTypes.Length + i] = _versions.Read(i, versions, count, memory);
        var stays = scratch.Allocate<byte>(count);
        var joined = _pairs.Restrict(new Batch(memory, columns, count) { Weights = taken.Weights }, stays);
        for (var i = 0; i < count; i++) has[paired[i]] = stays[i];
        if (joined.Count > 0) _ready.Enqueue(joined);
        else joined.Release();
    }
}
