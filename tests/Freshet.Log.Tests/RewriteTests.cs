using System.Text;
using Freshet.Log.Records;
using Freshet.Storage;
using Freshet.Testing.Disks;
using Record = Freshet.Log.Records.Record;

namespace Freshet.Log.Tests;

/// <summary>Records of the past written anew: a crash at any place leaves each log segment as it was or as it should be.</summary>
public sealed class RewriteTests(ITestOutputHelper output)
{
    private const string Folder = "/data";
    private const int Records = 120;
    private static readonly LogOptions Options = new() { SegmentBytes = 1_500, ExtentBytes = 4096 };

    [Fact]
    public void Offsets_and_timestamps_stay_and_what_was_erased_is_in_no_file()
    {
        var disk = new SimulatedDisk(new Random(1));
        using (var log = Filled(disk))
        {
            var partition = log.OpenPartition("events");
            var (records, segments) = log.Rewrite(partition, new LogOffset(100), Edit);
            Assert.Equal(100 / 3 + 1 + 1, records);
            Assert.InRange(segments, 2, 100);
            Check(partition, isDone: true);
            Append(log, partition, Records, 5);
            Assert.Equal((0, 0), log.Rewrite(partition, new LogOffset(100), Edited));
        }

        Assert.DoesNotContain("secret-3;", Everything(disk), StringComparison.Ordinal);
        using var again = LogStore.OpenManual(disk, Folder, Options);
        Check(again.OpenPartition("events"), isDone: true);
        Assert.Equal(Records + 5, again.OpenPartition("events").NextOffset.Value);
    }

    [Fact]
    public void A_crash_at_any_call_of_the_disk_leaves_whole_segments_and_the_second_try_ends_it()
    {
        var seed = Seeds.Next();
        output.WriteLine($"seed {seed}");
        var calls = 0L;
        for (var at = 1; at == 1 || at <= calls; at++)
        {
            var disk = new SimulatedDisk(new Random(seed + at));
            var log = Filled(disk);
            var partition = log.OpenPartition("events");
            var before = disk.Operations;
            if (calls > 0) disk.FailAt(before + at, StorageError.Io, andAllLater: true);
            try
            {
                log.Rewrite(partition, new LogOffset(100), Edit);
                if (calls == 0) calls = disk.Operations - before;
            }
            catch (StorageException)
            {
                // The process ends here.
            }

            disk.Heal();
            if (at % 2 == 0) disk.LosePower();
            else disk.Kill();
            using var again = LogStore.OpenManual(disk, Folder, Options);
            Check(again.OpenPartition("events"), isDone: calls > 0 && at == 0);
            again.Rewrite(again.OpenPartition("events"), new LogOffset(100), Edit);
            Check(again.OpenPartition("events"), isDone: true);
            Assert.DoesNotContain(disk.List($"{Folder}/events-0"), n => n.EndsWith(".rewrite", StringComparison.Ordinal));
        }

        Assert.InRange(calls, 20, 10_000);
    }

    private static LogStore Filled(SimulatedDisk disk)
    {
        var log = LogStore.OpenManual(disk, Folder, Options);
        var partition = log.OpenPartition("events");
        for (var i = 0; i < Records; i += 4) Append(log, partition, i, 4);
        return log;
    }

    private static void Append(LogStore log, Partition partition, int first, int count)
    {
        var set = RecordSet.Rent();
        for (var i = first; i < first + count; i++) set.Add(1000 + i, Encoding.UTF8.GetBytes($"key-{i};"), Encoding.UTF8.GetBytes($"secret-{i};"));
        var answer = log.AppendAsync(partition, set).AsTask();
        log.CommitOnce();
        Assert.True(answer.IsCompletedSuccessfully || answer.Wait(10_000));
        Assert.Equal(first, answer.Result.Value);
    }

    /// <summary>Every third record is emptied, one is another.</summary>
    private static RecordEdit Edit(in Record record, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (record.Offset.Value >= 100 || !record.HasValue) return RecordEdit.Keeps;
        if (record.Offset.Value % 3 == 0) return RecordEdit.Empties;
        if (record.Offset.Value != 50) return RecordEdit.Keeps;
        value = "another"u8.ToArray();
        return RecordEdit.Replaces;
    }

    private static RecordEdit Edited(in Record record, out ReadOnlyMemory<byte> value)
    {
        value = default;
        return RecordEdit.Keeps;
    }

    private static void Check(Partition partition, bool isDone)
    {
        var next = 0L;
        var cursor = new PartitionCursor(partition, default);
        while (cursor.TryNext(out var batches))
        {
            var reader = new RecordBatchReader(batches);
            while (reader.TryNext(out var record))
            {
                Assert.Equal(next++, record.Offset.Value);
                Assert.Equal(1000 + record.Offset.Value, record.TimestampMs);
                var text = record.HasValue ? Encoding.UTF8.GetString(record.Value) : null;
                var isWhole = text == $"secret-{record.Offset};" && record.HasKey;
                var asked = record.Offset.Value < 100 && (record.Offset.Value % 3 == 0 || record.Offset.Value == 50);
                var isChanged = !record.HasKey && text == (record.Offset.Value == 50 ? "another" : null);
                Assert.True(asked ? isChanged || (!isDone && isWhole) : isWhole, $"record {record.Offset}: {text}");
            }
        }

        Assert.Equal(partition.NextOffset.Value, next);
        Assert.InRange(next, Records, Records + 5);
    }

    private static string Everything(SimulatedDisk disk)
    {
        var all = new StringBuilder();
        foreach (var name in disk.List($"{Folder}/events-0"))
        {
            using var file = disk.Open($"{Folder}/events-0/{name}", create: false);
            var bytes = new byte[file.LengthBytes];
            file.Read(0, bytes);
            all.Append(Encoding.Latin1.GetString(bytes));
        }

        return all.ToString();
    }
}
