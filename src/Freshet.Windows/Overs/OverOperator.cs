using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow;
using Freshet.Dataflow.Ranking;
using Freshet.Kernels;
using Freshet.State.Rows;

namespace Freshet.Windows.Overs;

/// <summary>
/// OVER under change: rows by partition in order; at the end of the step the rows of each touched partition that a change can
/// reach are computed twice, from the rows before the step and from those after it, and the difference leaves. With
/// <see cref="OverEmission.AtEnd"/> that happens once, when all input has ended. A row of weight n is n rows.
/// State: all rows.
/// Cost: for each touched partition, the rows within reach of its changes: with a frame of n rows about n more than have
/// changed, otherwise the partition.
/// Output in order of first touch of the partitions, then of their rows.
/// </summary>
public sealed unsafe class OverOperator : Operator
{
    private readonly OverSpec _spec;
    private readonly OrderedRows _rows;
    private readonly OverEvaluator _evaluator;
    private readonly List<uint> _before = [];
    private readonly List<uint> _after = [];
    private readonly Queue<Batch> _ready = new();
    private int _partition;
    private bool _ending;

    /// <param name="seed">The database's hash seed.</param>
    public OverOperator(OverSpec spec, ulong seed)
    {
        _spec = spec;
        _rows = new OrderedRows(spec.Types, spec.Partition, spec.Order, spec.Position, spec.IsAppendOnly, seed) { KnowsChangedRange = true };
        _evaluator = new OverEvaluator(spec, seed);
    }

    public override long StateRows => _rows.Rows;

    public override long StateBytes => _rows.Bytes;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var scratch = BatchMemory.Create();
        var rows = RowNumbers.Of(batch);
        var partitions = scratch.Allocate<int>(batch.Count);
        var words = scratch.Allocate<ulong>(batch.Count);
        _rows.FindPartitions(batch, rows, batch.Count, scratch, partitions);
        _rows.Words(batch, rows, batch.Count, words);
        _rows.Add(batch, rows, batch.Count, partitions, words, scratch);
        scratch.Release();
        batch.Release();
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        if (_spec.Emission == OverEmission.AtEnd && watermark != EndWatermark) return;
        _ending = true;
        _partition = 0;
    }

    public override Batch? Produce(StepContext step)
    {
        while (_ending)
        {
            if (_ready.TryDequeue(out var batch)) return batch;
            if (_partition < _rows.Touched.Count)
            {
                Compare(_rows.Touched[_partition++]);
                continue;
            }

            _rows.Commit();
            _ending = false;
        }

        return null;
    }

    public override void EndOfStep()
    {
        _rows.EndOfStep();
        _evaluator.EndOfStep();
    }

    public override void Dispose()
    {
        while (_ready.TryDequeue(out var batch)) batch.Release();
        _rows.Dispose();
        _evaluator.Dispose();
        base.Dispose();
    }

    private void Compare(int partition)
    {
        var reach = Collect(partition);
        var (before, oldResults) = Results(_before, reach.OldFirst, reach.OldEnd);
        var (after, newResults) = Results(_after, reach.NewFirst, reach.NewEnd);
        var olds = before.Memory.Allocate<int>(_before.Count + 1);
        var news = after.Memory.Allocate<int>(_after.Count + 1);
        var (oldCount, newCount) = (0, 0);
        var (o, n) = (reach.OldFirst, reach.NewFirst);
        // Both lists are in one order, and copies of a row stand together.
        while (o < reach.OldEnd || n < reach.NewEnd)
        {
            var isBoth = o < reach.OldEnd && n < reach.NewEnd && _before[o] == _after[n];
            if (isBoth)
            {
                if (!AreEqual(oldResults, o, newResults, n))
                {
                    olds[oldCount++] = o;
                    news[newCount++] = n;
                }

                o++;
                n++;
            }
            else if (o < reach.OldEnd && (n >= reach.NewEnd || !_rows.IsBefore(_after[n], _before[o])))
            {
                olds[oldCount++] = o++;
            }
            else
            {
                news[newCount++] = n++;
            }
        }

        Emit(before, oldResults, olds, oldCount, -1);
        Emit(after, newResults, news, newCount, 1);
        before.Release();
        after.Release();
    }

    private readonly record struct Reach(int OldFirst, int OldEnd, int NewFirst, int NewEnd);

    /// <summary>Lists the rows that are needed, before and after the step, and finds those whose results can have changed.</summary>
    private Reach Collect(int partition)
    {
        _before.Clear();
        _after.Clear();
        var known = _rows.Partition(partition);
        var (firstChanged, lastChanged) = (known->FirstChanged, known->LastChanged);
        var isLocal = !_spec.IsRange && !_spec.From.IsUnbounded && !_spec.To.IsUnbounded;
        // A change is seen by rows so far before and after it, which look at rows as far from them again.
        var back = isLocal ? Bounded(_spec.To.Distance) : 0;
        var ahead = isLocal ? Bounded(-_spec.From.Distance) : 0;
        var cursor = isLocal ? _rows.At(Earlier(firstChanged, back + Math.Max(back, ahead))) : _rows.First(partition);
        var (oldFirst, newFirst, oldEnd, newEnd) = (-1, -1, -1, -1);
        var passed = false;
        var (oldPeers, newPeers) = (0, 0);
        var previous = StateTable.None;
        while (_rows.TryNext(ref cursor, partition, out var slot))
        {
            if (_spec.IsRange && oldFirst < 0 && previous != StateTable.None && !_rows.ArePeers(previous, slot)) (oldPeers, newPeers) = (_before.Count, _after.Count);
            previous = slot;
            if (slot == firstChanged) (oldFirst, newFirst) = _spec.IsRange ? (oldPeers, newPeers) : (_before.Count, _after.Count);
            var row = _rows.Peek(slot);
            for (var copies = row->Before; copies > 0; copies--) _before.Add(slot);
            for (var copies = row->After; copies > 0; copies--) _after.Add(slot);
            if (slot == lastChanged)
            {
                passed = true;
                (oldEnd, newEnd) = (_before.Count, _after.Count);
            }

            if (isLocal && passed && Math.Min(_before.Count - oldEnd, _after.Count - newEnd) >= ahead + Math.Max(back, ahead)) break;
        }

        if (isLocal)
        {
            return new Reach(
                (int)Math.Max(0, oldFirst - back),
                (int)Math.Min(_before.Count, oldEnd + ahead),
                (int)Math.Max(0, newFirst - back),
                (int)Math.Min(_after.Count, newEnd + ahead));
        }

        var isPast = !_spec.To.IsUnbounded && _spec.To.Distance <= 0 && _spec.To.Approximate <= 0;
        if (!isPast || (_spec.IsRange && !(_spec.From.IsUnbounded && _spec.To.IsCurrent))) return new Reach(0, _before.Count, 0, _after.Count);
        return new Reach(oldFirst, _before.Count, newFirst, _after.Count);
    }

    private static long Bounded(Int128 distance) => (long)Int128.Clamp(distance, 0, int.MaxValue / 4);

    /// <summary>The row so many rows before another, or the partition's first.</summary>
    private uint Earlier(uint slot, long rows)
    {
        // Rows that come with this step or leave with it count once more, so that both orders have enough.
        for (var left = rows; left > 0 && _rows.TryBefore(slot, out var before); slot = before)
        {
            var row = _rows.Peek(before);
            left -= Math.Min(row->Before, row->After);
        }

        return slot;
    }

    private (Batch Rows, Column[] Results) Results(List<uint> slots, int first, int end)
    {
        var memory = BatchMemory.Create();
        var list = memory.Allocate<uint>(slots.Count + 1);
        for (var i = 0; i < slots.Count; i++) list[i] = slots[i];
        var columns = new Column[_spec.Types.Length];
        for (var c = 0; c < columns.Length; c++) columns[c] = _rows.Read(c, list, slots.Count, memory);
        var rows = new Batch(memory, columns, slots.Count);
        return (rows, _evaluator.Evaluate(rows, first, end));
    }

    private static bool AreEqual(Column[] left, int leftRow, Column[] right, int rightRow)
    {
        for (var i = 0; i < left.Length; i++)
            if (!CompareKernel.ValuesEqual(left[i], leftRow, right[i], rightRow)) return false;
        return true;
    }

    private void Emit(Batch rows, Column[] results, int* selected, int count, long weight)
    {
        Column[] all = [.. rows.Columns, .. results];
        var output = new Column[_spec.Output.Length];
        for (var c = 0; c < output.Length; c++) output[c] = all[_spec.Output[c]];
        rows.Memory.AddReference();
        var whole = new Batch(rows.Memory, output, rows.Rows);
        for (var from = 0; from < count; from += Batch.TypicalRows)
        {
            var length = Math.Min(count - from, Batch.TypicalRows);
            var batch = GatherKernel.Gather(whole, selected + from, length, BatchMemory.Create());
            if (weight != 1)
            {
                batch.Weights = batch.Memory.Allocate<long>(length);
                new Span<long>(batch.Weights, length).Fill(weight);
            }

            _ready.Enqueue(batch);
        }

        whole.Release();
    }
}
