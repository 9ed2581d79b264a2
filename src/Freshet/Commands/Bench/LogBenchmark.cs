using System.Diagnostics;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Server.Hosting;
using Freshet.Server.Ingest;
using Freshet.Storage.Posix;

namespace Freshet.Commands.Bench;

/// <summary>
/// The log alone: 64 writers, each appends a record of 1 KiB when its last one is durable. Then reads all back and checks that
/// every acknowledged record is there.
/// </summary>
internal sealed class LogBenchmark : IBenchmark
{
    private const int Writers = 64;

    public string Name => "log";

    public string About => "durable appends and reads of the embedded log";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchOptions options, CancellationToken cancellation)
    {
        using var log = LogStore.Open(new PosixDisk(), options.Directory);
        var partition = log.OpenPartition(LogEventLog.Topic);
        var acks = new LatencyHistogram();
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Run(async () =>
        {
            var value = new byte[1024];
            value.AsSpan().Fill((byte)w);
            while (Stopwatch.GetElapsedTime(started) < options.Duration)
            {
                var at = Stopwatch.GetTimestamp();
                var records = RecordSet.Rent();
                records.Add(at, "key"u8, value);
                await log.AppendAsync(partition, records);
                acks.RecordSince(at);
            }
        }, cancellation)));
        var took = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var reading = Stopwatch.GetTimestamp();
        var read = 0L;
        LogEventLog.Read(partition, long.MinValue, (value, _) => read += value.Length == 1024 ? 1 : throw new InvalidOperationException("A record has another length than was written."));
        var readSeconds = Stopwatch.GetElapsedTime(reading).TotalSeconds;
        if (read != acks.Count) throw new InvalidOperationException($"{acks.Count} records were acknowledged, but {read} can be read.");
        return
        [
            new("records", acks.Count, "records of 1 KiB"),
            new("recordsPerSecond", acks.Count / took, $"records/s, durable, {Writers} writers"),
            new("ackMsP50", acks.PercentileMs(0.5), "ms"),
            new("ackMsP99", acks.PercentileMs(0.99), "ms"),
            new("recordsPerSync", (double)acks.Count / Math.Max(1, log.Syncs), "records"),
            new("syncMs", log.SyncTime.TotalMilliseconds / Math.Max(1, log.Syncs), "ms"),
            new("readRecordsPerSecond", read / readSeconds, "records/s"),
        ];
    }
}
