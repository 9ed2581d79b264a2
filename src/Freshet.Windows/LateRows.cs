using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;

namespace Freshet.Windows;

/// <summary>
/// Rows that an operator could not use because what they belong to was closed at their own position: a side output of the
/// input's columns, by how much a row is late, and the watermark that it had. Weights pass, so a row that is taken back
/// late is a late row too. Cost: a copy of each late row; others cost nothing.
/// </summary>
internal sealed unsafe class LateRows
{
    private readonly Queue<Batch> _batches = new();

    /// <summary>Late rows (not their weights) since the start.</summary>
    public long Total { get; private set; }

    /// <summary>The columns of the late rows of an operator whose input has <paramref name="input"/>.</summary>
    public static Schema SchemaOf(Schema input) =>
        new([.. input.Fields, new Field("lateness_ms", SqlType.BigInt.NotNull), new Field("watermark", SqlType.TimestampLtz(3).NotNull)]);

    /// <summary>Adds rows of a batch.</summary>
    /// <param name="times">Each row's last moment by row index, µs: its time, or its window's.</param>
    /// <param name="otherwise">The watermark of rows that bring none of their own.</param>
    public void Add(Batch batch, int* rows, int count, long* times, long otherwise)
    {
        if (count == 0) return;
        Total += count;
        var taken = GatherKernel.Gather(batch, rows, count, BatchMemory.Create());
        var columns = new Column[taken.Columns.Length + 2];
        taken.Columns.CopyTo(columns, 0);
        var lateness = Column.Allocate(PhysicalKind.Int64, count, taken.Memory);
        var watermarks = Column.Allocate(PhysicalKind.Int64, count, taken.Memory);
        for (var i = 0; i < count; i++)
        {
            var watermark = batch.RowWatermarks is null ? otherwise : batch.RowWatermarks[rows[i]];
            watermarks.As<long>()[i] = watermark;
            lateness.As<long>()[i] = (watermark - times[rows[i]]) / 1000;
        }

        columns[^2] = lateness;
        columns[^1] = watermarks;
        _batches.Enqueue(new Batch(taken.Memory, columns, count) { Weights = taken.Weights });
    }

    /// <summary>The next batch of late rows, owned by the caller, or null.</summary>
    public Batch? Take() => _batches.TryDequeue(out var batch) ? batch : null;
}
