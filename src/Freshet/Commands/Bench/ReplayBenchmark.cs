using System.Diagnostics;
using System.Globalization;
using System.Text;
using Freshet.Engine;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Server.Hosting;
using Freshet.Storage.Posix;
using Freshet.Syntax.Text;

namespace Freshet.Commands.Bench;

/// <summary>
/// A start over a log that is there: events are decoded and three views built anew from them. Checks the views' counts.
/// </summary>
internal sealed class ReplayBenchmark : IBenchmark
{
    private const string Views = """
        CREATE MATERIALIZED VIEW per_user AS SELECT user_id, COUNT(*) AS n, SUM(CAST(properties['price'] AS DECIMAL(10, 2))) AS spent FROM events GROUP BY user_id;
        CREATE MATERIALIZED VIEW per_minute AS SELECT FLOOR(event_time TO MINUTE) AS at_minute, COUNT(*) AS n FROM events GROUP BY FLOOR(event_time TO MINUTE);
        CREATE MATERIALIZED VIEW all_events AS SELECT COUNT(*) AS n FROM events;
        """;

    public string Name => "replay";

    public string About => "views built anew from the log at a start";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchOptions options, CancellationToken cancellation)
    {
        // The work grows with the time asked for; the rate is what counts.
        var events = (int)Math.Clamp(options.Duration.TotalSeconds * 400_000, 10_000, 4_000_000);
        using (var log = LogStore.Open(new PosixDisk(), options.Directory))
            await FillAsync(log, events, cancellation);
        using var reopened = LogStore.Open(new PosixDisk(), options.Directory);
        var started = Stopwatch.GetTimestamp();
        using var pipeline = Pipeline.Start(reopened, [new SourceText("bench.sql", Views)]);
        await pipeline.WhenVisibleAsync(LogEventLog.Topic, events - 1, cancellation);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        using var query = pipeline.Query("SELECT n FROM all_events", cancellation);
        var batch = query.Next() ?? throw new InvalidOperationException("The view all_events is empty.");
        long counted;
        unsafe
        {
            counted = batch.Columns[0].As<long>()[batch.RowAt(0)];
        }

        batch.Release();
        if (counted != events) throw new InvalidOperationException($"The view counts {counted} of {events} events.");
        return [new("events", events, "events"), new("replayEventsPerSecond", events / seconds, "events/s, three views")];
    }

    private static async Task FillAsync(LogStore log, int events, CancellationToken cancellation)
    {
        var partition = log.OpenPartition(LogEventLog.Topic);
        var at = DateTimeOffset.UnixEpoch.AddDays(20_000);
        for (var first = 0; first < events; first += 5000)
        {
            cancellation.ThrowIfCancellationRequested();
            var records = RecordSet.Rent();
            for (var n = first; n < Math.Min(events, first + 5000); n++)
            {
                var time = at.AddMilliseconds(n).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
                records.Add(
                    at.ToUnixTimeMilliseconds() + n,
                    default,
                    Encoding.UTF8.GetBytes($$$"""{"messageId":"m-{{{n}}}","type":"track","source":"bench","receivedAt":"{{{time}}}","timestamp":"{{{time}}}","userId":"user-{{{n % 50_000}}}","event":"Product Added","properties":{"category":"tea","name":"Harbour Reserve tea","price":18.49,"product_id":"p-{{{n % 400}}}","quantity":1},"context":{"library":{"name":"analytics.js","version":"npm:next-1.84.3"},"locale":"de-DE","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0"}}"""));
            }

            await log.AppendAsync(partition, records);
        }
    }
}
