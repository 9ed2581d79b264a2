using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow.Errors;

namespace Freshet.Dataflow.Windows;

/// <summary>
/// TUMBLE and HOP as table functions: each row once for each of its windows, with the window's bounds as columns. Stateless:
/// closes nothing, so no row is late here. Weights and row watermarks pass. The input's columns are shared, not copied: a HOP
/// of n windows makes n batches over the same columns, latest window first, one for each call.
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
        WindowKernel.SlideStarts(_input.Columns[spec.TimeColumn], _input.Rows, spec.Window, _starts);
        _next = 0;
    }

    public override Batch? Produce(StepContext step)
    {
        if (_input is null) return null;
        if (_next == spec.Window.Count || _input.Count == 0)
        {
            _memory!.Release();
            _input.Release();
            _input = null;
            return null;
        }

        var memory = BatchMemory.Create();
        var inputs = _input.Columns.Length;
        var columns = new Column[inputs + 3];
        _input.Columns.CopyTo(columns, 0);
        for (var i = 0; i < 3; i++) columns[inputs + i] = Column.Allocate(PhysicalKind.Int64, _input.Rows, memory);
        var start = -_next * spec.Window.SlideMicros;
        WindowKernel.Add(_starts, _input.Rows, start, columns[inputs].As<long>());
        WindowKernel.Add(_starts, _input.Rows, start + spec.Window.SizeMicros, columns[inputs + 1].As<long>());
        WindowKernel.Add(_starts, _input.Rows, start + spec.Window.SizeMicros - WindowKernel.TimeBeforeEndMicros, columns[inputs + 2].As<long>());
        _next++;
        return _input.WithColumns(memory, columns);
    }

    public override Batch? TakeSide(int side) => side == 0 ? _errors.Take() : null;

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
