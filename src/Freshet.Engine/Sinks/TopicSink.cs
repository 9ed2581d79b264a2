using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Log;
using Freshet.Log.Records;

namespace Freshet.Engine.Sinks;

/// <summary>
/// Connector <c>log</c>: each row a JSON object in a topic of the embedded log. A step's rows, of all INSERTs into the topic, are
/// one append whose batch carries the step, so that a replay appends only what is missing: a batch is there whole or not at all.
/// </summary>
internal sealed class TopicSink
{
    private readonly LogStore _log;
    private readonly Partition _partition;
    private readonly Utf8Buffer _buffer = new();

    private RecordSet? _records;

    public TopicSink(LogStore log, Partition partition)
    {
        _log = log;
        _partition = partition;
        LastStep = FindLastStep();
    }

    public long LastStep { get; }

    /// <summary>The INSERT with these columns; all that write into the topic share its steps.</summary>
    public IRowSink For(Schema schema) => new Writer(this, new JsonLineWriter(schema, JsonTimeFormat.Iso8601));

    private void Write(JsonLineWriter writer, long step, IReadOnlyList<Batch> rows)
    {
        if (_records is null)
        {
            _records = RecordSet.Rent();
            _records.Tag = step;
        }

        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        foreach (var batch in rows)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                _buffer.Clear();
                writer.WriteRow(batch.Columns, batch.RowAt(i), _buffer);
                _records.Add(now, default, _buffer.Written[..^1]);
            }
        }
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

    private sealed class Writer(TopicSink topic, JsonLineWriter writer) : IRowSink
    {
        public long LastStep => topic.LastStep;

        public bool TakesChanges => false;

        public void Write(long step, IReadOnlyList<Batch> rows) => topic.Write(writer, step, rows);

        public Task CommitAsync() => topic.CommitAsync();

        public void Dispose()
        {
        }
    }
}
