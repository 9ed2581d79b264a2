using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Dataflow;
using Freshet.Dataflow.Errors;
using Freshet.Dataflow.Joins;
using Freshet.Kernels;

namespace Freshet.Windows.TemporalJoins;

/// <summary>Left rows with their right rows, or with NULLs: the batches that leave a temporal join.</summary>
internal sealed unsafe class TemporalPairs(TemporalJoinSpec spec)
{
    private readonly PairCondition _condition = new(spec.Residual, spec.TimeZone);

    public ErrorRows Errors => _condition.Errors;

    public void Begin(StepContext step) => _condition.Begin(step);

    /// <summary>The pairs on which the residual condition holds; the batch has the columns of both sides. Takes it over.</summary>
    /// <param name="hasPair">Set to 1 for the places of pairs that stay.</param>
    public Batch Restrict(Batch joined, byte* hasPair)
    {
        new Span<byte>(hasPair, joined.Rows).Clear();
        _condition.Restrict(joined);
        for (var i = 0; i < joined.Count; i++) hasPair[joined.RowAt(i)] = 1;
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
