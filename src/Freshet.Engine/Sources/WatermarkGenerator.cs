using Freshet.Columns;
using Freshet.Dataflow;

namespace Freshet.Engine.Sources;

/// <summary>
/// The watermark of one partition, row by row in offset order: a function of the input and of nothing else.
/// Flink's rule for periodic watermarks over input that arrives faster than the timer: a new watermark is emitted when the
/// candidate is more than 200 ms ahead of the last one emitted; with the emit strategy on-event whenever it is ahead at all.
/// A row has the watermark that was emitted before it.
/// </summary>
/// <param name="tellsAll">Every row gets its watermark, for queries that read it.</param>
/// <remarks>Source of the rule: behaviour of Flink 2.3, whose assigner emits at once when more than 200 ms ahead.</remarks>
internal sealed class WatermarkGenerator(bool onEveryRow, bool tellsAll = false)
{
    /// <summary>A candidate further ahead of the last watermark than this is emitted at once, µs.</summary>
    public const long JumpMicros = 200_000;

    /// <summary>Windows close 1 ms before their end, so that a row up to this much ahead of its watermark may still meet what that has closed.</summary>
    private const long WindowGapMicros = 1000;

    /// <summary>The last watermark emitted, µs.</summary>
    public long Emitted { get; private set; } = Operator.NoWatermark;

    /// <summary>The highest candidate seen, µs: what a timer would emit.</summary>
    public long Candidate { get; private set; } = Operator.NoWatermark;

    /// <summary>The time of the last row that has one, µs.</summary>
    public long LastRowTime { get; private set; } = Operator.NoWatermark;

    /// <summary>The partition goes on, after a pause, where its table has got without it.</summary>
    public void RaiseTo(long watermark)
    {
        Emitted = Math.Max(Emitted, watermark);
        Candidate = Math.Max(Candidate, watermark);
    }

    /// <summary>
    /// Passes the rows of one batch, in order, and gives the batch its row watermarks when a row is behind.
    /// </summary>
    /// <param name="rowTime">The time attribute, µs.</param>
    /// <param name="candidates">The watermark expression's value for each row, µs; NULL values give no watermark.</param>
    public unsafe void Pass(Batch batch, Column rowTime, Column candidates)
    {
        var time = rowTime.As<long>();
        var candidate = candidates.As<long>();
        var emitted = Emitted;
        var highest = Candidate;
        var jump = onEveryRow ? 0 : JumpMicros;
        if (tellsAll) batch.RowWatermarks = batch.Memory.Allocate<long>(batch.Rows);
        var behind = emitted == Operator.NoWatermark ? emitted : emitted + WindowGapMicros;
        for (var row = 0; row < batch.Rows; row++)
        {
            if (time[row] <= behind && rowTime.IsValid(row)) Mark(batch, row, emitted);
            else if (batch.RowWatermarks is not null) batch.RowWatermarks[row] = emitted;
            if (candidate[row] <= highest || candidates.IsNull(row)) continue;
            highest = candidate[row];
            if (emitted != Operator.NoWatermark && highest - emitted <= jump) continue;
            emitted = highest;
            behind = emitted + WindowGapMicros;
        }

        Emitted = emitted;
        Candidate = highest;
        var last = batch.Rows - 1;
        while (last >= 0 && rowTime.IsNull(last)) last--;
        if (last >= 0) LastRowTime = time[last];
    }

    /// <summary>The first row that is behind brings the column into being: all rows before it get their own watermark too.</summary>
    private static unsafe void Mark(Batch batch, int row, long watermark)
    {
        if (batch.RowWatermarks is null)
        {
            var marks = batch.Memory.Allocate<long>(batch.Rows);
            // Rows before this one are ahead of their watermark, so that any value up to it says "not late".
            new Span<long>(marks, row).Fill(Operator.NoWatermark);
            batch.RowWatermarks = marks;
        }

        batch.RowWatermarks[row] = watermark;
    }
}
