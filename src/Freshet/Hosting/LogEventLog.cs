using Freshet.Customers.Plans;
using Freshet.Ingest;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Storage;

namespace Freshet.Hosting;

/// <summary>The topic <c>events</c> of the embedded log: one partition, so that offsets are the sequence numbers of events.</summary>
internal sealed class LogEventLog(LogStore log, Partition events) : IEventLog
{
    public const string Topic = "events";

    public long PendingBytes => log.PendingBytes;

    public bool IsDiskFull => log.IsDiskFull;

    public long LastDurable => events.AnsweredOffset.Value - 1;

    public ValueTask<long> AppendAsync(StagedEvents staged, long receivedAt)
    {
        var records = RecordSet.Rent();
        for (var i = 0; i < staged.Count; i++)
            if (!staged[i].IsRepeat) records.Add(receivedAt, staged.Key(staged[i]), staged.Value(staged[i]));
        var count = records.Count;
        try
        {
            return AwaitAsync(log.AppendAsync(events, records), count);
        }
        catch (StorageException e)
        {
            records.Return();
            throw new LogUnavailableException(e.Message, e);
        }
    }

    public async ValueTask RejectAsync(IReadOnlyList<byte[]> values, long rejectedAt)
    {
        var records = RecordSet.Rent();
        foreach (var value in values) records.Add(rejectedAt, default, value);
        try
        {
            await log.AppendAsync(log.OpenPartition(RejectedTable.Topic), records);
        }
        catch (StorageException e)
        {
            throw new LogUnavailableException(e.Message, e);
        }
    }

    public void ReadRejected(EventVisitor visit) => Read(log.OpenPartition(RejectedTable.Topic), long.MinValue, visit);

    /// <summary>Shows every record from a time on.</summary>
    public static void Read(Partition events, long fromTimestampMs, EventVisitor visit)
    {
        var cursor = new PartitionCursor(events, events.OffsetBefore(fromTimestampMs));
        while (cursor.TryNext(out var batches))
        {
            var reader = new RecordBatchReader(batches);
            while (reader.TryNext(out var record))
                if (record.TimestampMs >= fromTimestampMs) visit(record.Value, record.TimestampMs);
        }
    }

    private static async ValueTask<long> AwaitAsync(ValueTask<LogOffset> append, int count)
    {
        try
        {
            return (await append).Value + count - 1;
        }
        catch (StorageException e)
        {
            throw new LogUnavailableException(e.Message, e);
        }
    }
}
