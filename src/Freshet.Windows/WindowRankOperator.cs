using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Ranking;
using Freshet.Dataflow.Tables;
using Freshet.Kernels;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Windows;

/// <summary>What a Top-N within windows numbers.</summary>
/// <param name="Rank">The partition, of which the window's bounds are part, the order and the numbers.</param>
/// <param name="Input">The input's columns, with their names.</param>
/// <param name="EndColumn">The column of window_end.</param>
public sealed record WindowRankSpec(RankSpec Rank, Schema Input, int EndColumn, WindowClock Clock);

/// <summary>
/// Top-N and deduplication within windows: rows wait until their window closes, are numbered then, once, and forgotten; nothing
/// is taken back. A row whose window is closed at its own position is late (side output 1).
/// State: the rows of open windows. Cost: one search in an ordered index a row, and a sort of each window.
/// </summary>
public sealed unsafe class WindowRankOperator : Operator
{
    private readonly WindowRankSpec _spec;
    private readonly HeldRows _rows;
    private readonly SortKey[] _keys;
    private readonly LateRows _late = new();
    private readonly Queue<Batch> _ready = new();

    // What one close of windows takes, row by row and number by number; kept for their room.
    private readonly List<int> _slots = [];
    private readonly List<int> _taken = [];
    private readonly List<long> _numbers = [];

    // Words: end, row.
    private readonly OrderedIndex<WordOrder> _ends = new(2, new WordOrder(2), new PageVersions());

    /// <param name="seed">The database's hash seed.</param>
    public WindowRankOperator(WindowRankSpec spec, ulong seed)
    {
        _spec = spec;
        var rank = spec.Rank;
        _rows = new HeldRows(rank.Types, rank.IsAppendOnly, sizeof(long) * 2, seed);
        ImmutableArray<SortKey> position = rank.Position < 0 ? [] : [new SortKey(rank.Position)];
        _keys = [new SortKey(spec.EndColumn), .. rank.Partition.Select(c => new SortKey(c)), .. rank.Order, .. position, .. Enumerable.Range(0, rank.Types.Length).Select(c => new SortKey(c))];
    }

    public override long StateRows => _rows.Rows;

    public override long StateBytes => _rows.Bytes + _ends.Bytes;

    public override long DueWatermark => !_spec.Clock.IsProcessingTime && NextEnd() is var end && end != long.MaxValue ? WindowKernel.LastMoment(end, _spec.Clock.Zone) : EndWatermark;

    public override long DueClock => _spec.Clock.IsProcessingTime && NextEnd() is var end && end != long.MaxValue ? WindowKernel.LastMoment(end, _spec.Clock.Zone) + WindowKernel.TimeBeforeEndMicros : EndWatermark;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var scratch = BatchMemory.Create();
        var ends = batch.Columns[_spec.EndColumn].Flatten(batch.Rows, scratch).As<long>();
        var watermarks = _spec.Clock.IsProcessingTime ? null : batch.RowWatermarks;
        var kept = scratch.Allocate<int>(batch.Count);
        var late = scratch.Allocate<int>(batch.Count);
        var (keptCount, lateCount) = (0, 0);
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            if (watermarks is not null && WindowKernel.ClosedEnd(watermarks[row], _spec.Clock.Zone) >= ends[row]) late[lateCount++] = row;
            else kept[keptCount++] = row;
        }

        if (lateCount > 0)
        {
            var last = scratch.Allocate<long>(batch.Rows);
            WindowKernel.LastMoments(ends, batch.Rows, _spec.Clock.Zone, last);
            _late.Add(batch, late, lateCount, last, NoWatermark);
        }

        Hold(batch, kept, keptCount, ends, scratch);
        scratch.Release();
        batch.Release();
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        var closed = _spec.Clock.ClosedEnd(step, watermark);
        Take(closed);
        if (_slots.Count == 0) return;
        fixed (int* list = CollectionsMarshal.AsSpan(_slots)) Number(_rows.ReadBatch(list, _slots.Count, BatchMemory.Create()));
    }

    public override Batch? Produce(StepContext step) => _ready.TryDequeue(out var batch) ? batch : null;

    public override void EndOfStep() => _rows.EndOfStep();

    public override int Sides => 2;

    public override Batch? TakeSide(int side) => side == 1 ? _late.Take() : null;

    public override void Dispose()
    {
        // Only a step that was broken off leaves them.
        foreach (var batch in _ready) batch.Release();
        _rows.Dispose();
        _ends.Dispose();
        base.Dispose();
    }

    private long NextEnd()
    {
        var from = stackalloc ulong[2];
        from[0] = from[1] = 0;
        var cursor = _ends.Seek(from);
        return _ends.TryRead(ref cursor, out var entry) ? OrderedKey.ToInt64(entry[0]) : long.MaxValue;
    }

    private void Hold(Batch batch, int* rows, int count, long* ends, BatchMemory scratch)
    {
        if (count == 0) return;
        var slots = scratch.Allocate<int>(count);
        var owned = (byte**)scratch.Allocate<nint>(count);
        _rows.Place(batch, rows, count, scratch, slots, owned);
        for (var i = 0; i < count; i++) *(long*)owned[i] = checked(*(long*)owned[i] + batch.WeightOf(rows[i]));
        var words = stackalloc ulong[2];
        for (var i = 0; i < count; i++)
        {
            var state = (long*)owned[i];
            (words[0], words[1]) = (OrderedKey.Of(ends[rows[i]]), (uint)slots[i]);
            if (state[0] != 0 && state[1] == 0)
            {
                state[1] = 1;
                _ends.Put(words, 0);
            }
            else if (state[0] == 0 && state[1] >= 0)
            {
                _ends.Remove(words);
                // A mark, for rows that a batch has twice.
                state[1] = -1;
                _rows.Remove(slots[i]);
            }
        }
    }

    /// <summary>Forgets the rows of windows that have closed; they stay readable until the end of the step.</summary>
    private void Take(long closed)
    {
        _slots.Clear();
        var from = stackalloc ulong[2];
        var until = stackalloc ulong[2];
        from[0] = from[1] = 0;
        for (var cursor = _ends.Seek(from); _ends.TryNext(ref cursor, out var entry) && OrderedKey.ToInt64(entry[0]) <= closed;)
        {
            _slots.Add((int)entry[1]);
            (until[0], until[1]) = (entry[0], entry[1] + 1);
        }

        if (_slots.Count > 0) _ends.RemoveRange(from, until);
        foreach (var slot in _slots) _rows.Remove(slot);
    }

    /// <summary>Numbers the rows of the windows that close; takes over the batch.</summary>
    private void Number(Batch batch)
    {
        var scratch = BatchMemory.Create();
        var rows = scratch.Allocate<int>(batch.Rows);
        for (var i = 0; i < batch.Rows; i++) rows[i] = i;
        var weights = scratch.Allocate<long>(batch.Rows);
        var count = ConsolidateKernel.Consolidate(batch, rows, batch.Rows, weights, scratch, _keys);
        // A row of weight n has n numbers; each is an entry of its own where numbers are given.
        _taken.Clear();
        _numbers.Clear();
        var rank = _spec.Rank;
        var (number, before, dense) = (0L, 0L, 0L);
        for (var i = 0; i < count; i++)
        {
            var isNew = i == 0 || !AreEqual(batch, rank.Partition, rows[i], rows[i - 1]);
            if (isNew) (before, dense) = (0, 0);
            var isTie = !isNew && rank.Function != RankFunction.RowNumber && SortKernel.Compare(batch.Columns, rank.Order.AsSpan(), rows[i], rows[i - 1]) == 0;
            if (!isTie) (number, dense) = (before + 1, dense + 1);
            var copies = Math.Max(0, weights[i]);
            for (long copy = 0; copy < copies; copy++)
            {
                var given = rank.Function switch { RankFunction.RowNumber => before + 1 + copy, RankFunction.Rank => number, _ => dense };
                if (given < rank.First) continue;
                if (given > rank.Last) break;
                _taken.Add(rows[i]);
                _numbers.Add(given);
            }

            before += copies;
        }

        for (var from = 0; from < _taken.Count; from += Batch.TypicalRows) Emit(batch, from, Math.Min(Batch.TypicalRows, _taken.Count - from));
        scratch.Release();
        batch.Release();
    }

    private void Emit(Batch batch, int from, int count)
    {
        var memory = BatchMemory.Create();
        var rows = memory.Allocate<int>(count);
        for (var i = 0; i < count; i++) rows[i] = _taken[from + i];
        var all = GatherKernel.Gather(batch, rows, count, memory);
        var number = Column.Allocate(PhysicalKind.Int64, count, memory);
        for (var i = 0; i < count; i++) number.As<long>()[i] = _numbers[from + i];
        Column[] columns = [.. _spec.Rank.Output.Select(c => c == _spec.Rank.Types.Length ? number : all.Columns[c])];
        _ready.Enqueue(new Batch(memory, columns, count));
    }

    private static bool AreEqual(Batch batch, ImmutableArray<int> columns, int left, int right)
    {
        foreach (var column in columns)
            if (!CompareKernel.ValuesEqual(batch.Columns[column], left, batch.Columns[column], right)) return false;
        return true;
    }
}
