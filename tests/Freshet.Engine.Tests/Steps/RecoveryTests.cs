using System.Globalization;
using System.Text;
using Freshet.Columns;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Storage;
using Freshet.Syntax.Text;
using Freshet.Testing.Disks;

namespace Freshet.Engine.Tests.Steps;

/// <summary>A pipeline over a disk that fails and loses power: what it writes is there once, whatever happened.</summary>
public sealed class RecoveryTests
{
    private const string TwoInserts = """
        CREATE TABLE copies (id STRING, kind STRING) WITH ('connector' = 'log');
        INSERT INTO copies SELECT message_id, 'a' FROM events;
        INSERT INTO copies SELECT message_id, 'b' FROM events;
        CREATE MATERIALIZED VIEW counted AS SELECT COUNT(*) AS n FROM events;
        """;

    private static readonly LogOptions Small = new() { ExtentBytes = 4096 };

    [Fact]
    public async Task Two_inserts_into_one_topic_write_every_row_once_whenever_the_disk_fails()
    {
        for (var failAt = 40; failAt < 170; failAt += 3)
        {
            var disk = new SimulatedDisk(new Random(failAt));
            disk.FailAt(failAt, StorageError.Io, andAllLater: true);
            await RunAsync(disk, TwoInserts, 6);
            disk.Heal();
            if (failAt % 2 == 0) disk.LosePower();
            else disk.Kill();
            await RunAsync(disk, TwoInserts, 2);

            using var log = LogStore.Open(disk, "/data", Small);
            var events = Values(log, "events");
            var expected = events.SelectMany(e => new[] { $$"""{"id":"{{Id(e)}}","kind":"a"}""", $$"""{"id":"{{Id(e)}}","kind":"b"}""" }).Order(StringComparer.Ordinal);
            Assert.True(events.Count >= 2);
            Assert.Equal(expected, Values(log, "copies").Order(StringComparer.Ordinal));
            disk.Kill();
        }
    }

    [Fact]
    public async Task A_replay_takes_steps_together_although_an_insert_writes_seldom()
    {
        const string Seldom = "CREATE TABLE copies (id STRING) WITH ('connector' = 'log'); INSERT INTO copies SELECT message_id FROM events WHERE message_id LIKE '%-3';";
        var disk = new SimulatedDisk(new Random(1));
        await RunAsync(disk, Seldom, 200);
        using var log = LogStore.Open(disk, "/data", Small);
        var replayed = 0;
        using var pipeline = Pipeline.Start(log, [new SourceText("test.sql", Seldom)], new PipelineOptions { Workers = 1 }, (_, _) => replayed++);
        Assert.InRange(replayed, 1, 3);
        Assert.Single(Values(log, "copies"));
    }

    [Fact]
    public async Task Rows_of_a_relaxed_topic_that_a_power_loss_took_do_not_hide_those_that_follow()
    {
        const string Copy = """
            CREATE TABLE copies (id STRING) WITH ('connector' = 'log');
            INSERT INTO copies SELECT message_id FROM events;
            CREATE MATERIALIZED VIEW counted AS SELECT COUNT(*) AS n FROM events;
            """;
        for (var seed = 0; seed < 20; seed++)
        {
            var disk = new SimulatedDisk(new Random(seed));
            var options = Small with { RelaxedSyncMs = 1_000_000 };
            var log = LogStore.Open(disk, "/data", options);
            var events = log.OpenPartition("events", 0, new TopicSettings { IsRelaxed = true });
            var pipeline = Pipeline.Start(log, [new SourceText("test.sql", Copy)], new PipelineOptions { Workers = 1 });
            for (var n = 0; n < 10; n++) await pipeline.WhenVisibleAsync("events", (await AppendAsync(log, events, n)).Value);
            disk.LosePower();

            using var again = LogStore.Open(disk, "/data", options);
            events = again.OpenPartition("events");
            var left = (int)events.NextOffset.Value;
            using (var restarted = Pipeline.Start(again, [new SourceText("test.sql", Copy)], new PipelineOptions { Workers = 1 }))
            {
                for (var n = 100; n < 103; n++) await restarted.WhenVisibleAsync("events", (await AppendAsync(again, events, n)).Value);
                using var query = restarted.Query("SELECT n FROM counted");
                Assert.Equal(left + 3, Number(query.Next()!));
            }

            var copies = Values(again, "copies");
            Assert.Equal(13, copies.Count);
            Assert.Equal(Enumerable.Range(100, 3).Select(n => $$"""{"id":"id-{{n}}"}"""), copies[^3..]);

            // The next start reads the same journal to the same end.
            using var third = Pipeline.Start(again, [new SourceText("test.sql", Copy)], new PipelineOptions { Workers = 1 });
            using var last = third.Query("SELECT n FROM counted");
            Assert.Equal(left + 3, Number(last.Next()!));
            Assert.Equal(13, Values(again, "copies").Count);
        }
    }

    [Fact]
    public async Task A_full_disk_makes_views_wait_and_go_on_when_there_is_room()
    {
        var disk = new SimulatedDisk(new Random(5));
        using var log = LogStore.Open(disk, "/data", Small);
        var events = log.OpenPartition("events");
        using var pipeline = Pipeline.Start(log, [new SourceText("test.sql", TwoInserts)], new PipelineOptions { Workers = 1 });
        await pipeline.WhenVisibleAsync("events", (await AppendAsync(log, events, 0)).Value);
        disk.CapacityBytes = 0;
        var refused = 0;
        var last = 0L;
        for (var n = 1; n < 200 && refused == 0; n++)
        {
            try
            {
                last = (await AppendAsync(log, events, n)).Value;
            }
            catch (StorageException e) when (e.Error == StorageError.DiskFull)
            {
                refused++;
            }
        }

        Assert.Equal(1, refused);
        Assert.True(log.IsDiskFull);
        disk.CapacityBytes = long.MaxValue;
        last = (await AppendAsync(log, events, 999)).Value;
        await pipeline.WhenVisibleAsync("events", last).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.False(pipeline.Failure.IsFaulted);
        Assert.Equal((last + 1) * 2, Values(log, "copies").Count);
    }

    /// <summary>One life: starts, appends events one by one and waits for each, as far as the disk lets it.</summary>
    private static async Task RunAsync(SimulatedDisk disk, string sql, int events)
    {
        LogStore? log = null;
        Pipeline? pipeline = null;
        try
        {
            log = LogStore.Open(disk, "/data", Small);
            pipeline = Pipeline.Start(log, [new SourceText("test.sql", sql)], new PipelineOptions { Workers = 1 });
            var partition = log.OpenPartition("events");
            for (var n = 0; n < events; n++) await pipeline.WhenVisibleAsync("events", (await AppendAsync(log, partition, n)).Value);
        }
        catch (Exception e) when (e is StorageException { Error: StorageError.Io } or InvalidOperationException)
        {
            // The disk has failed; the next life begins from what is there.
        }
        finally
        {
            pipeline?.Dispose();
            log?.Dispose();
        }
    }

    private static async Task<LogOffset> AppendAsync(LogStore log, Partition partition, int n)
    {
        var records = RecordSet.Rent();
        records.Add(1_000 + n, default, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"messageId":"id-{{n}}","type":"track","receivedAt":"2026-01-01T00:00:00.000Z","timestamp":"2026-01-01T00:00:00.000Z"}""")));
        return await log.AppendAsync(partition, records);
    }

    private static string Id(string json) => json.Split('"')[3];

    private static unsafe long Number(Batch batch)
    {
        var value = batch.Columns[0].As<long>()[batch.RowAt(0)];
        batch.Release();
        return value;
    }

    private static List<string> Values(LogStore log, string topic)
    {
        var partition = log.OpenPartition(topic);
        var values = new List<string>();
        var cursor = new PartitionCursor(partition, partition.StartOffset);
        while (cursor.TryNext(out var batches))
        {
            var reader = new RecordBatchReader(batches);
            while (reader.TryNext(out var record)) values.Add(Encoding.UTF8.GetString(record.Value));
        }

        return values;
    }
}
