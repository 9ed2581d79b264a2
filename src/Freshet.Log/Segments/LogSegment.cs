using System.Numerics;
using Freshet.Log.Records;
using Freshet.Storage;

namespace Freshet.Log.Segments;

/// <summary>
/// One file of a partition: record batches one after another from its base offset, then zeros up to the allocated length.
/// The name is the base offset in 20 digits. A sparse index (one entry for every 64 KiB) lies in memory and is rebuilt by
/// reading the heads at start.
/// Written by the committer alone; read by anyone up to the end that the partition has published.
/// </summary>
internal sealed class LogSegment : IDisposable
{
    private const int IndexEveryBytes = 64 << 10;
    private const int SmallExtentBytes = 4096;
    private const int FirstExtentBytes = 256 << 10;
    public const string Extension = ".log";

    private readonly IDiskFile _file;
    private readonly int _extentBytes;
    private readonly List<IndexEntry> _index = [];
    private readonly Lock _indexLock = new();
    private long _allocatedBytes;

    /// <summary>A batch that an index entry points at.</summary>
    private readonly record struct IndexEntry(LogOffset Offset, long Position, long MaxTimestampMs);

    public LogSegment(IDiskFile file, LogOffset baseOffset, int extentBytes)
    {
        _file = file;
        BaseOffset = baseOffset;
        _extentBytes = extentBytes;
        _allocatedBytes = file.LengthBytes;
    }

    public LogOffset BaseOffset { get; }

    /// <summary>Bytes of whole batches.</summary>
    public long EndBytes { get; private set; }

    public long MaxTimestampMs { get; private set; } = long.MinValue;

    public string Path => _file.Path;

    public static string NameOf(LogOffset baseOffset) =>
        baseOffset.Value.ToString("D20", System.Globalization.CultureInfo.InvariantCulture) + Extension;

    /// <summary>Writes whole batches at the end; they count from <see cref="Advance"/> on. After a throw nothing of them is left.</summary>
    public void Write(ReadOnlySpan<byte> batches)
    {
        if (EndBytes + batches.Length > _allocatedBytes) Allocate(EndBytes + batches.Length);
        try
        {
            _file.Write(EndBytes, batches);
        }
        catch (StorageException e) when (e.Error == StorageError.DiskFull)
        {
            // Some bytes may have been written; a start would find them behind the end and could not tell them from damage.
            _file.Truncate(EndBytes);
            _allocatedBytes = EndBytes;
            throw;
        }
    }

    private void Allocate(long neededBytes)
    {
        try
        {
            // Small topics stay small: a file doubles until it is worth a whole extent.
            var extent = Math.Min(_extentBytes, Math.Max(FirstExtentBytes, (long)BitOperations.RoundUpToPowerOf2((ulong)neededBytes)));
            _file.Allocate((neededBytes + extent) / extent * extent);
        }
        catch (StorageException e) when (e.Error == StorageError.DiskFull && _extentBytes > SmallExtentBytes)
        {
            // What is left of a full disk is used up in small pieces.
            _file.Allocate((neededBytes + SmallExtentBytes) / SmallExtentBytes * SmallExtentBytes);
        }
        finally
        {
            _allocatedBytes = _file.LengthBytes;
        }
    }

    /// <summary>Takes over what <see cref="Write"/> has written.</summary>
    public void Advance(RecordBatchHeader header)
    {
        Note(header);
        EndBytes += header.Bytes;
    }

    public void Sync() => _file.SyncData();

    /// <summary>Reads bytes of whole batches from a position.</summary>
    public int Read(long position, Span<byte> target) =>
        _file.Read(position, target[..(int)Math.Min(target.Length, Math.Max(0, EndBytes - position))]);

    /// <summary>A position at or before the batch that holds <paramref name="offset"/>.</summary>
    public long PositionBefore(LogOffset offset)
    {
        lock (_indexLock)
        {
            var low = 0;
            var high = _index.Count - 1;
            while (low < high)
            {
                var middle = (low + high + 1) / 2;
                if (_index[middle].Offset <= offset) low = middle;
                else high = middle - 1;
            }

            return _index.Count == 0 ? 0 : _index[low].Position;
        }
    }

    /// <summary>A position before the first batch that has a record at or after a time, or the end.</summary>
    public long PositionBefore(long timestampMs)
    {
        lock (_indexLock)
        {
            for (var i = 0; i < _index.Count; i++)
            {
                // The entry's highest time covers everything before it.
                if (_index[i].MaxTimestampMs >= timestampMs) return i == 0 ? 0 : _index[i - 1].Position;
            }

            return MaxTimestampMs < timestampMs ? EndBytes : _index.Count == 0 ? 0 : _index[^1].Position;
        }
    }

    /// <summary>
    /// Reads the file to its last whole batch; gives the offset after it. A torn end is cut off when this is the
    /// partition's last segment; everything else that is not a batch is corruption.
    /// </summary>
    /// <exception cref="StorageException">Corrupt: names the file and the place.</exception>
    public LogOffset Recover(bool isLast, bool checkSums)
    {
        var next = BaseOffset;
        var durableBefore = BaseOffset;
        var length = _file.LengthBytes;
        var buffer = new byte[1 << 20];
        long position = 0;
        while (position + RecordBatchHeader.SizeBytes <= length)
        {
            var read = _file.Read(position, buffer.AsSpan(0, RecordBatchHeader.SizeBytes));
            if (read < RecordBatchHeader.SizeBytes || !RecordBatchHeader.TryRead(buffer, out var header) || header.Bytes > length - position || header.BaseOffset != next) break;
            if (checkSums)
            {
                if (header.Bytes > buffer.Length) buffer = new byte[header.Bytes];
                if (_file.Read(position, buffer.AsSpan(0, header.Bytes)) < header.Bytes || !RecordBatchHeader.IsIntact(buffer.AsSpan(0, header.Bytes))) break;
            }

            Note(header, position);
            durableBefore = header.DurableBefore;
            next = header.NextOffset;
            position += header.Bytes;
        }

        EndBytes = position;
        if (!IsZeroFrom(position, length))
        {
            if (!isLast || FindBatchAfter(position, length, next) is not null)
                throw new StorageException(StorageError.Corrupt, $"{Path} is damaged at byte {position}: the record batch of offset {next} cannot be read, and it is not a torn end, because a later batch is there. Restore the file from a backup, or move it away to go on without the records from offset {next}.");
            _file.Truncate(position);
            _allocatedBytes = position;
        }

        if (isLast) WriteAgain(PositionBefore(durableBefore), buffer);
        return next;
    }

    /// <summary>
    /// What the last sync covered is written once more and synced. After a sync that failed, a file can be read as if it had been
    /// written while the system has given up writing it; only new writes reach the disk then.
    /// </summary>
    private void WriteAgain(long position, byte[] buffer)
    {
        while (position < EndBytes)
        {
            var read = _file.Read(position, buffer.AsSpan(0, (int)Math.Min(buffer.Length, EndBytes - position)));
            if (read == 0) throw new StorageException(StorageError.Io, $"{Path} became shorter than {EndBytes} bytes while it was opened.");
            _file.Write(position, buffer.AsSpan(0, read));
            position += read;
        }

        _file.SyncData();
    }

    public void Dispose() => _file.Dispose();

    private void Note(RecordBatchHeader header) => Note(header, EndBytes);

    private void Note(RecordBatchHeader header, long position)
    {
        MaxTimestampMs = Math.Max(MaxTimestampMs, header.MaxTimestampMs);
        lock (_indexLock)
        {
            if (_index.Count == 0 || position - _index[^1].Position >= IndexEveryBytes)
                _index.Add(new IndexEntry(header.BaseOffset, position, MaxTimestampMs));
        }
    }

    private bool IsZeroFrom(long position, long length)
    {
        var buffer = new byte[1 << 20];
        for (; position < length; position += buffer.Length)
        {
            var read = _file.Read(position, buffer);
            if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0)) return false;
            if (read < buffer.Length) break;
        }

        return true;
    }

    /// <summary>A batch says which offsets were durable when it was written: one that has the bad one among them proves that this is no torn end.</summary>
    private long? FindBatchAfter(long position, long length, LogOffset next)
    {
        var bytes = new byte[(int)Math.Min(length - position, 64 << 20)];
        var read = _file.Read(position, bytes);
        for (var at = 1; at + RecordBatchHeader.SizeBytes <= read; at++)
        {
            if (bytes[at + 16] != 2 || !RecordBatchHeader.TryRead(bytes.AsSpan(at, read - at), out var header)) continue;
            if (header.DurableBefore > next && header.Bytes <= read - at && RecordBatchHeader.IsIntact(bytes.AsSpan(at, header.Bytes))) return position + at;
        }

        return null;
    }
}
