using Freshet.Log.Records;
using Freshet.Storage;
using Freshet.Testing.Disks;

namespace Freshet.Log.Tests;

/// <summary>Appends of one group whose files take their time: each is answered by its own file.</summary>
public sealed class GroupCommitTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(6)]
    public async Task An_append_is_answered_when_its_own_file_is_durable_though_another_is_still_being_synced(int topics)
    {
        using var disk = new HeldDisk(new SimulatedDisk(new Random(1)), held: "slow");
        using var log = LogStore.OpenManual(disk, "/data");
        var partitions = Enumerable.Range(0, topics - 1).Select(n => log.OpenPartition($"quick{n}")).ToList();
        var slow = log.OpenPartition("slow");
        disk.Hold();
        var held = AppendAsync(log, slow, "held");
        var quick = partitions.Select(p => AppendAsync(log, p, "quick")).ToList();
        var commit = Task.Run(log.CommitOnce);
        await Task.WhenAll(quick).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.All(partitions, p => Assert.Equal(1, p.DurableOffset.Value));
        Assert.False(held.IsCompleted);
        Assert.False(commit.IsCompleted);
        disk.Release();
        await held.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(await commit);
    }

    [Fact]
    public async Task A_relaxed_append_waits_for_nobodys_sync()
    {
        using var disk = new HeldDisk(new SimulatedDisk(new Random(1)), held: "slow");
        using var log = LogStore.OpenManual(disk, "/data");
        var slow = log.OpenPartition("slow");
        var relaxed = log.OpenPartition("relaxed", 0, new TopicSettings { IsRelaxed = true });
        disk.Hold();
        var held = AppendAsync(log, slow, "held");
        var answered = AppendAsync(log, relaxed, "quick");
        var commit = Task.Run(log.CommitOnce);
        await answered.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.False(held.IsCompleted);
        disk.Release();
        await commit;
    }

    private static Task<LogOffset> AppendAsync(LogStore log, Partition partition, string value)
    {
        var records = RecordSet.Rent();
        records.Add(1, default, System.Text.Encoding.UTF8.GetBytes(value));
        return log.AppendAsync(partition, records).AsTask();
    }

    /// <summary>A disk on which the syncs of some files do not return until they are let go.</summary>
    private sealed class HeldDisk(IDisk disk, string held) : IDisk, IDisposable
    {
        private readonly ManualResetEventSlim _free = new(true);

        public void Hold() => _free.Reset();

        public void Release() => _free.Set();

        public void Dispose() => _free.Dispose();

        public IDiskFile Open(string path, bool create) => new HeldFile(disk.Open(path, create), path.Contains(held, StringComparison.Ordinal) ? _free : null);

        public bool Exists(string path) => disk.Exists(path);

        public IReadOnlyList<string> List(string directory) => disk.List(directory);

        public void CreateDirectory(string directory) => disk.CreateDirectory(directory);

        public void SyncDirectory(string directory) => disk.SyncDirectory(directory);

        public void Rename(string from, string to) => disk.Rename(from, to);

        public void Delete(string path) => disk.Delete(path);

        public IDisposable Lock(string directory) => disk.Lock(directory);
    }

    private sealed class HeldFile(IDiskFile file, ManualResetEventSlim? free) : IDiskFile
    {
        public string Path => file.Path;

        public long LengthBytes => file.LengthBytes;

        public int Read(long offset, Span<byte> target) => file.Read(offset, target);

        public void Write(long offset, ReadOnlySpan<byte> source) => file.Write(offset, source);

        public void Truncate(long lengthBytes) => file.Truncate(lengthBytes);

        public void Allocate(long lengthBytes) => file.Allocate(lengthBytes);

        public void SyncData()
        {
            free?.Wait();
            file.SyncData();
        }

        public void Dispose() => file.Dispose();
    }
}
