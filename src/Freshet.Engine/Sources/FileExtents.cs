using System.Buffers.Binary;
using System.Text;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Storage;

namespace Freshet.Engine.Sources;

/// <summary>Rows that were read from a file in one go.</summary>
internal readonly record struct FileExtent(string File, int Rows);

/// <summary>
/// The order in which the rows of followed files were read, kept in a topic of its own: what gives each row its number in every
/// later process, whichever files have grown meanwhile. A record is the number of rows (4 bytes, little endian) and the name
/// of the file, UTF-8.
/// Invariant: rows are given to steps only when the extent that holds them is durable.
/// </summary>
internal sealed class FileExtents(LogStore log, string table)
{
    /// <summary>The topics begin with this; no table may name one.</summary>
    public const string TopicPrefix = "__files.";

    private const int HeadBytes = 4;

    private readonly Partition _partition = log.OpenPartition(TopicPrefix + table);

    /// <summary>What earlier processes read, in order.</summary>
    public Queue<FileExtent> Read()
    {
        var extents = new Queue<FileExtent>();
        var cursor = new PartitionCursor(_partition, _partition.StartOffset);
        while (cursor.TryNext(out var batches))
        {
            var reader = new RecordBatchReader(batches);
            while (reader.TryNext(out var record))
                extents.Enqueue(new FileExtent(Encoding.UTF8.GetString(record.Value[HeadBytes..]), BinaryPrimitives.ReadInt32LittleEndian(record.Value)));
        }

        return extents;
    }

    /// <summary>Keeps extents; true when they are durable, false while the disk is full.</summary>
    public bool TryAppend(List<FileExtent> extents)
    {
        var records = RecordSet.Rent();
        foreach (var (file, rows) in extents)
        {
            var value = new byte[HeadBytes + Encoding.UTF8.GetByteCount(file)];
            BinaryPrimitives.WriteInt32LittleEndian(value, rows);
            Encoding.UTF8.GetBytes(file, value.AsSpan(HeadBytes));
            records.Add(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), default, value);
        }

        try
        {
            log.AppendAsync(_partition, records).AsTask().GetAwaiter().GetResult();
            return true;
        }
        catch (StorageException e) when (e.Error == StorageError.DiskFull)
        {
            return false;
        }
    }
}
