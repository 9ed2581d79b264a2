using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow;
using Freshet.Dataflow.Tables;
using Freshet.State.Ordering;
using Freshet.State.Pages;

namespace Freshet.Windows.TemporalFilters;

/// <summary>
/// A filter on the clock: a row comes when its time has come and leaves when it is over, by timers on the step's clock. What
/// a step gives is exact at its own reading, whatever steps came before: each row that was touched or is due gives the
/// difference between what it should be in the result now and what it is.
/// A row whose time is NULL, or over when it comes, is never in the result.
/// State: rows that are in the result and will leave it, or that will come. Cost: two searches in an ordered index a row.
/// </summary>
public sealed unsafe class TemporalFilterOperator : Operator
{
    private readonly TemporalFilterSpec _spec;
    private readonly HeldRows _rows;
    private readonly List<int> _touched = [];
    private int _next;
    private long _clock = NoWatermark;
    private bool _isEnding;

    // Words: time, row.
    private readonly OrderedIndex<WordOrder> _timers = new(2, new WordOrder(2), new PageVersions());

    [StructLayout(LayoutKind.Sequential)]
    private struct Row
    {
        public long Weight;

        /// <summary>The weight with which it is in the result.</summary>
        public long Given;
        public long From;
        public long Until;

        /// <summary>Where its timer stands; 0 for none.</summary>
        public long Timer;

        /// <summary>1 while it is listed among those touched.</summary>
        public int IsTouched;
    }

    /// <param name="seed">The database's hash seed.</param>
    public TemporalFilterOperator(TemporalFilterSpec spec, ulong seed)
    {
        _spec = spec;
        _rows = new HeldRows(spec.Types, spec.IsAppendOnly, sizeof(Row), seed);
    }

    public override long StateRows => _rows.Rows;

    public override long StateBytes => _rows.Bytes + _timers.Bytes;

    public override long DueClock => TimerFrom(0);

    public override long DueClockAfter(long clockMicros) => TimerFrom(OrderedKey.Of(clockMicros) + 1);

    public override long ClockStride(long clockMicros, int rows)
    {
        var from = stackalloc ulong[2];
        from[0] = from[1] = 0;
        var cursor = _timers.Seek(from);
        for (var i = 0; _timers.TryNext(ref cursor, out var entry) && OrderedKey.ToInt64(entry[0]) <= clockMicros; i++)
            if (i >= rows) return OrderedKey.ToInt64(entry[0]);
        return clockMicros;
    }

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var scratch = BatchMemory.Create();
        var first = _spec.From < 0 ? default : batch.Columns[_spec.From].Flatten(batch.Rows, scratch);
        var end = _spec.Until < 0 ? default : batch.Columns[_spec.Until].Flatten(batch.Rows, scratch);
        var rows = scratch.Allocate<int>(batch.Count);
        var count = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            if ((_spec.From < 0 || first.IsValid(row)) && (_spec.Until < 0 || (end.IsValid(row) && end.As<long>()[row] > step.ClockMicros))) rows[count++] = row;
        }

        var slots = scratch.Allocate<int>(count);
        var owned = (byte**)scratch.Allocate<nint>(count);
        _rows.Place(batch, rows, count, scratch, slots, owned);
        for (var i = 0; i < count; i++)
        {
            var row = (Row*)owned[i];
            row->Weight = checked(row->Weight + batch.WeightOf(rows[i]));
            row->From = _spec.From < 0 ? long.MinValue : first.As<long>()[rows[i]];
            row->Until = _spec.Until < 0 ? long.MaxValue : end.As<long>()[rows[i]];
            Touch(row, slots[i]);
        }

        scratch.Release();
        batch.Release();
    }

    public override void EndOfInput(StepContext step, long watermark)
    {
        _clock = step.ClockMicros;
        var from = stackalloc ulong[2];
        var until = stackalloc ulong[2];
        (from[0], from[1]) = (0, 0);
        (until[0], until[1]) = (OrderedKey.Of(_clock) + 1, 0);
        for (var cursor = _timers.Seek(from); _timers.TryNext(ref cursor, out var entry) && entry[0] < until[0];)
        {
            var slot = (int)entry[1];
            var row = (Row*)_rows.At(slot);
            row->Timer = 0;
            Touch(row, slot);
        }

        _timers.RemoveRange(from, until);
        _next = 0;
        _isEnding = true;
    }

    public override Batch? Produce(StepContext step)
    {
        if (!_isEnding) return null;
        var memory = BatchMemory.Create();
        var slots = memory.Allocate<int>(Batch.TypicalRows);
        var weights = memory.Allocate<long>(Batch.TypicalRows);
        var count = 0;
        for (; _next < _touched.Count && count < Batch.TypicalRows; _next++)
        {
            var change = Settle(_touched[_next]);
            if (change == 0) continue;
            slots[count] = _touched[_next];
            weights[count++] = change;
        }

        if (count == 0)
        {
            memory.Release();
            _touched.Clear();
            _isEnding = false;
            return null;
        }

        var columns = new Column[_spec.Types.Length];
        for (var i = 0; i < columns.Length; i++) columns[i] = _rows.Read(i, slots, count, memory);
        return new Batch(memory, columns, count) { Weights = weights };
    }

    public override void EndOfStep() => _rows.EndOfStep();

    public override void Dispose()
    {
        _rows.Dispose();
        _timers.Dispose();
        base.Dispose();
    }

    /// <summary>The first timer from a word on.</summary>
    private long TimerFrom(ulong word)
    {
        var from = stackalloc ulong[2] { word, 0 };
        var cursor = _timers.Seek(from);
        return _timers.TryRead(ref cursor, out var entry) ? OrderedKey.ToInt64(entry[0]) : EndWatermark;
    }

    private void Touch(Row* row, int slot)
    {
        if (row->IsTouched != 0) return;
        row->IsTouched = 1;
        _touched.Add(slot);
    }

    /// <summary>What a row gives now, and its next timer; a row that is over or gone leaves the state.</summary>
    private long Settle(int slot)
    {
        var row = (Row*)_rows.At(slot);
        row->IsTouched = 0;
        var target = row->From <= _clock && _clock < row->Until ? row->Weight : 0;
        var change = target - row->Given;
        row->Given = target;
        var isOver = row->Weight == 0 || _clock >= row->Until || (row->Until == long.MaxValue && row->From <= _clock && _spec.IsAppendOnly);
        var timer = isOver ? 0 : _clock < row->From ? row->From : row->Until == long.MaxValue ? 0 : row->Until;
        if (timer != row->Timer) SetTimer(row, slot, timer);
        if (isOver) _rows.Remove(slot);
        return change;
    }

    private void SetTimer(Row* row, int slot, long timer)
    {
        var words = stackalloc ulong[2];
        words[1] = (uint)slot;
        if (row->Timer != 0)
        {
            words[0] = OrderedKey.Of(row->Timer);
            _timers.Remove(words);
        }

        row->Timer = timer;
        if (timer == 0) return;
        words[0] = OrderedKey.Of(timer);
        _timers.Put(words, 0);
    }
}
