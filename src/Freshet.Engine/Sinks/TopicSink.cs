using Freshet.Columns;
using Freshet.Log;
using Freshet.Log.Records;

namespace Freshet.Engine.Sinks;

/// <summary>
/// Connector <c>log</c>: rows as records of a topic of the embedded log. A step's rows, of all INSERTs into the topic, are one append
/// whose batch carries the step, so that a replay appends only what is missing: a batch is there whole or not at all.
/// </summary>
internal sealed class TopicSink
{
    private readonly LogStore _log;
    private readonly Partition _partition;
    private readonly bool _isReplayed;
    private RecordSet? _records;

    /// <param name="isReplayed">The steps are those of a journal, which run again at the next start; else this run is the only one.</param>
    public TopicSink(LogStore log, Partition partition, bool isReplayed)
    {
        _log = log;
        _partition = partition;
        _isReplayed = isReplayed;
        if (isReplayed) LastStep = FindLastStep();
    }

    public long LastStep { get; }

    /// <summary>One INSERT; all that write into the topic share its steps.</summary>
    public IRowSink For(IRecordWriter writer) => new Writer(this, writer);

    private void Write(IRecordWriter writer, long step, IReadOnlyList<Batch> rows)
    {
        if (_records is null)
        {
            _records = RecordSet.Rent();
            if (_isReplayed) _records.Tag = step;
        }

        writer.Write(rows, _records, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }

    private Task CommitAsync()
    {
        var records = _records;
        _records = null;
        if (records is null) return Task.CompletedTask;
        if (records.Count > 0) return _log.AppendWhenRoomAsync(_partition, records);
        records.Return();
        return Task.CompletedTask;
    }

    private long FindLastStep()
    {
        long last = 0;
        var cursor = new PartitionCursor(_partition, _partition.StartOffset);
        while (cursor.TryNext(out var batches))
        {
            for (var place = 0; place < batches.Length && RecordBatchHeader.TryRead(batches[place..], out var header); place += header.Bytes)
                last = Math.Max(last, header.Tag);
        }

        return last;
    }

    private sealed class Writer(TopicSink topic, IRecordWriter writer) : IRowSink
    {
        public long LastStep => topic.LastStep;

        public bool TakesChanges => writer.TakesChanges;

        public void Write(long step, IReadOnlyList<Batch> rows) => topic.Write(writer, step, rows);

        public Task CommitAsync() => topic.CommitAsync();

        public void Dispose()
        {
        }
    }
}
