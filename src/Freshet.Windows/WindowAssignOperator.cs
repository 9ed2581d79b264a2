using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Errors;

namespace Freshet.Windows;

/// <summary>
/// TUMBLE, HOP and CUMULATE as table functions: each row once for each of its windows, with the window's bounds as columns.
/// Stateless: closes nothing, so no row is late here. Weights and row watermarks pass. The input's columns are shared, not
/// copied: n windows make n batches over the same columns, one for each call (HOP: latest window first; CUMULATE: shortest).
/// A row without a time belongs to no window and is a row of side output 0.
/// Cost: a few ns a row and window.
/// </summary>
public sealed unsafe class WindowAssignOperator(WindowAssignSpec spec) : Operator
{
    private readonly ErrorRows _errors = new(spec.PositionColumns);
    private Batch? _input;
    private BatchMemory? _memory;
    private long* _starts;
    private int _next;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        _memory = BatchMemory.Create();
        _input = DropNullTimes(batch);
        _starts = _memory.Allocate<long>(_input.Rows);
        WindowKernel.SlideStarts(_input.Columns[spec.TimeColumn], _input.Rows, spec.Window, _memory, _starts);
        _next = 0;
    }

    public override Batch? Produce(StepContext step)
    {
        if (_input is null) return null;
        if (_next == spec.Window.Count || _input.Count == 0)
        {
            Release();
            return null;
        }

        var memory = BatchMemory.Create();
        var inputs = _input.Columns.Length;
        var columns = new Column[inputs + 3];
        _input.Columns.CopyTo(columns, 0);
        for (var i = 0; i < 3; i++) columns[inputs + i] = Column.Allocate(PhysicalKind.Int64, _input.Rows, memory);
        var starts = columns[inputs].As<long>();
        var ends = columns[inputs + 1].As<long>();
        var output = spec.Window.Shape == WindowShape.Cumulate ? Cumulate(memory, columns, starts, ends) : Hop(memory, columns, starts, ends);
        WindowKernel.LastMoments(ends, _input.Rows, spec.Window.Clock.Zone, columns[inputs + 2].As<long>());
        _next++;
        return output;
    }

    private Batch Hop(BatchMemory memory, Column[] columns, long* starts, long* ends)
    {
        var start = -_next * spec.Window.SlideMicros;
        WindowKernel.Add(_starts, _input!.Rows, start, starts);
        WindowKernel.Add(_starts, _input.Rows, start + spec.Window.SizeMicros, ends);
        return _input.WithColumns(memory, columns);
    }

    /// <summary>The n-th window is not there for rows that come late in the longest one.</summary>
    private Batch Cumulate(BatchMemory memory, Column[] columns, long* starts, long* ends)
    {
        var (size, slide, offset) = (spec.Window.SizeMicros, spec.Window.SlideMicros, spec.Window.OffsetMicros);
        var output = _input!.WithColumns(memory, columns);
        var kept = memory.Allocate<int>(_input.Count);
        var count = 0;
        for (var i = 0; i < _input.Count; i++)
        {
            var row = _input.RowAt(i);
            starts[row] = WindowKernel.SlideStart(_starts[row], size, offset);
            ends[row] = _starts[row] + (_next + 1) * slide;
            if (ends[row] <= starts[row] + size) kept[count++] = row;
        }

        if (count < _input.Count) output.Select(kept, count);
        return output;
    }

    public override int Sides => 1;

    public override Batch? TakeSide(int side) => side == 0 ? _errors.Take() : null;

    public override void Dispose()
    {
        // Only a step that was broken off leaves them.
        if (_input is not null) Release();
        base.Dispose();
    }

    private void Release()
    {
        _memory!.Release();
        _input!.Release();
        _input = null;
    }

    private Batch DropNullTimes(Batch batch)
    {
        var times = batch.Columns[spec.TimeColumn];
        if (times.Validity is null) return batch;
        var memory = BatchMemory.Create();
        var selection = memory.Allocate<int>(batch.Count);
        var count = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            if (times.IsValid(row)) selection[count++] = row;
            else _errors.Add(row, spec.TimeName, "NULL", NullTimeReason, batch.WeightOf(row));
        }

        _errors.Flush(batch);
        var kept = batch.WithColumns(memory, batch.Columns);
        kept.Select(selection, count);
        batch.Release();
        return kept;
    }

    internal const string NullTimeReason = "The time attribute is NULL, so the row belongs to no window; filter such rows or give them a time.";
}
