namespace Freshet.Log.Records;

/// <summary>One record of a batch. The spans are the batch's own bytes.</summary>
public readonly ref struct Record(LogOffset offset, long timestampMs, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool hasKey, bool hasValue)
{
    public LogOffset Offset { get; } = offset;

    public long TimestampMs { get; } = timestampMs;

    public ReadOnlySpan<byte> Key { get; } = key;

    public ReadOnlySpan<byte> Value { get; } = value;

    public bool HasKey { get; } = hasKey;

    public bool HasValue { get; } = hasValue;
}

/// <summary>
/// Walks over the records of consecutive batches, without copying. The bytes come from a partition, which has held them
/// against their checksum; a record that does not fit its batch is still an error and not a read beyond it.
/// </summary>
public ref struct RecordBatchReader(ReadOnlySpan<byte> batches)
{
    private readonly ReadOnlySpan<byte> _bytes = batches;
    private RecordBatchHeader _header;
    private int _batchEnd;
    private int _at;
    private int _left;

    /// <summary>The head of the batch of the last record read.</summary>
    public readonly RecordBatchHeader Batch => _header;

    /// <summary>Moves to the next record; false at the end.</summary>
    /// <exception cref="InvalidDataException">The bytes are no whole batches.</exception>
    public bool TryNext(out Record record)
    {
        record = default;
        if (_left == 0)
        {
            if (_batchEnd >= _bytes.Length) return false;
            if (!RecordBatchHeader.TryRead(_bytes[_batchEnd..], out _header) || _header.Bytes > _bytes.Length - _batchEnd)
                throw new InvalidDataException("Bytes that should be record batches do not start with one.");
            _at = _batchEnd + RecordBatchHeader.SizeBytes;
            _batchEnd += _header.Bytes;
            _left = _header.Count;
        }

        _left--;
        var bytes = _bytes[.._batchEnd];
        if (!Varint.TryRead(bytes, ref _at, out var length) || length < 1 || length > _batchEnd - _at) throw Bad();
        var end = _at + (int)length;
        _at++;
        if (!Varint.TryRead(bytes, ref _at, out var timestampDelta) || !Varint.TryRead(bytes, ref _at, out var offsetDelta)) throw Bad();
        var key = ReadBytes(bytes, out var hasKey);
        var value = ReadBytes(bytes, out var hasValue);
        if (_at > end) throw Bad();
        _at = end;
        record = new Record(_header.BaseOffset + offsetDelta, _header.BaseTimestampMs + timestampDelta, key, value, hasKey, hasValue);
        return true;
    }

    private ReadOnlySpan<byte> ReadBytes(ReadOnlySpan<byte> bytes, out bool present)
    {
        if (!Varint.TryRead(bytes, ref _at, out var length) || length > bytes.Length - _at) throw Bad();
        present = length >= 0;
        if (!present) return default;
        var span = bytes.Slice(_at, (int)length);
        _at += (int)length;
        return span;
    }

    private readonly InvalidDataException Bad() => new($"A record of the batch at offset {_header.BaseOffset} does not fit its batch.");
}
