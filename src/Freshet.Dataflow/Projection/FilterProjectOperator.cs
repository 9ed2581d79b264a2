using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Errors;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;

namespace Freshet.Dataflow.Projection;

/// <summary>
/// Keeps the rows for which the predicate is TRUE and computes the output's columns. Stateless; weights and row watermarks
/// pass. Untouched columns are shared with the input and a filter copies nothing, unless few rows are left: then they are
/// gathered, so that later operators do not walk over rows that do not count.
/// A row on which an expression fails leaves the output and is one row of side output 0 (its first failing column), with the
/// row's weight.
/// Cost: that of the expressions; a few ns a batch and column for the rest.
/// </summary>
public sealed unsafe class FilterProjectOperator(FilterProjectSpec spec) : Operator
{
    /// <summary>Below one row in this many the output is gathered.</summary>
    private const int SparseFactor = 4;

    private readonly EvaluationContext _context = new() { TimeZone = spec.TimeZone };
    private readonly ErrorRows _errors = new(spec.PositionColumns);
    private readonly List<int> _failed = [];
    private readonly HashSet<int> _failedRows = [];
    private int _errorsSeen;
    private Batch? _output;

    public override bool RestsWithoutRows => true;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        var memory = BatchMemory.Create();
        _context.Begin(batch, memory);
        _context.ClockMicros = step.ClockMicros;
        _errorsSeen = 0;
        _failed.Clear();
        _failedRows.Clear();

        var selection = batch.Selection;
        var count = batch.Count;
        if (spec.Predicate is not null && count > 0)
        {
            var truth = spec.Predicate.Evaluate(_context);
            var selected = memory.Allocate<int>(count);
            count = FilterProjectKernel.SelectTrue(truth, selection, count, selected);
            selection = selected;
            if (TakeErrors(batch, FilterProjectSpec.PredicateName)) count = RemoveFailed(selection, count);
            if (count == batch.Rows) selection = null;
        }

        if (count > 0) _output = Project(batch, memory, selection, count);
        else memory.Release();
        _errors.Flush(batch);
        batch.Release();
    }

    public override Batch? Produce(StepContext step)
    {
        var output = _output;
        _output = null;
        return output;
    }

    public override int Sides => 1;

    public override Batch? TakeSide(int side) => side == 0 ? _errors.Take() : null;

    public override void Dispose()
    {
        // Only a step that was broken off leaves it.
        _output?.Release();
        base.Dispose();
    }

    private Batch? Project(Batch batch, BatchMemory memory, int* selection, int count)
    {
        _context.Narrow(selection, count);
        var columns = new Column[spec.Projections.Length];
        var failed = false;
        for (var i = 0; i < columns.Length; i++)
        {
            columns[i] = spec.Projections[i].Expression.Evaluate(_context);
            failed |= TakeErrors(batch, spec.Projections[i].Name);
        }

        if (failed)
        {
            var left = memory.Allocate<int>(count);
            for (var i = 0; i < count; i++) left[i] = selection is null ? i : selection[i];
            selection = left;
            count = RemoveFailed(selection, count);
        }

        var output = batch.WithColumns(memory, columns);
        output.Select(selection, count);
        if (count == 0)
        {
            output.Release();
            return null;
        }

        return (long)count * SparseFactor <= batch.Rows ? GatherKernel.Compact(output) : output;
    }

    /// <summary>Turns the errors of the expression just evaluated into error rows, at most one for each row of the input.</summary>
    private bool TakeErrors(Batch batch, string column)
    {
        var errors = _context.Errors;
        var before = _failed.Count;
        for (; _errorsSeen < errors.Count; _errorsSeen++)
        {
            var error = errors[_errorsSeen];
            if (!_failedRows.Add(error.Row)) continue;
            _failed.Add(error.Row);
            _errors.Add(error.Row, column, error.Value, error.Reason, batch.WeightOf(error.Row));
        }

        return _failed.Count > before;
    }

    private int RemoveFailed(int* selection, int count)
    {
        _failed.Sort();
        return FilterProjectKernel.Remove(selection, count, CollectionsMarshal.AsSpan(_failed));
    }
}
