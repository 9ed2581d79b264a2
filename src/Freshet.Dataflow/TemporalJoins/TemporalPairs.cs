using Freshet.Columns;
using Freshet.Columns.Expressions;
using Freshet.Columns.Kernels;
using Freshet.Columns.Memory;
using Freshet.Dataflow.Errors;
using Freshet.Dataflow.Joins;
using Freshet.Dataflow.Projection;

namespace Freshet.Dataflow.TemporalJoins;

/// <summary>Left rows with their right rows, or with NULLs: the batches that leave a temporal join.</summary>
internal sealed unsafe class TemporalPairs(TemporalJoinSpec spec)
{
    private readonly EvaluationContext _context = new() { TimeZone = spec.TimeZone };

    public ErrorRows Errors { get; } = new([]);

    public void Begin(StepContext step) => _context.ClockMicros = step.ClockMicros;

    /// <summary>The pairs on which the residual condition holds; the batch has the columns of both sides. Takes it over.</summary>
    /// <param name="hasPair">Set to 1 for the places of pairs that stay.</param>
    public Batch Restrict(Batch joined, byte* hasPair)
    {
        if (spec.Residual is null)
        {
            new Span<byte>(hasPair, joined.Rows).Fill(1);
            return joined;
        }

        new Span<byte>(hasPair, joined.Rows).Clear();
        var memory = joined.Memory;
        _context.Begin(joined, memory);
        var truth = spec.Residual.Evaluate(_context);
        var selected = memory.Allocate<int>(joined.Rows);
        var count = FilterProjectKernel.SelectTrue(truth, null, joined.Rows, selected);
        if (_context.Errors.Count > 0)
        {
            var failed = _context.Errors.DistinctBy(e => e.Row).OrderBy(e => e.Row).ToArray();
            foreach (var error in failed) Errors.Add(error.Row, JoinSpec.ResidualName, error.Value, error.Reason, joined.WeightOf(error.Row));
            Errors.Flush(joined);
            count = FilterProjectKernel.Remove(selected, count, [.. failed.Select(e => e.Row)]);
        }

        for (var i = 0; i < count; i++) hasPair[selected[i]] = 1;
        joined.Select(selected, count);
        return joined;
    }

    /// <summary>The listed left rows with NULLs.</summary>
    public Batch Padded(Batch left, int* rows, int count)
    {
        var memory = BatchMemory.Create();
        var taken = GatherKernel.Gather(left, rows, count, memory);
        Column[] columns = [.. taken.Columns, .. spec.RightTypes.Select(t => Column.ConstantNull(t.Physical, memory))];
        return new Batch(memory, columns, count) { Weights = taken.Weights, RowWatermarks = null };
    }
}
