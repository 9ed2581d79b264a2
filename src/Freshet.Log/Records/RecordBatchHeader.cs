using System.Buffers.Binary;
using Freshet.Storage;

namespace Freshet.Log.Records;

/// <summary>
/// The head of a Kafka record batch of format 2; what is on disk is what Kafka has on disk and on the wire.
/// <code>
/// offset  bytes  field (big endian)
/// 0       8      base offset
/// 8       4      batch length: bytes after this field
/// 12      4      partition leader epoch (0)
/// 16      1      magic: 2
/// 17      4      CRC-32C of all bytes from 21 on
/// 21      2      attributes (0: not compressed, timestamps of creation)
/// 23      4      last offset delta
/// 27      8      base timestamp, ms
/// 35      8      max timestamp, ms
/// 43      8      producer id: the batch's tag (the step that wrote it), -1 for none
/// 51      2      producer epoch (-1)
/// 53      4      base sequence: -1 - records before this batch that no sync had covered when it was written
/// 57      4      number of records
/// 61      ...    records: varint length, attributes (1), varint timestamp delta, varint offset delta,
///                varint key length (-1: null) and key, varint value length (-1: null) and value, varint header count (0)
/// </code>
/// </summary>
public readonly record struct RecordBatchHeader(LogOffset BaseOffset, int Bytes, int Count, long BaseTimestampMs, long MaxTimestampMs, long Tag, int UnsyncedBefore)
{
    public const int SizeBytes = 61;
    private const int LengthEnd = 12;
    private const int CrcStart = 21;

    /// <summary>The offset after the last record.</summary>
    public LogOffset NextOffset => BaseOffset + Count;

    /// <summary>Everything before this offset was durable when the batch was written.</summary>
    public LogOffset DurableBefore => BaseOffset + -UnsyncedBefore;

    /// <summary>Writes the head over the first 61 bytes of a batch whose records are in place.</summary>
    internal static void Write(Span<byte> batch, LogOffset baseOffset, int count, long baseTimestampMs, long maxTimestampMs, long tag, int unsyncedBefore)
    {
        BinaryPrimitives.WriteInt64BigEndian(batch, baseOffset.Value);
        BinaryPrimitives.WriteInt32BigEndian(batch[8..], batch.Length - LengthEnd);
        BinaryPrimitives.WriteInt32BigEndian(batch[12..], 0);
        batch[16] = 2;
        BinaryPrimitives.WriteInt16BigEndian(batch[21..], 0);
        BinaryPrimitives.WriteInt32BigEndian(batch[23..], count - 1);
        BinaryPrimitives.WriteInt64BigEndian(batch[27..], baseTimestampMs);
        BinaryPrimitives.WriteInt64BigEndian(batch[35..], maxTimestampMs);
        BinaryPrimitives.WriteInt64BigEndian(batch[43..], tag);
        BinaryPrimitives.WriteInt16BigEndian(batch[51..], -1);
        BinaryPrimitives.WriteInt32BigEndian(batch[53..], -1 - unsyncedBefore);
        BinaryPrimitives.WriteInt32BigEndian(batch[57..], count);
        BinaryPrimitives.WriteUInt32BigEndian(batch[17..], Crc32C.Compute(batch[CrcStart..]));
    }

    /// <summary>Reads a head, without the checksum; false where the bytes cannot be one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out RecordBatchHeader header)
    {
        header = default;
        if (bytes.Length < SizeBytes || bytes[16] != 2) return false;
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes[8..]);
        var count = BinaryPrimitives.ReadInt32BigEndian(bytes[57..]);
        var lastDelta = BinaryPrimitives.ReadInt32BigEndian(bytes[23..]);
        var baseOffset = BinaryPrimitives.ReadInt64BigEndian(bytes);
        // A record takes at least 7 bytes, so that a declared count never exceeds what is there.
        if (length < SizeBytes - LengthEnd || count <= 0 || lastDelta != count - 1 || baseOffset < 0 || count > (length - (SizeBytes - LengthEnd)) / 7) return false;
        header = new RecordBatchHeader(
            new LogOffset(baseOffset),
            length + LengthEnd,
            count,
            BinaryPrimitives.ReadInt64BigEndian(bytes[27..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[35..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[43..]),
            Math.Max(0, -1 - BinaryPrimitives.ReadInt32BigEndian(bytes[53..])));
        return true;
    }

    /// <summary>Whether the checksum of a whole batch is right.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> batch) =>
        BinaryPrimitives.ReadUInt32BigEndian(batch[17..]) == Crc32C.Compute(batch[CrcStart..]);
}
