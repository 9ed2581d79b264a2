using System.Text;
using Freshet.Log.Records;
using Freshet.Storage;
using Freshet.Testing.Disks;

namespace Freshet.Log.Tests;

/// <summary>The log over a disk that fails, fills up and loses power. FRESHET_TEST_SEED runs one history again.</summary>
public sealed class LogHistoryTests
{
    private const string File = "/data/a-0/00000000000000000000.log";

    [Fact]
    public void Random_histories_lose_nothing_that_was_answered()
    {
        var first = Seeds.Next();
        for (var seed = first; seed < first + 60; seed++)
        {
            try
            {
                new LogHistory(seed).Run(lives: 12);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        }
    }

    [Fact]
    public async Task What_a_failed_sync_left_readable_is_written_again_before_it_counts()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var disk = new SimulatedDisk(new Random(seed));
            var log = LogStore.OpenManual(disk, "/data");
            var partition = log.OpenPartition("a");
            var append = AppendAsync(log, partition, "first");
            var syncs = 0;
            disk.OnOperation = (operation, _) =>
            {
                if (operation == DiskOperation.SyncData && syncs++ == 0) disk.FailAt(disk.Operations + 1);
            };
            log.CommitOnce();
            await Assert.ThrowsAsync<StorageException>(async () => await append);
            disk.OnOperation = null;
            disk.Heal();
            disk.Kill();

            // The record can be read: from here on it is there for good.
            Assert.Equal(["first"], Values(LogStore.OpenManual(disk, "/data")));
            disk.LosePower();
            Assert.Equal(["first"], Values(LogStore.OpenManual(disk, "/data")));
        }
    }

    [Fact]
    public async Task A_disk_that_fills_up_within_a_batch_leaves_nothing_that_looks_like_damage()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var disk = new SimulatedDisk(new Random(seed));
            var log = LogStore.OpenManual(disk, "/data", new LogOptions { SegmentBytes = 500, ExtentBytes = 4096 });
            var partition = log.OpenPartition("a");
            var kept = AppendAsync(log, partition, "kept");
            log.CommitOnce();
            await kept;
            var refused = AppendAsync(log, partition, new string('x', 2_000));
            disk.OnOperation = (operation, _) =>
            {
                if (operation == DiskOperation.Write) disk.FailAt(disk.Operations + 1, StorageError.DiskFull);
            };
            log.CommitOnce();
            Assert.Equal(StorageError.DiskFull, (await Assert.ThrowsAsync<StorageException>(async () => await refused)).Error);
            disk.OnOperation = null;
            disk.Heal();
            // Goes on in the same file, then rolls, so that the file is no longer the last one.
            for (var n = 0; n < 10; n++)
            {
                var next = AppendAsync(log, partition, $"then-{n}");
                log.CommitOnce();
                Assert.Equal(n + 1, (await next).Value);
            }

            disk.LosePower();
            Assert.Equal(["kept", .. Enumerable.Range(0, 10).Select(n => $"then-{n}")], Values(LogStore.OpenManual(disk, "/data")));
        }
    }

    [Fact]
    public async Task A_full_disk_is_used_up_in_small_pieces_and_taken_again_when_there_is_room()
    {
        var disk = new SimulatedDisk(new Random(1)) { CapacityBytes = 20_000 };
        var log = LogStore.OpenManual(disk, "/data");
        var partition = log.OpenPartition("a");
        var answered = 0;
        StorageException? refusal = null;
        for (var n = 0; n < 100 && refusal is null; n++)
        {
            var append = AppendAsync(log, partition, new string('x', 1_000));
            log.CommitOnce();
            try
            {
                await append;
                answered++;
            }
            catch (StorageException e)
            {
                refusal = e;
            }
        }

        Assert.Equal(StorageError.DiskFull, refusal!.Error);
        Assert.True(answered > 10, $"Only {answered} records fitted.");
        disk.CapacityBytes = long.MaxValue;
        var later = AppendAsync(log, partition, "later");
        log.CommitOnce();
        Assert.Equal(answered, (await later).Value);
    }

    [Fact]
    public async Task A_flipped_bit_is_found_and_named_or_was_in_what_nothing_holds()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var disk = new SimulatedDisk(random);
            var log = LogStore.OpenManual(disk, "/data", new LogOptions { ExtentBytes = 4096 });
            var partition = log.OpenPartition("a");
            for (var n = 0; n < 8; n++)
            {
                var append = AppendAsync(log, partition, $"value-{n}");
                log.CommitOnce();
                await append;
            }

            var end = partition.SizeBytes;
            var lastBatch = end / 8 * 7;
            log.Dispose();
            var bit = random.NextInt64(lastBatch * 8);
            disk.FlipBit(File, bit);
            try
            {
                var values = Values(LogStore.OpenManual(disk, "/data"));
                // The bits 12 to 15 of a batch's head are no part of its checksum.
                Assert.Equal(Enumerable.Range(0, 8).Select(n => $"value-{n}"), values);
                Assert.InRange(bit / 8 % (end / 8), 12, 15);
            }
            catch (StorageException e)
            {
                Assert.Equal(StorageError.Corrupt, e.Error);
                Assert.Contains($"byte {bit / 8 / (end / 8) * (end / 8)}:", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task An_append_beside_a_close_is_answered()
    {
        for (var round = 0; round < 60; round++)
        {
            var log = LogStore.Open(new SimulatedDisk(new Random(round)), "/data");
            var partition = log.OpenPartition("a");
            var appender = Task.Run(async () =>
            {
                for (var n = 0; ; n++)
                {
                    try
                    {
                        await AppendAsync(log, partition, $"value-{n}");
                    }
                    catch (StorageException)
                    {
                        return;
                    }
                }
            });
            if (round % 2 == 0) await Task.Yield();
            log.Dispose();
            await appender.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    [Fact]
    public async Task Many_small_appends_are_one_group_and_cost_what_they_hold()
    {
        var log = LogStore.OpenManual(new SimulatedDisk(new Random(1)), "/data");
        var partition = log.OpenPartition("a");
        var appends = new List<Task<LogOffset>>();
        for (var n = 0; n < 200_000; n++)
        {
            var records = RecordSet.Rent();
            records.Add(n, default, "x"u8);
            records.Tag = 7;
            appends.Add(log.AppendAsync(partition, records).AsTask());
        }

        // Quadratic work would be 4e10 comparisons here.
        log.CommitOnce();
        await Task.WhenAll(appends).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(200_000, partition.DurableOffset.Value);
    }

    [Fact]
    public async Task A_relaxed_topic_answers_before_its_sync_and_is_synced_soon()
    {
        var disk = new SimulatedDisk(new Random(3));
        var log = LogStore.Open(disk, "/data", new LogOptions { RelaxedSyncMs = 5 });
        var relaxed = log.OpenPartition("a", 0, new TopicSettings { IsRelaxed = true });
        await AppendAsync(log, relaxed, "first");
        Assert.Equal(1, relaxed.AnsweredOffset.Value);
        Assert.True(SpinWait.SpinUntil(() => relaxed.DurableOffset.Value == 1, TimeSpan.FromSeconds(30)));
        disk.LosePower();
        Assert.Equal(["first"], Values(LogStore.OpenManual(disk, "/data")));
    }

    [Fact]
    public async Task Retention_deletes_whole_old_segments_and_names_what_is_gone()
    {
        var disk = new SimulatedDisk(new Random(4));
        var options = new LogOptions { SegmentBytes = 2_000, ExtentBytes = 4096 };
        var log = LogStore.OpenManual(disk, "/data", options);
        var partition = log.OpenPartition("a", 0, new TopicSettings { RetentionTime = TimeSpan.FromMilliseconds(500) });
        for (var n = 0; n < 100; n++)
        {
            var records = RecordSet.Rent();
            records.Add(n * 10, default, Encoding.UTF8.GetBytes($"value-{n:D3}"));
            var append = log.AppendAsync(partition, records).AsTask();
            log.CommitOnce();
            await append;
        }

        log.ApplyRetention(DateTimeOffset.FromUnixTimeMilliseconds(1_000));
        var start = partition.StartOffset.Value;
        Assert.InRange(start, 25, 50);
        var gone = Assert.Throws<StorageException>(() => partition.Read(default, partition.NextOffset, new byte[1 << 16], out _));
        Assert.Contains($"begins at offset {start}", gone.Message, StringComparison.Ordinal);
        Assert.Equal($"value-{start:D3}", Values(log)[0]);

        partition = log.OpenPartition("a", 0, new TopicSettings { RetentionBytes = 2_500 });
        log.ApplyRetention(DateTimeOffset.FromUnixTimeMilliseconds(1_000));
        Assert.InRange(partition.SizeBytes, 2_500, 4_600);
        start = partition.StartOffset.Value;
        disk.LosePower();
        var again = LogStore.OpenManual(disk, "/data", options);
        Assert.Equal(start, again.OpenPartition("a").StartOffset.Value);
        Assert.Equal($"value-{start:D3}", Values(again)[0]);
        Assert.Equal("value-099", Values(again)[^1]);
    }

    private static async Task<LogOffset> AppendAsync(LogStore log, Partition partition, string value)
    {
        var records = RecordSet.Rent();
        records.Add(1_000, default, Encoding.UTF8.GetBytes(value));
        return await log.AppendAsync(partition, records);
    }

    private static List<string> Values(LogStore log)
    {
        var partition = log.OpenPartition("a");
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
