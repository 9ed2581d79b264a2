using Freshet.Log.Records;
using Freshet.Storage;

namespace Freshet.Log.Segments;

/// <summary>
/// Writes a log segment anew beside the old one, batch by batch: the same batches with the same offsets, timestamps and tags, other
/// records. The file gets the segment's name when it is durable, so that a crash at any place leaves one whole file of that name,
/// the old or the new one; what is left of the other is removed at the next start.
/// </summary>
internal sealed class SegmentRewriter(IDisk disk, string directory)
{
    public const string Extension = ".rewrite";

    private byte[] _batch = new byte[1 << 20];
    private byte[] _edited = new byte[1 << 20];

    /// <summary>Records that were emptied or replaced.</summary>
    public long Records { get; private set; }

    /// <summary>Removes what a crash has left.</summary>
    public static void RemoveLeftovers(IDisk disk, string directory)
    {
        foreach (var name in disk.List(directory).Where(n => n.EndsWith(Extension, StringComparison.Ordinal))) disk.Delete(Path.Combine(directory, name));
    }

    /// <summary>True where the segment's name is a new file's now; false where nothing was to be changed.</summary>
    public bool TryRewrite(LogSegment segment, RecordEditor edit)
    {
        var path = Path.Combine(directory, LogSegment.NameOf(segment.BaseOffset));
        var beside = path + Extension;
        IDiskFile? file = null;
        try
        {
            long end = 0;
            for (long position = 0; position < segment.EndBytes;)
            {
                var header = Read(segment, position);
                var batch = _batch.AsSpan(0, header.Bytes);
                var edited = Edit(batch, header, edit);
                if (edited > 0 && file is null)
                {
                    if (disk.Exists(beside)) disk.Delete(beside);
                    file = disk.Open(beside, create: true);
                    end = CopyBefore(segment, position, file);
                }

                position += header.Bytes;
                if (file is null) continue;
                var bytes = edited > 0 ? _edited.AsSpan(0, edited) : _batch.AsSpan(0, header.Bytes);
                file.Write(end, bytes);
                end += bytes.Length;
            }

            file?.SyncData();
        }
        finally
        {
            file?.Dispose();
        }

        if (file is null) return false;
        disk.Rename(beside, path);
        disk.SyncDirectory(directory);
        return true;
    }

    private RecordBatchHeader Read(LogSegment segment, long position)
    {
        if (segment.Read(position, _batch.AsSpan(0, RecordBatchHeader.SizeBytes)) < RecordBatchHeader.SizeBytes || !RecordBatchHeader.TryRead(_batch, out var header)) throw Damaged(segment, position);
        if (header.Bytes > _batch.Length) _batch = new byte[header.Bytes];
        if (segment.Read(position, _batch.AsSpan(0, header.Bytes)) < header.Bytes || !RecordBatchHeader.IsIntact(_batch.AsSpan(0, header.Bytes))) throw Damaged(segment, position);
        return header;
    }

    /// <summary>Makes the batch with other records; 0 where all of them stay.</summary>
    private int Edit(ReadOnlySpan<byte> batch, in RecordBatchHeader header, RecordEditor edit)
    {
        var reader = new RecordBatchReader(batch);
        var changed = 0;
        var end = RecordBatchHeader.SizeBytes;
        while (reader.TryNext(out var record))
        {
            var what = edit(record, out var value);
            if (what != RecordEdit.Keeps) changed++;
            end += Write(end, record, header, what, value.Span);
        }

        if (changed == 0) return 0;
        Records += changed;
        RecordBatchHeader.Write(_edited.AsSpan(0, end), header.BaseOffset, header.Count, header.BaseTimestampMs, header.MaxTimestampMs, header.Tag, header.UnsyncedBefore);
        return end;
    }

    private int Write(int end, in Record record, in RecordBatchHeader header, RecordEdit what, ReadOnlySpan<byte> replaced)
    {
        var key = what == RecordEdit.Keeps ? record.Key : default;
        var hasKey = what == RecordEdit.Keeps && record.HasKey;
        var value = what == RecordEdit.Keeps ? record.Value : what == RecordEdit.Replaces ? replaced : default;
        var hasValue = what == RecordEdit.Replaces || (what == RecordEdit.Keeps && record.HasValue);
        var timestamp = record.TimestampMs - header.BaseTimestampMs;
        var offset = record.Offset.Value - header.BaseOffset.Value;
        var keyLength = hasKey ? key.Length : -1;
        var valueLength = hasValue ? value.Length : -1;
        var body = 2 + Varint.SizeOf(timestamp) + Varint.SizeOf(offset) + Varint.SizeOf(keyLength) + key.Length + Varint.SizeOf(valueLength) + value.Length;
        if (_edited.Length - end < body + Varint.MaxBytes) Array.Resize(ref _edited, Math.Max(_edited.Length * 2, end + body + Varint.MaxBytes));
        var target = _edited.AsSpan(end);
        var at = Varint.Write(target, body);
        target[at++] = 0;
        at += Varint.Write(target[at..], timestamp);
        at += Varint.Write(target[at..], offset);
        at += Varint.Write(target[at..], keyLength);
        key.CopyTo(target[at..]);
        at += key.Length;
        at += Varint.Write(target[at..], valueLength);
        value.CopyTo(target[at..]);
        at += value.Length;
        target[at++] = 0;
        return at;
    }

    private static long CopyBefore(LogSegment segment, long end, IDiskFile file)
    {
        var buffer = new byte[1 << 20];
        for (long at = 0; at < end;)
        {
            var read = segment.Read(at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at)));
            file.Write(at, buffer.AsSpan(0, read));
            at += read;
        }

        return end;
    }

    private static StorageException Damaged(LogSegment segment, long position) =>
        new(StorageError.Corrupt, $"{segment.Path} is damaged at byte {position}: a record batch there cannot be read. Restore the file from a backup.");
}
