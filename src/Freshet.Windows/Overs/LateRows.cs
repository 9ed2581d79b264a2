using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;

namespace Freshet.Windows.Overs;

/// <summary>Rows that came too late, with how late they are (ms) as the last column.</summary>
internal sealed unsafe class LateRows
{
    private readonly Queue<Batch> _batches = new();

    /// <summary>Rows since the start.</summary>
    public long Count { get; private set; }

    public void Add(Batch batch, int* rows, int count, int time)
    {
        Count += count;
        var late = GatherKernel.Gather(batch, rows, count, BatchMemory.Create());
        var lateness = Column.Allocate(PhysicalKind.Int64, count, late.Memory);
        var times = batch.Columns[time];
        for (var i = 0; i < count; i++) lateness.As<long>()[i] = (batch.RowWatermarks[rows[i]] - times.As<long>()[times.IndexOf(rows[i])]) / 1000;
        _batches.Enqueue(new Batch(late.Memory, [.. late.Columns, lateness], count) { Weights = late.Weights });
    }

    public Batch? Take() => _batches.TryDequeue(out var late) ? late : null;
}
