using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Log;
using Freshet.Log.Records;

namespace Freshet.Engine.Sinks;

/// <summary>
/// Connector <c>log</c>: each row a JSON object in a topic of the embedded log. A step's rows are one append whose batch carries
/// the step, so that a replay appends only what is missing: a batch is there whole or not at all.
/// </summary>
internal sealed class TopicSink : IRowSink
{
    private readonly LogStore _log;
    private readonly Partition _partition;
    private readonly JsonLineWriter _writer;
    private readonly Utf8Buffer _buffer = new();

    public TopicSink(LogStore log, Partition partition, Schema schema)
    {
        _log = log;
        _partition = partition;
        _writer = new JsonLineWriter(schema, JsonTimeFormat.Iso8601);
        LastStep = FindLastStep();
    }

    public long LastStep { get; }

    public bool TakesChanges => false;

    public void Write(long step, IReadOnlyList<Batch> rows)
    {
        var records = RecordSet.Rent();
        records.Tag = step;
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        foreach (var batch in rows)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                _buffer.Clear();
                _writer.WriteRow(batch.Columns, batch.RowAt(i), _buffer);
                records.Add(now, default, _buffer.Written[..^1]);
            }
        }

        if (records.Count == 0) records.Return();
        else _log.AppendAsync(_partition, records).AsTask().GetAwaiter().GetResult();
    }

    public void Dispose()
    {
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
}
