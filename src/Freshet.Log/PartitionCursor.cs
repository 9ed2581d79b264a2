using Freshet.Log.Records;

namespace Freshet.Log;

/// <summary>
/// Reads a partition from an offset to where it ends now, some whole batches at a time, into a buffer of its own. The first batch
/// may hold records before the offset. Used by one thread.
/// </summary>
public sealed class PartitionCursor(Partition partition, LogOffset from)
{
    private readonly LogOffset _end = partition.NextOffset;
    private byte[] _buffer = new byte[256 << 10];
    private LogOffset _at = from;

    /// <summary>The next batches; valid until the next call. False at the end.</summary>
    /// <exception cref="Storage.StorageException">A batch on disk is damaged.</exception>
    public bool TryNext(out ReadOnlySpan<byte> batches)
    {
        batches = default;
        while (_at < _end)
        {
            var read = partition.Read(_at, _end, _buffer, out var need);
            if (read == 0)
            {
                _buffer = new byte[need];
                continue;
            }

            batches = _buffer.AsSpan(0, read);
            for (var place = 0; place < read && RecordBatchHeader.TryRead(batches[place..], out var header); place += header.Bytes) _at = header.NextOffset;
            return true;
        }

        return false;
    }
}
