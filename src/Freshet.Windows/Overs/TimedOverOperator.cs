using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow;
using Freshet.Dataflow.Errors;
using Freshet.Dataflow.Ranking;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;

namespace Freshet.Windows.Overs;

/// <summary>
/// OVER in order of a time attribute, over rows that are only appended and frames that hold nothing that follows: a row is
/// computed once, when the watermark has passed its time.
/// <para>Late is a function of the row. Where the frame begins with the partition, a row is late when the watermark at its own position
/// has passed its time, as everything up to there has been summed; so it is for LAG alone, which Flink takes for such a frame. Otherwise it is late when that watermark has let out a row of
/// its key that does not come before it, as in Flink; with a length of time also when it is behind by half of that, so that the rows its
/// frame reaches need not be kept forever.</para>
/// Side output 0: rows without a time. Side output 1: late rows.
/// State: rows that wait for the watermark; then, for a frame from the partition's beginning, one state for each key, for n rows the
/// last n of each key, for a length of time the rows that are not older.
/// Cost: two searches of indexes for each row; a frame of n rows or a length of time is summed anew for each key and step that has rows to let out.
/// </summary>
public sealed unsafe class TimedOverOperator : Operator
{
    private readonly OverSpec _spec;
    private readonly OrderedRows _rows;
    private readonly OverEvaluator _evaluator;
    private readonly DueRows _due = new();
    private readonly Windows.LateRows _late = new();
    private readonly ErrorRows _errors = new([]);
    private readonly Queue<Batch> _ready = new();
    private readonly List<Batch> _suspects = [];
    private readonly List<int> _partitions = [];
    private readonly List<uint> _list = [];
    private readonly int _time;
    private readonly bool _isLateByWatermark;
    private long _watermark = NoWatermark;
    private int _partition;
    private bool _ending;

    /// <param name="seed">The database's hash seed.</param>
    public TimedOverOperator(OverSpec spec, ulong seed)
    {
        _spec = spec;
        _time = spec.Order[0].Column;
        _isLateByWatermark = spec.From.IsUnbounded || (!spec.Calls.IsEmpty && spec.Calls.All(c => c.Function == OverFunction.Lag));
        _evaluator = new OverEvaluator(spec, seed);
        _rows = new OrderedRows(spec.Types, spec.Partition, spec.Order, spec.Position, isAppendOnly: true, seed, sizeof(RowsBefore) + _evaluator.StateBytes, keepsPartitions: spec.From.IsUnbounded);
    }

    /// <summary>Late rows since the start.</summary>
    public long LateRows => _late.Total;

    public override long StateRows => _rows.Rows + (_spec.From.IsUnbounded ? _rows.Partitions : 0) + _evaluator.ExtraRows;

    public override long StateBytes => _rows.Bytes + _due.Bytes + _evaluator.ExtraBytes;

    public override long DueWatermark => _due.Next;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var scratch = BatchMemory.Create();
        var kept = scratch.Allocate<int>(batch.Count);
        var behind = scratch.Allocate<int>(batch.Count);
        var (keptCount, behindCount) = (0, 0);
        var times = batch.Columns[_time];
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            if (times.IsNull(row)) _errors.Add(row, "rowtime", "NULL", WindowAssignOperator.NullTimeReason, batch.WeightOf(row));
            else if (batch.RowWatermarks is null || times.As<long>()[times.IndexOf(row)] > batch.RowWatermarks[row]) kept[keptCount++] = row;
            else behind[behindCount++] = row;
        }

        _errors.Flush(batch);
        Add(batch, kept, keptCount, scratch);
        if (behindCount > 0)
        {
            if (_isLateByWatermark) _late.Add(batch, behind, behindCount, times.Flatten(batch.Rows, scratch).As<long>(), NoWatermark);
            else _suspects.Add(GatherKernel.Own(GatherKernel.Gather(batch, behind, behindCount, BatchMemory.Create())));
        }

        scratch.Release();
        batch.Release();
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        _watermark = Math.Max(_watermark, watermark);
        if (_suspects.Count > 0) Judge();
        _rows.Commit();
        _partitions.Clear();
        _due.TakeRows(_watermark, slot => Let((int)_rows.Peek(slot)->Partition));
        _partition = 0;
        _ending = true;
    }

    public override Batch? Produce(StepContext step)
    {
        while (_ending)
        {
            if (_ready.TryDequeue(out var batch)) return batch;
            if (_partition < _partitions.Count)
            {
                Fire(_partitions[_partition++]);
                continue;
            }

            _due.TakeExpired(_watermark, _rows.Remove);
            _ending = false;
        }

        return null;
    }

    public override void EndOfStep()
    {
        _rows.EndOfStep();
        _evaluator.EndOfStep();
    }

    public override int Sides => 2;

    public override Batch? TakeSide(int side) => side switch
    {
        0 => _errors.Take(),
        1 => _late.Take(),
        _ => null,
    };

    public override void Dispose()
    {
        // Only a step that was broken off leaves them.
        foreach (var batch in _ready.Concat(_suspects)) batch.Release();
        _rows.ForEachPartition(owned => _evaluator.Release((byte*)owned + sizeof(RowsBefore)));
        _rows.Dispose();
        _due.Dispose();
        _evaluator.Dispose();
        base.Dispose();
    }

    private void Add(Batch batch, int* rows, int count, BatchMemory scratch)
    {
        if (count == 0) return;
        var partitions = scratch.Allocate<int>(count);
        var words = scratch.Allocate<ulong>(count);
        _rows.FindPartitions(batch, rows, count, scratch, partitions);
        _rows.Words(batch, rows, count, words);
        var slots = _rows.Add(batch, rows, count, partitions, words, scratch);
        for (var i = 0; i < count; i++) _due.AddRow(words[i], slots[i]);
    }

    /// <summary>Rows that stand behind their own watermark, in order of position: they may still come before all that has been let out.</summary>
    private void Judge()
    {
        var scratch = BatchMemory.Create();
        var all = ConcatKernel.Concat(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_suspects), BatchMemory.Create());
        var order = scratch.Allocate<int>(all.Rows);
        for (var i = 0; i < all.Rows; i++) order[i] = i;
        if (_spec.Position >= 0) SortKernel.Sort(all.Columns, [new SortKey(_spec.Position)], order, all.Rows, scratch);
        var partitions = scratch.Allocate<int>(1);
        var times = all.Columns[_time].Flatten(all.Rows, scratch).As<long>();
        for (var i = 0; i < all.Rows; i++)
        {
            _rows.FindPartitions(all, order + i, 1, scratch, partitions);
            if (IsLate(all, order[i], partitions[0])) _late.Add(all, order + i, 1, times, NoWatermark);
            else Add(all, order + i, 1, scratch);
        }

        all.Release();
        foreach (var batch in _suspects) batch.Release();
        _suspects.Clear();
        scratch.Release();
    }

    private bool IsLate(Batch batch, int row, int partition)
    {
        ulong word;
        _rows.Words(batch, &row, 1, &word);
        var watermark = batch.RowWatermarks[row];
        if (_spec.IsRange && State.Ordering.OrderedKey.ToInt64(word) <= watermark - Half) return true;
        var known = _rows.Partition(partition);
        if (known->HasBound != 0 && known->Bound >= word) return true;
        var cursor = _rows.From(partition, word);
        while (_rows.TryNext(ref cursor, partition, out var slot))
        {
            var other = _rows.WordOf(slot);
            if (State.Ordering.OrderedKey.ToInt64(other) > watermark) return false;
            if (IsEarlier(slot, batch, row)) return true;
        }

        return false;
    }

    /// <summary>Half of the frame's length of time: how far behind its watermark a row may be.</summary>
    private Int128 Half => -_spec.From.Distance / 2;

    private bool IsEarlier(uint slot, Batch batch, int row)
    {
        if (_spec.Position < 0) return true;
        var memory = BatchMemory.Create();
        var position = _rows.Read(_spec.Position, &slot, 1, memory).As<Int128>()[0];
        memory.Release();
        return position < batch.Columns[_spec.Position].As<Int128>()[row];
    }

    private void Let(int partition)
    {
        if (_rows.Partition(partition)->IsTouched != 0) return;
        _rows.Partition(partition)->IsTouched = 1;
        _partitions.Add(partition);
    }

    /// <summary>Computes the rows of a partition that the watermark has passed and that were not let out before.</summary>
    private void Fire(int partition)
    {
        var known = _rows.Partition(partition);
        known->IsTouched = 0;
        _list.Clear();
        var first = -1;
        var cursor = _rows.First(partition);
        while (_rows.TryNext(ref cursor, partition, out var slot))
        {
            if (State.Ordering.OrderedKey.ToInt64(_rows.WordOf(slot)) > _watermark) break;
            var row = _rows.Row(slot);
            if (row->Mark == 0 && first < 0) first = _list.Count;
            row->Mark = 1;
            for (var copies = row->Before; copies > 0; copies--) _list.Add(slot);
        }

        if (first < 0) return;
        known->HasBound = 1;
        known->Bound = _rows.WordOf(_list[^1]);
        Emit(partition, first);
        Drop(first);
    }

    private void Emit(int partition, int first)
    {
        var memory = BatchMemory.Create();
        var slots = memory.Allocate<uint>(_list.Count);
        for (var i = 0; i < _list.Count; i++) slots[i] = _list[i];
        var columns = new Column[_spec.Types.Length];
        for (var c = 0; c < columns.Length; c++) columns[c] = _rows.Read(c, slots, _list.Count, memory);
        var rows = new Batch(memory, columns, _list.Count);
        Column[] results;
        if (_spec.From.IsUnbounded)
        {
            var owned = _rows.Owned(partition);
            results = _evaluator.Continue(rows, ref *(RowsBefore*)owned, owned + sizeof(RowsBefore), partition);
        }
        else
        {
            results = _evaluator.Evaluate(rows, first, _list.Count);
        }

        Column[] all = [.. columns, .. results];
        var output = new Column[_spec.Output.Length];
        for (var c = 0; c < output.Length; c++) output[c] = all[_spec.Output[c]];
        memory.AddReference();
        var whole = new Batch(memory, output, _list.Count);
        var numbers = memory.Allocate<int>(_list.Count);
        for (var i = first; i < _list.Count; i++) numbers[i] = i;
        for (var from = first; from < _list.Count; from += Batch.TypicalRows)
            _ready.Enqueue(GatherKernel.Gather(whole, numbers + from, Math.Min(_list.Count - from, Batch.TypicalRows), BatchMemory.Create()));
        whole.Release();
        rows.Release();
    }

    /// <summary>Drops the rows that no later frame reaches.</summary>
    private void Drop(int first)
    {
        if (_spec.IsRange && !_spec.From.IsUnbounded)
        {
            for (var i = first; i < _list.Count; i++)
                if (i == first || _list[i] != _list[i - 1]) _due.AddExpiry(State.Ordering.OrderedKey.ToInt64(_rows.WordOf(_list[i])) - _spec.From.Distance + Half, _list[i]);
            return;
        }

        var kept = _spec.From.IsUnbounded ? 0 : (int)Int128.Clamp(-_spec.From.Distance, 0, int.MaxValue);
        var end = _list.Count - Math.Min(kept, _list.Count);
        for (var i = 0; i < end; i++)
            if ((i == 0 || _list[i] != _list[i - 1]) && (end == _list.Count || _list[i] != _list[end])) _rows.Remove(_list[i]);
    }
}
