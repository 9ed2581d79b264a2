using Freshet.Columns;
using Freshet.Dataflow.Errors;
using Freshet.Dataflow.Projection;
using Freshet.Kernels.Expressions;

namespace Freshet.Dataflow.Joins;

/// <summary>
/// The residual condition of a join by time, asked of a batch of pairs that has the columns of both sides. A pair on which it fails is no
/// match, and an error row.
/// </summary>
internal sealed unsafe class PairCondition(VectorExpression? residual, TimeZoneInfo timeZone)
{
    private readonly EvaluationContext _context = new() { TimeZone = timeZone };

    /// <summary>Pairs on which the condition fails.</summary>
    public ErrorRows Errors { get; } = new([]);

    public void Begin(StepContext step) => _context.ClockMicros = step.ClockMicros;

    /// <summary>Selects the pairs on which the condition holds; without a condition the batch stays as it is.</summary>
    public void Restrict(Batch joined)
    {
        if (residual is null) return;
        var memory = joined.Memory;
        _context.Begin(joined, memory);
        var truth = residual.Evaluate(_context);
        var selected = memory.Allocate<int>(joined.Rows);
        var count = FilterProjectKernel.SelectTrue(truth, null, joined.Rows, selected);
        if (_context.Errors.Count > 0)
        {
            var failed = _context.Errors.DistinctBy(e => e.Row).OrderBy(e => e.Row).ToArray();
            foreach (var error in failed) Errors.Add(error.Row, JoinSpec.ResidualName, error.Value, error.Reason, joined.WeightOf(error.Row));
            Errors.Flush(joined);
            count = FilterProjectKernel.Remove(selected, count, [.. failed.Select(e => e.Row)]);
        }

        joined.Select(selected, count);
    }
}
