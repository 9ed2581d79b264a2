using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Engine.Journals;
using Freshet.Kernels.Expressions;

namespace Freshet.Engine.Sources;

/// <summary>What a table adds to the columns of its source: computed columns, and the time attribute with its watermark.</summary>
/// <param name="Source">Where the rows come from.</param>
/// <param name="Node">The circuit's source node.</param>
/// <param name="Columns">The node's columns, over the source's columns; null where they are the same.</param>
/// <param name="RowTime">The time attribute among the node's columns, or -1.</param>
/// <param name="Watermark">The watermark expression over the node's columns; null without a watermark.</param>
/// <param name="Order">The source's place in positions, which become the last column of a batch; -1 where nothing orders by them.</param>
/// <param name="Offset">The column with the row's offset.</param>
internal sealed record TableInputSpec(IRowSource Source, int Node, VectorExpression[]? Columns, int RowTime, VectorExpression? Watermark, bool WatermarkOnEveryRow, int Order = -1, int Offset = -1)
{
    /// <summary>A partition without rows for this long no longer holds back the watermark of what reads other inputs too, µs.</summary>
    public long IdleTimeoutMicros { get; init; } = DefaultIdleTimeoutMicros;

    /// <summary>Every row carries the watermark of its position, not only those that are behind it.</summary>
    public bool TellsWatermarks { get; init; }

    public const long DefaultIdleTimeoutMicros = 10_000_000;
}

/// <summary>
/// A table at the entrance of a circuit: how far each of its partitions has been read, and its watermark.
/// Invariant: the watermark and every row's watermark are functions of the rows and marks taken so far.
/// An idle partition is left out of the minimum; with its next row it is back, and stands where the table's watermark has got meanwhile:
/// what comes behind that is late. While all that have not ended are idle the table is idle, and its watermark stays.
/// Used by the engine's thread; <see cref="Decode"/> alone may run on several threads for different slices.
/// </summary>
internal sealed class TableInput
{
    private readonly TableInputSpec _spec;
    private readonly PartitionState[] _partitions;
    private readonly EvaluationContext _watermarkContext = new();

    public TableInput(TableInputSpec spec)
    {
        _spec = spec;
        _partitions = new PartitionState[spec.Source.Partitions];
        for (var i = 0; i < _partitions.Length; i++)
            _partitions[i] = new PartitionState(spec.Source.Start(i), new WatermarkGenerator(spec.WatermarkOnEveryRow, spec.TellsWatermarks));
    }

    public IRowSource Source => _spec.Source;

    public int Node => _spec.Node;

    /// <summary>Rows taken since the start.</summary>
    public long RowsTaken { get; private set; }

    /// <summary>Rows that could not be decoded since the start.</summary>
    public long Errors { get; private set; }

    /// <summary>The last row that could not be decoded.</summary>
    public SourceError? LastError { get; private set; }

    /// <summary>Notes rows that could not be decoded.</summary>
    public void Note(List<SourceError> errors)
    {
        if (errors.Count == 0) return;
        Errors += errors.Count;
        LastError = errors[^1];
    }

    public long Position(int partition) => _partitions[partition].Next;

    public bool HasEnded(int partition) => _partitions[partition].Ended;

    public bool IsPartitionIdle(int partition) => _partitions[partition].Idle;

    /// <summary>Whether nothing more is expected of the table for now: it holds nothing back that reads other tables too.</summary>
    public bool IsIdle
    {
        get
        {
            var hasIdle = false;
            foreach (var partition in _partitions)
            {
                if (!partition.Idle && !partition.Ended) return false;
                hasIdle |= !partition.Ended;
            }

            return hasIdle;
        }
    }

    /// <summary>
    /// Whether a partition with a watermark has had no row for the table's idle timeout by the clock, which began to run at
    /// <paramref name="sinceMicros"/>: it should be marked idle, so that it no longer holds back what reads others too.
    /// </summary>
    public bool ShouldIdle(int partition, long clockMicros, long sinceMicros) => IdleDueMicros(_partitions[partition], sinceMicros) <= clockMicros;

    /// <summary>The earliest clock reading, µs, at which a partition becomes idle if no row comes before.</summary>
    public long IdleDueMicros(long sinceMicros)
    {
        var due = Operator.EndWatermark;
        foreach (var partition in _partitions) due = Math.Min(due, IdleDueMicros(partition, sinceMicros));
        return due;
    }

    private long IdleDueMicros(PartitionState partition, long sinceMicros) =>
        _spec.Watermark is null || partition.Idle || partition.Ended ? Operator.EndWatermark : Math.Max(partition.LastActiveMicros, sinceMicros) + _spec.IdleTimeoutMicros;

    /// <summary>The clock reading, µs, of the step that took the last row of a partition; 0 before the first.</summary>
    public long LastTakenMicros(int partition) => _partitions[partition].LastActiveMicros;

    /// <summary>The event time, µs, of the last row of a partition that has one.</summary>
    public long LastRowTime(int partition) => _partitions[partition].Generator.LastRowTime;

    /// <summary>The last watermark of a partition, µs.</summary>
    public long PartitionWatermark(int partition) => _partitions[partition].Watermark(_spec.Watermark is not null);

    /// <summary>The table's watermark at the end of the last step, µs; it never goes back.</summary>
    public long Watermark { get; private set; } = Operator.NoWatermark;

    /// <summary>Decodes a slice and adds the table's own columns.</summary>
    public Batch Decode(ISourceSlice slice, EvaluationContext context, List<SourceError> errors)
    {
        var batch = slice.Decode(errors);
        if (_spec.Columns is null) return batch;
        var memory = BatchMemory.Create();
        memory.Retain(batch.Memory);
        context.Begin(batch, memory);
        var columns = new Column[_spec.Columns.Length];
        for (var i = 0; i < columns.Length; i++) columns[i] = _spec.Columns[i].Evaluate(context).Flatten(batch.Rows, memory);
        var result = batch.WithColumns(memory, columns);
        batch.Release();
        return result;
    }

    /// <summary>
    /// Takes a decoded batch of a partition, in offset order: its rows move the watermark and get their positions. Gives the batch
    /// that enters the circuit in its place.
    /// </summary>
    /// <param name="timestamps">The records' timestamps, ms; null where they have none.</param>
    public unsafe Batch Take(int partition, Batch batch, long* timestamps)
    {
        RowsTaken += batch.Count;
        Resume(_partitions[partition]);
        if (_spec.Watermark is not null)
        {
            _watermarkContext.Begin(batch, batch.Memory);
            var candidates = _spec.Watermark.Evaluate(_watermarkContext).Flatten(batch.Rows, batch.Memory);
            _partitions[partition].Generator.Pass(batch, batch.Columns[_spec.RowTime], candidates);
        }

        return _spec.Order < 0 ? batch : WithPositions(partition, batch, timestamps);
    }

    private void Resume(PartitionState partition)
    {
        if (!partition.Idle) return;
        partition.Idle = false;
        partition.Generator.RaiseTo(Watermark);
    }

    private unsafe Batch WithPositions(int partition, Batch batch, long* timestamps)
    {
        var memory = BatchMemory.Create();
        var positions = Column.Allocate(PhysicalKind.Int128, batch.Rows, memory);
        var offsets = batch.Columns[_spec.Offset].Flatten(batch.Rows, memory).As<long>();
        var state = _partitions[partition];
        var start = RowPosition.Of(state.TimeMs, _spec.Order, partition);
        for (var i = 0; i < batch.Rows; i++)
        {
            if (timestamps is not null && timestamps[i] > state.TimeMs)
            {
                state.TimeMs = timestamps[i];
                start = RowPosition.Of(state.TimeMs, _spec.Order, partition);
            }

            positions.As<Int128>()[i] = start + offsets[i];
        }

        // Right behind the offset, before what only the watermark needs.
        var split = _spec.Offset + 1;
        var result = batch.WithColumns(memory, [.. batch.Columns.AsSpan(0, split), positions, .. batch.Columns.AsSpan(split)]);
        batch.Release();
        return result;
    }

    /// <summary>The range of a step has been taken up to <paramref name="input"/>.To, with its marks.</summary>
    public void Advance(StepInput input, long clockMicros)
    {
        var partition = _partitions[input.Partition];
        if (input.To > partition.Next) partition.LastActiveMicros = clockMicros;
        partition.Next = input.To;
        // The mark may be that of another table over the same topic.
        partition.Idle = _spec.Watermark is not null && (input.Marks & InputMarks.Idle) != 0;
        partition.Ended |= (input.Marks & InputMarks.End) != 0;
    }

    /// <summary>All ranges of a step have been taken: the table's watermark moves.</summary>
    public void EndStep()
    {
        if (IsIdle) return;
        var least = Operator.EndWatermark;
        foreach (var partition in _partitions)
            if (!partition.Idle || partition.Ended) least = Math.Min(least, partition.Watermark(_spec.Watermark is not null));
        Watermark = Math.Max(Watermark, least);
    }

    private sealed class PartitionState(long start, WatermarkGenerator generator)
    {
        public long Next = start;
        public long LastActiveMicros;

        /// <summary>The running maximum of the records' timestamps, ms.</summary>
        public long TimeMs;
        public bool Idle;
        public bool Ended;

        public WatermarkGenerator Generator { get; } = generator;

        public long Watermark(bool hasWatermark) =>
            Ended ? Operator.EndWatermark : hasWatermark ? Generator.Emitted : Operator.NoWatermark;
    }
}
