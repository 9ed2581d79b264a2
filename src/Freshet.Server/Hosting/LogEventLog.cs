using System.Buffers;
using Freshet.Customers.Plans;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Server.Ingest;
using Freshet.Storage;

namespace Freshet.Server.Hosting;

/// <summary>The topic <c>events</c> of the embedded log: one partition, so that offsets are the sequence numbers of events.</summary>
internal sealed class LogEventLog(LogStore log, Partition events) : IEventLog
{
    public const string Topic = "events";

    public long PendingBytes => log.PendingBytes;

    public bool IsDiskFull => log.IsDiskFull;

    private long _lastRejected = -1;

    public long LastDurable => events.AnsweredOffset.Value - 1;

    public long LastRejected => Volatile.Read(ref _lastRejected);

    public ValueTask<long> AppendAsync(StagedEvents staged, long receivedAt)
    {
        var records = RecordSet.Rent();
        for (var i = 0; i < staged.Count; i++)
            if (!staged[i].IsRepeat) records.Add(receivedAt, staged.Key(staged[i]), staged.Value(staged[i]));
        return AppendAsync(events, records);
    }

    public async ValueTask RejectAsync(IReadOnlyList<byte[]> values, long rejectedAt)
    {
        var rejected = OpenRejected();
        var records = RecordSet.Rent();
        foreach (var value in values) records.Add(rejectedAt, default, value);
        InterlockedMax(ref _lastRejected, await AppendAsync(rejected, records));
    }

    public void ReadRejected(EventVisitor visit) => Read(log.OpenPartition(RejectedTable.Topic), long.MinValue, visit);

    public byte[]? Read(long sequence)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            var read = events.Read(new LogOffset(sequence), new LogOffset(sequence + 1), buffer, out var need);
            if (read == 0 && need > 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent(need);
                read = events.Read(new LogOffset(sequence), new LogOffset(sequence + 1), buffer, out _);
            }

            var reader = new RecordBatchReader(buffer.AsSpan(0, read));
            while (reader.TryNext(out var record))
                if (record.Offset.Value == sequence) return record.HasValue ? record.Value.ToArray() : null;
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Read(long from, long to, SequenceVisitor visit)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(256 << 10);
        for (var at = Math.Max(from, events.StartOffset.Value); at < to;)
        {
            var read = events.Read(new LogOffset(at), new LogOffset(to), buffer, out var need);
            if (read == 0 && need == 0) break;
            if (read == 0)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent(need);
                continue;
            }

            var reader = new RecordBatchReader(buffer.AsSpan(0, read));
            while (reader.TryNext(out var record))
            {
                if (record.Offset.Value < at || record.Offset.Value >= to) continue;
                if (record.HasValue) visit(record.Offset.Value, record.Value, record.TimestampMs);
                at = record.Offset.Value + 1;
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>Shows every record from a time on; of those that were erased nothing is left to show.</summary>
    public static void Read(Partition events, long fromTimestampMs, EventVisitor visit)
    {
        var cursor = new PartitionCursor(events, events.OffsetBefore(fromTimestampMs));
        while (cursor.TryNext(out var batches))
        {
            var reader = new RecordBatchReader(batches);
            while (reader.TryNext(out var record))
                if (record.TimestampMs >= fromTimestampMs && record.HasValue) visit(record.Value, record.TimestampMs);
        }
    }

    /// <summary>Completes with the offset of the last; a set that the log has refused goes back to its pool.</summary>
    private ValueTask<long> AppendAsync(Partition partition, RecordSet records)
    {
        var count = records.Count;
        try
        {
            return AwaitAsync(log.AppendAsync(partition, records), count);
        }
        catch (StorageException e)
        {
            records.Return();
            throw new LogUnavailableException(e.Message, e);
        }
    }

    private Partition OpenRejected()
    {
        try
        {
            return log.OpenPartition(RejectedTable.Topic);
        }
        catch (StorageException e)
        {
            throw new LogUnavailableException(e.Message, e);
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

    private static void InterlockedMax(ref long place, long value)
    {
        for (var seen = Volatile.Read(ref place); value > seen;)
        {
            var found = Interlocked.CompareExchange(ref place, value, seen);
            if (found == seen) return;
            seen = found;
        }
    }
}
