namespace Freshet.Log.Records;

/// <summary>
/// Makes the one batch of a partition in a group commit: the records of all sets, in order of arrival, behind a head that
/// <see cref="Partition.Write"/> fills in. The buffer is used again; the bytes are valid until the next call.
/// </summary>
internal sealed class BatchBuilder
{
    private byte[] _batch = new byte[1 << 20];

    public int Count { get; private set; }

    public long BaseTimestampMs { get; private set; }

    public long MaxTimestampMs { get; private set; }

    /// <summary>Encodes the sets; each hears its first offset.</summary>
    public Span<byte> Build(List<RecordSet> sets, LogOffset first)
    {
        Count = 0;
        BaseTimestampMs = long.MaxValue;
        MaxTimestampMs = long.MinValue;
        var room = RecordBatchHeader.SizeBytes;
        foreach (var set in sets)
        {
            room += set.Bytes + set.Count * (3 * Varint.MaxBytes + 1);
            for (var at = 0; at < set.Bytes;)
            {
                at = set.Read(at, out var timestamp, out _);
                BaseTimestampMs = Math.Min(BaseTimestampMs, timestamp);
                MaxTimestampMs = Math.Max(MaxTimestampMs, timestamp);
            }
        }

        if (_batch.Length < room) _batch = new byte[Math.Max(room, _batch.Length * 2)];
        var end = RecordBatchHeader.SizeBytes;
        foreach (var set in sets)
        {
            set.First = first + Count;
            for (var at = 0; at < set.Bytes;)
            {
                at = set.Read(at, out var timestamp, out var tail);
                end += WriteRecord(_batch.AsSpan(end), timestamp - BaseTimestampMs, Count, tail);
                Count++;
            }
        }

        return _batch.AsSpan(0, end);
    }

    private static int WriteRecord(Span<byte> target, long timestampDelta, int offsetDelta, ReadOnlySpan<byte> tail)
    {
        var at = Varint.Write(target, 1 + Varint.SizeOf(timestampDelta) + Varint.SizeOf(offsetDelta) + tail.Length);
        target[at++] = 0;
        at += Varint.Write(target[at..], timestampDelta);
        at += Varint.Write(target[at..], offsetDelta);
        tail.CopyTo(target[at..]);
        return at + tail.Length;
    }
}
