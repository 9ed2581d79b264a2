using System.Text;
using Freshet.Log.Records;
using Freshet.Storage;
using Freshet.Storage.Posix;

namespace Freshet.Log.Tests;

/// <summary>What a log finds again after it was closed, cut or damaged, on the real disk.</summary>
public sealed class RecoveryTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("freshet-log-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task What_was_acknowledged_is_read_again_in_order()
    {
        using (var log = Open())
        {
            var partition = log.OpenPartition("events");
            for (var n = 0; n < 50; n++) Assert.Equal(n * 3, (await AppendAsync(log, partition, n * 3, 3)).Value);
        }

        using var again = Open();
        var reopened = again.OpenPartition("events");
        Assert.Equal(150, reopened.NextOffset.Value);
        Assert.Equal(Enumerable.Range(0, 150).Select(n => $"value-{n}"), Values(reopened));
        Assert.Equal(150, (await AppendAsync(again, reopened, 150, 1)).Value);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(30)]
    [InlineData(70)]
    public async Task A_torn_end_is_cut_off_and_the_rest_stays(int cutBytes)
    {
        string file;
        long end;
        using (var log = Open())
        {
            var partition = log.OpenPartition("events");
            for (var n = 0; n < 10; n++) await AppendAsync(log, partition, n, 1);
            end = partition.SizeBytes;
            file = Directory.GetFiles(Path.Combine(_directory, "events-0"), "*.log").Single();
        }

        using (var stream = new FileStream(file, FileMode.Open))
        {
            stream.Position = end - cutBytes;
            stream.Write(new byte[cutBytes]);
        }

        using var again = Open();
        var reopened = again.OpenPartition("events");
        Assert.Equal(9, reopened.NextOffset.Value);
        Assert.Equal(9, (await AppendAsync(again, reopened, 9, 1)).Value);
        Assert.Equal(Enumerable.Range(0, 10).Select(n => $"value-{n}"), Values(reopened));
    }

    [Fact]
    public async Task Damage_before_the_end_is_refused_with_its_place()
    {
        string file;
        using (var log = Open())
        {
            var partition = log.OpenPartition("events");
            for (var n = 0; n < 10; n++) await AppendAsync(log, partition, n, 1);
            file = Directory.GetFiles(Path.Combine(_directory, "events-0"), "*.log").Single();
        }

        using (var stream = new FileStream(file, FileMode.Open))
        {
            stream.Position = RecordBatchHeader.SizeBytes + 3;
            stream.WriteByte(0xff);
        }

        using var again = Open();
        var error = Assert.Throws<StorageException>(() => again.OpenPartition("events"));
        Assert.Equal(StorageError.Corrupt, error.Error);
        Assert.Contains("byte 0", error.Message, StringComparison.Ordinal);
        Assert.Contains("offset 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_owner_is_refused_and_told_who_has_it()
    {
        using var log = Open();
        var error = Assert.Throws<StorageException>(Open);
        Assert.Equal(StorageError.InUse, error.Error);
        Assert.Contains(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Appends_that_wait_together_share_a_batch_and_a_sync()
    {
        using var log = LogStore.OpenManual(new PosixDisk(), _directory);
        var partition = log.OpenPartition("events");
        var appends = Enumerable.Range(0, 100).Select(n => AppendAsync(log, partition, n, 1).AsTask()).ToList();
        Assert.All(appends, a => Assert.False(a.IsCompleted));
        Assert.True(log.CommitOnce());
        Assert.Equal(Enumerable.Range(0, 100).Select(n => (long)n), (await Task.WhenAll(appends)).Select(o => o.Value));
        Assert.Equal(1, log.Syncs);
        var buffer = new byte[64 << 10];
        var read = partition.Read(default, partition.NextOffset, buffer, out _);
        Assert.True(RecordBatchHeader.TryRead(buffer.AsSpan(0, read), out var header));
        Assert.Equal(100, header.Count);
    }

    [Fact]
    public async Task A_time_finds_a_place_at_or_before_its_records()
    {
        using var log = Open();
        var partition = log.OpenPartition("events");
        for (var n = 0; n < 20; n++) await AppendAsync(log, partition, n, 1);
        Assert.True(partition.OffsetBefore(1_000 + 10).Value <= 10);
        Assert.Equal(partition.NextOffset, partition.OffsetBefore(5_000));
    }

    private LogStore Open() => LogStore.Open(new PosixDisk(), _directory);

    private static ValueTask<LogOffset> AppendAsync(LogStore log, Partition partition, int first, int count)
    {
        var records = RecordSet.Rent();
        for (var n = first; n < first + count; n++) records.Add(1_000 + n, Encoding.UTF8.GetBytes($"key-{n}"), Encoding.UTF8.GetBytes($"value-{n}"));
        return log.AppendAsync(partition, records);
    }

    private static List<string> Values(Partition partition)
    {
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
