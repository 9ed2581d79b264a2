using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow;
using Freshet.Dataflow.Joins;
using Freshet.Dataflow.Tables;
using Freshet.Kernels;
using Freshet.State.Ordering;

namespace Freshet.Windows.TimedJoins;

/// <summary>
/// Interval joins and window joins: each batch is added to its side and matched with the other's rows of the same key whose time
/// lies in reach, so each pair meets once, when the later of the two comes. When the watermark (or the clock) proves that no partner can come any
/// more, a row gives its row with NULLs if it never had a match, and is forgotten: nothing is ever taken back.
/// <para>Late is a function of the rows: two rows match only if neither was out of reach at the other's own position. A
/// row whose window is closed at its own position is late: it matches nothing, and is a row of side output 1 (left) or 2 (right).
/// A row with a NULL in its key or without a time matches nothing.</para>
/// Side output 0: pairs on which the residual condition fails, which count as no match.
/// State: the rows that can still find a partner. Cost: four searches in ordered indexes a row, one for each probe, a few ns a pair and column;
/// of a window join none, as the rows of a window are a list.
/// </summary>
public sealed unsafe class TimedJoinOperator : Operator
{
    private readonly TimedJoinSpec _spec;
    private readonly TimedSide[] _sides;
    private readonly int[][] _keys;
    private readonly LateRows[] _late = [new(), new()];
    private readonly PairCondition _condition;
    private readonly int _leftCount;
    private readonly Queue<Batch> _ready = new();

    private Batch? _probing;
    private BatchMemory? _scratch;
    private int _port;
    private int* _rows;
    private int* _ownSlots;
    private int* _otherKeys;
    private int _count;
    private int _probe;
    private OrderedCursor _cursor;
    private int _next;
    private bool _isWalking;
    private long _until = long.MinValue;
    private bool _isEnding;

    /// <param name="seed">The database's hash seed.</param>
    public TimedJoinOperator(TimedJoinSpec spec, ulong seed)
    {
        _spec = spec;
        _sides = [new TimedSide(spec.Left.Types, spec.KeysOf(0), spec.IsWindow, seed), new TimedSide(spec.Right.Types, spec.KeysOf(1), spec.IsWindow, seed)];
        _keys = [[.. spec.Left.Keys], [.. spec.Right.Keys]];
        _leftCount = spec.Left.Types.Length;
        _condition = new PairCondition(spec.Residual, spec.TimeZone);
    }

    public override long StateRows => _sides[0].Rows + _sides[1].Rows;

    public override long StateBytes => _sides[0].Bytes + _sides[1].Bytes;

    public override long DueWatermark => _spec.Clock.IsProcessingTime ? EndWatermark : _spec.IsWindow ? Due(true) : DueInterval;

    public override long DueClock => _spec.Clock.IsProcessingTime ? DueInterval : EndWatermark;

    public override long OutputWatermark(long watermark) => watermark is NoWatermark or EndWatermark ? watermark : watermark - _spec.DelayMicros;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        _condition.Begin(step);
        _port = port;
        _probing = batch;
        _scratch = BatchMemory.Create();
        var times = batch.Columns[_spec.Side(port).Time].Flatten(batch.Rows, _scratch);
        _rows = _scratch.Allocate<int>(batch.Count);
        var unmatched = _scratch.Allocate<int>(batch.Count);
        var late = _scratch.Allocate<int>(batch.Count);
        var (unmatchedCount, lateCount) = (0, 0);
        _count = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            if (_spec.IsWindow && IsLate(batch, row, times.As<long>()[row])) late[lateCount++] = row;
            else if (times.IsNull(row) || HasNullKey(batch, port, row)) unmatched[unmatchedCount++] = row;
            else _rows[_count++] = row;
        }

        if (lateCount > 0) AddLate(batch, late, lateCount, times.As<long>());
        if (unmatchedCount > 0 && _spec.Keeps(port)) _ready.Enqueue(Padded(port, batch.Columns, batch, unmatched, unmatchedCount));
        _ownSlots = _scratch.Allocate<int>(_count);
        _sides[port].Add(batch, _rows, _count, times.As<long>(), _ownSlots, _scratch);
        _otherKeys = _scratch.Allocate<int>(_count);
        _sides[1 - port].FindKeys(batch, _sides[port].KeyColumns, _rows, _count, _otherKeys, _scratch);
        _probe = 0;
        _isWalking = false;
    }

    public override Batch? Produce(StepContext step)
    {
        while (true)
        {
            if (_ready.TryDequeue(out var ready)) return ready;
            if (_probing is not null)
            {
                if (NextPairs() is { } pairs) return pairs;
                _probing.Release();
                _scratch!.Release();
                (_probing, _scratch) = (null, null);
            }

            if (!_isEnding) return null;
            _isEnding = Expire(0) | Expire(1);
        }
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        if (_spec.IsWindow) _until = _spec.Clock.ClosedEnd(step, watermark);
        // A partner may still come where the watermark (or the clock) is just what a row reaches.
        else if (_spec.Clock.IsProcessingTime && watermark != EndWatermark) _until = step.ClockMicros - 1;
        else _until = watermark is NoWatermark or EndWatermark ? watermark : watermark - 1;
        _isEnding = true;
    }

    public override void EndOfStep()
    {
        _sides[0].EndOfStep();
        _sides[1].EndOfStep();
    }

    public override int Sides => 3;

    public override Batch? TakeSide(int side) => side switch
    {
        0 => _condition.Errors.Take(),
        1 or 2 => _late[side - 1].Take(),
        _ => null,
    };

    public override void Dispose()
    {
        // Only a step that was broken off leaves them.
        foreach (var batch in _ready) batch.Release();
        _probing?.Release();
        _scratch?.Release();
        _sides[0].Dispose();
        _sides[1].Dispose();
        base.Dispose();
    }

    private long DueInterval => Due(false) is var due and not EndWatermark ? due + 1 : EndWatermark;

    private long Due(bool isWindow)
    {
        var due = EndWatermark;
        for (var port = 0; port < 2; port++)
            if (_sides[port].TryOldest(out var time)) due = Math.Min(due, isWindow ? WindowKernel.LastMoment(time, _spec.Clock.Zone) : time + _spec.Reach(port));
        return due;
    }

    private bool IsLate(Batch batch, int row, long end) =>
        batch.RowWatermarks is not null && !_spec.Clock.IsProcessingTime && WindowKernel.ClosedEnd(batch.RowWatermarks[row], _spec.Clock.Zone) >= end;

    private bool HasNullKey(Batch batch, int port, int row)
    {
        for (var i = 0; i < _keys[port].Length; i++)
            if (batch.Columns[_keys[port][i]].IsNull(row) && !_spec.NullSafe.Contains(i)) return true;
        return false;
    }

    private void AddLate(Batch batch, int* late, int count, long* ends)
    {
        var last = _scratch!.Allocate<long>(batch.Rows);
        WindowKernel.LastMoments(ends, batch.Rows, _spec.Clock.Zone, last);
        _late[_port].Add(batch, late, count, last, NoWatermark);
    }

    /// <summary>The next pairs of the batch that is being matched; null when there are no more.</summary>
    private Batch? NextPairs()
    {
        var other = _sides[1 - _port];
        var probes = _scratch!.Allocate<int>(Batch.TypicalRows);
        var stored = _scratch.Allocate<int>(Batch.TypicalRows);
        while (_probe < _count)
        {
            var count = 0;
            while (_probe < _count && count < Batch.TypicalRows)
            {
                if (!TryNextStored(other, out var slot))
                {
                    _probe++;
                    continue;
                }

                if (!_spec.IsWindow && !AreInReach(_sides[_port].At(_ownSlots[_probe]), other.At(slot))) continue;
                probes[count] = _probe;
                stored[count++] = slot;
            }

            if (count > 0 && MakeBatch(probes, stored, count) is { } batch) return batch;
        }

        return null;
    }

    /// <summary>The next stored row whose time lies in reach of the probing row.</summary>
    private bool TryNextStored(TimedSide other, out int slot)
    {
        slot = 0;
        var key = _otherKeys[_probe];
        if (key == KeyedTable.None) return false;
        if (_spec.IsWindow) return TryNextOfWindow(other, key, out slot);
        var time = _sides[_port].At(_ownSlots[_probe])->Time;
        var (low, high) = _port == 0 ? (time + _spec.LowMicros, time + _spec.HighMicros) : (time - _spec.HighMicros, time - _spec.LowMicros);
        if (!_isWalking)
        {
            var from = stackalloc ulong[3];
            (from[0], from[1], from[2]) = ((uint)key, OrderedKey.Of(low), 0);
            _cursor = other.ByKey.Seek(from);
            _isWalking = true;
        }

        if (other.ByKey.TryNext(ref _cursor, out var entry) && entry[0] == (uint)key && OrderedKey.ToInt64(entry[1]) <= high)
        {
            slot = (int)entry[2];
            return true;
        }

        _isWalking = false;
        return false;
    }

    private bool TryNextOfWindow(TimedSide other, int key, out int slot)
    {
        if (!_isWalking) _next = other.FirstOf(key);
        _isWalking = _next != 0;
        slot = _next - 1;
        if (_isWalking) _next = other.At(slot)->Next;
        return _isWalking;
    }

    /// <summary>Whether neither row was out of reach at the position of the other.</summary>
    private bool AreInReach(TimedRow* own, TimedRow* other)
    {
        if (_spec.Clock.IsProcessingTime) return true;
        return IsInReach(own, _port, other->Watermark) && IsInReach(other, 1 - _port, own->Watermark);
    }

    private bool IsInReach(TimedRow* row, int port, long watermark) => watermark == NoWatermark || row->Time + _spec.Reach(port) >= watermark;

    private Batch? MakeBatch(int* probes, int* stored, int count)
    {
        var memory = BatchMemory.Create();
        var rows = memory.Allocate<int>(count);
        var weights = memory.Allocate<long>(count);
        long* watermarks = null;
        for (var i = 0; i < count; i++)
        {
            rows[i] = _rows[probes[i]];
            var own = _sides[_port].At(_ownSlots[probes[i]]);
            var other = _sides[1 - _port].At(stored[i]);
            weights[i] = checked(own->Weight * other->Weight);
            var watermark = Math.Max(own->Watermark, other->Watermark);
            if (watermark == NoWatermark || _spec.IsWindow) continue;
            if (watermarks is null) new Span<long>(watermarks = memory.Allocate<long>(count), count).Fill(NoWatermark);
            watermarks[i] = watermark - _spec.DelayMicros;
        }

        var all = new Column[_leftCount + _spec.Right.Types.Length];
        for (var column = 0; column < all.Length; column++) Fill(all, column, rows, stored, count, memory);
        var joined = new Batch(memory, all, count) { Weights = weights, RowWatermarks = watermarks };
        _condition.Restrict(joined);
        return Matched(joined, probes, stored);
    }

    private void Fill(Column[] all, int column, int* rows, int* stored, int count, BatchMemory memory)
    {
        var isOwn = column < _leftCount == (_port == 0);
        var place = column < _leftCount ? column : column - _leftCount;
        if (!isOwn)
        {
            all[column] = _sides[1 - _port].Read(place, stored, count, memory);
            return;
        }

        var points = false;
        all[column] = GatherKernel.Gather(_probing!.Columns[place], rows, count, memory, ref points);
        if (points) memory.Retain(_probing.Memory);
    }

    /// <summary>Remembers who has had a match, and gives what leaves now: the pairs, or the left rows that match for the first time.</summary>
    private Batch? Matched(Batch joined, int* probes, int* stored)
    {
        var firsts = joined.Memory.Allocate<int>(joined.Count);
        var count = 0;
        for (var i = 0; i < joined.Count; i++)
        {
            var pair = joined.RowAt(i);
            var own = _sides[_port].At(_ownSlots[probes[pair]]);
            var other = _sides[1 - _port].At(stored[pair]);
            var left = _port == 0 ? own : other;
            if (left->IsMatched == 0 && _spec.Kind == JoinKind.Semi)
            {
                firsts[count++] = pair;
                joined.Weights[pair] = left->Weight;
            }

            own->IsMatched = other->IsMatched = 1;
        }

        if (_spec.IsLeftOnly)
        {
            var rows = joined.WithColumns(BatchMemory.Create(), joined.Columns[.._leftCount]);
            joined.Release();
            if (_spec.Kind == JoinKind.Semi && count > 0)
            {
                rows.Select(firsts, count);
                return rows;
            }

            rows.Release();
            return null;
        }

        if (joined.Count > 0) return joined;
        joined.Release();
        return null;
    }

    /// <summary>Forgets rows that no partner can come for; whether there may be more.</summary>
    private bool Expire(int port)
    {
        var memory = BatchMemory.Create();
        var slots = memory.Allocate<int>(Batch.TypicalRows);
        var until = _until is NoWatermark or EndWatermark ? _until : _until - _spec.Reach(port);
        var taken = _until == NoWatermark ? 0 : _sides[port].TakeUntil(until, slots, Batch.TypicalRows);
        var count = 0;
        for (var i = 0; i < taken; i++)
            if (_sides[port].At(slots[i])->IsMatched == 0) slots[count++] = slots[i];
        if (count > 0 && _spec.Keeps(port))
        {
            var columns = new Column[_spec.Side(port).Types.Length];
            for (var i = 0; i < columns.Length; i++) columns[i] = _sides[port].Read(i, slots, count, memory);
            var batch = new Batch(memory, columns, count) { Weights = memory.Allocate<long>(count) };
            for (var i = 0; i < count; i++) batch.Weights[i] = _sides[port].At(slots[i])->Weight;
            _ready.Enqueue(Padded(port, columns, batch, null, 0));
            batch.Release();
        }
        else
        {
            memory.Release();
        }

        return taken == Batch.TypicalRows;
    }

    /// <summary>Rows of one side with NULLs for the other's columns; all, or those listed.</summary>
    private Batch Padded(int port, Column[] columns, Batch batch, int* rows, int count)
    {
        var memory = BatchMemory.Create();
        Batch padded;
        if (_spec.IsLeftOnly)
        {
            padded = batch.WithColumns(memory, columns);
        }
        else
        {
            var nulls = _spec.Side(1 - port).Types.Select(t => Column.ConstantNull(t.Physical, memory));
            padded = batch.WithColumns(memory, port == 0 ? [.. columns, .. nulls] : [.. nulls, .. columns]);
        }

        padded.RowWatermarks = null;
        if (rows is null) return padded;
        var selection = memory.Allocate<int>(count);
        new ReadOnlySpan<int>(rows, count).CopyTo(new Span<int>(selection, count));
        padded.Select(selection, count);
        return padded;
    }
}
