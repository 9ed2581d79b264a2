using System.Buffers.Binary;
using Freshet.Log.Records;
using Freshet.Storage;
using Freshet.Testing.Disks;

namespace Freshet.Log.Tests;

/// <summary>
/// One history of a log on a simulated disk: lives of a process that end in a close, a kill or a loss of power, with faults of the
/// disk in them. What was answered is written down outside of the log and held against what a later life reads.
/// Every choice comes from the seed.
/// </summary>
internal sealed class LogHistory(int seed)
{
    private const string Folder = "/data";
    private static readonly string[] Topics = ["a", "b", "relaxed"];

    private readonly Random _random = new(seed);
    private readonly SimulatedDisk _disk = new(new Random(seed + 1));
    private readonly List<Append> _appends = [];
    private readonly LogOptions _options = new() { SegmentBytes = 6_000, ExtentBytes = 4096, GroupMaxBytes = 4_000, RelaxedSyncMs = 1_000_000, RelaxedSyncBytes = 3_000 };
    private int _nextId;
    private bool _faulty;

    /// <summary>A set of records handed to the log: numbers that no other record has.</summary>
    private sealed record Append(string Topic, int First, int Count, Task<LogOffset> Answer)
    {
        /// <summary>Whether it must be there for good.</summary>
        public bool IsKept { get; set; }

        public LogOffset Offset { get; set; }
    }

    public void Run(int lives)
    {
        for (var life = 0; life < lives; life++) Live();
    }

    private void Live()
    {
        _faulty = _random.Next(3) == 0;
        if (_faulty) _disk.FailAt(_disk.Operations + 1 + _random.Next(60), _random.Next(2) == 0 ? StorageError.Io : StorageError.DiskFull, _random.Next(2) == 0);
        LogStore? log = null;
        try
        {
            log = LogStore.OpenManual(_disk, Folder, _options);
            foreach (var topic in Topics) Check(Open(log, topic));
            for (var turns = _random.Next(20); turns > 0; turns--) Turn(log);
        }
        catch (StorageException e) when (_faulty)
        {
            // A fault may end any call; damage that was not there is no such end.
            Assert.NotEqual(StorageError.Corrupt, e.Error);
        }

        End(log);
        foreach (var append in _appends) Note(append);
    }

    private void End(LogStore? log)
    {
        _disk.Heal();
        var loses = false;
        switch (_random.Next(3))
        {
            case 0:
                log?.Dispose();
                break;
            case 1:
                break;
            default:
                loses = true;
                break;
        }

        foreach (var append in _appends) Note(append);
        if (!loses)
        {
            _disk.Kill();
            return;
        }

        _disk.LosePower();
        // What a relaxed topic answered may be gone; whether it is, the next life finds out.
        foreach (var append in _appends.Where(a => a.Topic == "relaxed")) append.IsKept = false;
    }

    private static void Note(Append append)
    {
        if (!append.Answer.IsCompletedSuccessfully || append.Topic == "relaxed") return;
        append.IsKept = true;
        append.Offset = append.Answer.Result;
    }

    private static Partition Open(LogStore log, string topic) => log.OpenPartition(topic, 0, new TopicSettings { IsRelaxed = topic == "relaxed" });

    private void Turn(LogStore log)
    {
        for (var appends = _random.Next(4); appends > 0; appends--)
        {
            var topic = Topics[_random.Next(Topics.Length)];
            var records = RecordSet.Rent();
            var count = 1 + _random.Next(4);
            var padding = _random.Next(10) == 0 ? 3_000 : 120;
            for (var i = 0; i < count; i++) records.Add(1_000 + _nextId + i, default, Value(_nextId + i, _random.Next(padding)));
            if (_random.Next(3) == 0) records.Tag = _random.Next(3);
            try
            {
                _appends.Add(new Append(topic, _nextId, count, log.AppendAsync(log.OpenPartition(topic), records).AsTask()));
            }
            catch (StorageException)
            {
                records.Return();
                Assert.True(_faulty, "An append was refused without a fault.");
            }

            _nextId += count;
        }

        while (_random.Next(4) > 0 && log.CommitOnce())
        {
        }

        foreach (var append in _appends.Where(a => a.Answer.IsFaulted)) Assert.True(_faulty || append.IsKept || append.Answer.Exception is not null);
    }

    private static byte[] Value(int id, int padding)
    {
        var value = new byte[4 + padding];
        BinaryPrimitives.WriteInt32LittleEndian(value, id);
        value.AsSpan(4).Fill((byte)id);
        return value;
    }

    /// <summary>Reads a partition from end to end: what must be there is, nothing is twice or torn apart, and the order is that of the appends.</summary>
    private void Check(Partition partition)
    {
        var found = new List<int>();
        var cursor = new PartitionCursor(partition, partition.StartOffset);
        while (cursor.TryNext(out var batches))
        {
            var reader = new RecordBatchReader(batches);
            while (reader.TryNext(out var record))
            {
                Assert.Equal(found.Count, record.Offset.Value);
                found.Add(BinaryPrimitives.ReadInt32LittleEndian(record.Value));
                Assert.False(record.Value[4..].ContainsAnyExcept((byte)found[^1]));
            }
        }

        Assert.Equal(found.Count, partition.NextOffset.Value);
        Assert.True(found.SequenceEqual(found.Order().Distinct()), "A record is doubled or out of order.");
        var place = found.Select((id, at) => (id, at)).ToDictionary(p => p.id, p => p.at);
        foreach (var append in _appends.Where(a => a.Topic == partition.Topic))
        {
            var there = Enumerable.Range(append.First, append.Count).Count(place.ContainsKey);
            if (append.IsKept) Assert.True(there == append.Count && place[append.First] == append.Offset.Value, $"Topic {partition.Topic}: record {append.First} was answered with offset {append.Offset} and is not there.");
            else Assert.True(there == 0 || there == append.Count, "An append is there in part.");
            // What a life has seen stays, whether it was answered or not.
            if (there == 0) continue;
            append.IsKept = true;
            append.Offset = new LogOffset(place[append.First]);
        }
    }
}
