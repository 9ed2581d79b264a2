using System.Text.Json;
using Freshet.Log;
using Freshet.Log.Records;

namespace Freshet.Engine.Journals;

/// <summary>
/// What the project's SQL was at the last start: the identity of each view's and INSERT's plan, kept as the last record of a topic
/// of its own. It tells a start what has changed.
/// </summary>
internal static class PlanRecord
{
    public const string Topic = "__plans";

    /// <summary>The identities by name of the last start; empty before the first.</summary>
    public static Dictionary<string, string> Read(Partition partition)
    {
        var last = new Dictionary<string, string>();
        var cursor = new PartitionCursor(partition, partition.StartOffset);
        while (cursor.TryNext(out var batches))
        {
            var reader = new RecordBatchReader(batches);
            while (reader.TryNext(out var record)) last = JsonSerializer.Deserialize<Dictionary<string, string>>(record.Value) ?? [];
        }

        return last;
    }

    /// <summary>Keeps the identities of this start; returns when they are durable.</summary>
    public static void Write(LogStore log, Partition partition, Dictionary<string, string> identities)
    {
        var records = RecordSet.Rent();
        records.Add(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), default, JsonSerializer.SerializeToUtf8Bytes(identities));
        log.AppendAsync(partition, records).AsTask().GetAwaiter().GetResult();
    }
}
