using Freshet.Columns.Memory;

namespace Freshet.Columns.Formats;

/// <summary>
/// Bytes in, batches out, in chunks of any size: the pure half of a source that reads text of rows. Where the bytes come
/// from (file, gzip, socket) is the caller's.
/// <code>
/// do { read = stream.Read(decoder.GetBuffer()); if (read == 0) decoder.Complete(); else decoder.Commit(read);
///      while (decoder.TryRead(maxRows) is { } batch) ...  } while (read > 0);
/// </code>
/// Input lies in chunks of native memory; a row that a chunk cuts is moved to the next one. Values point into the chunk, which
/// the batch's memory retains: nothing is copied but the rest of a chunk. A row longer than <see cref="MaxRowBytes"/> is an error
/// and ends at its line's end, so that one stray quote does not swallow a file.
/// The batch belongs to the caller; <see cref="Errors"/> and the other figures speak of the batch last read. One thread.
/// </summary>
public abstract unsafe class RowDecoder : IDisposable
{
    /// <summary>Bytes of a chunk.</summary>
    public const int ChunkBytes = 256 << 10;

    /// <summary>Longest row, bytes.</summary>
    public const int MaxRowBytes = 16 << 20;

    private BatchMemory? _chunkMemory;
    private byte* _chunk;
    private int _capacity;
    private int _start;
    private int _end;
    private bool _isComplete;
    private bool _isExhausted;
    private bool _hasBegun;

    private protected RowDecoder()
    {
    }

    /// <summary>What could not be read in the batch last returned.</summary>
    public abstract IReadOnlyList<DecodeError> Errors { get; }

    /// <summary>Bytes of input behind the last batch.</summary>
    public long PositionBytes { get; private set; }

    /// <summary>Line of the input at which the next row begins, from 1.</summary>
    public long Line { get; private protected set; } = 1;

    /// <summary>Rows returned so far.</summary>
    public long RowsRead { get; private set; }

    /// <summary>Invalid bytes sequences replaced by U+FFFD so far.</summary>
    public long ReplacedCharacters { get; private protected set; }

    /// <summary>
    /// Says, before any input, that it begins in the middle: at <see cref="PositionBytes"/> and <see cref="Line"/> of an earlier
    /// decoder of the same input. There is no header to skip then.
    /// </summary>
    public virtual void StartAt(long positionBytes, long line)
    {
        if (_chunkMemory is not null) throw new InvalidOperationException("Input has been given already.");
        PositionBytes = positionBytes;
        Line = line;
        _hasBegun = positionBytes > 0;
    }

    /// <summary>Room for more input, at least one byte.</summary>
    public Span<byte> GetBuffer()
    {
        if (_chunkMemory is null || _end == _capacity || _capacity - _end < ChunkBytes / 8) MoveToNextChunk();
        return new Span<byte>(_chunk + _end, _capacity - _end);
    }

    /// <summary>Says how much of <see cref="GetBuffer"/> has been filled.</summary>
    public void Commit(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(_capacity - _end), nameof(bytes));
        _end += bytes;
        _isExhausted = false;
    }

    /// <summary>Says that no more input comes: what is left is the last row.</summary>
    public void Complete()
    {
        _isComplete = true;
        _isExhausted = false;
    }

    /// <summary>The next batch of at most <paramref name="maxRows"/> rows, or null when more input is needed or all has been read.</summary>
    public Batch? TryRead(int maxRows = Batch.TypicalRows)
    {
        while (!_isExhausted)
        {
            if (!_hasBegun && _start < _end)
            {
                // A byte order mark is not part of the first row.
                if (_end - _start < 3 && _chunk[_start] == 0xEF && !_isComplete) return null;
                _hasBegun = true;
                if (new ReadOnlySpan<byte>(_chunk + _start, _end - _start).StartsWith("\uFEFF"u8)) Consume(3);
            }

            if (_start == _end)
            {
                _isExhausted = true;
                break;
            }

            var memory = BatchMemory.Create();
            var columns = Decode(_chunk + _start, _end - _start, _isComplete, Math.Min(maxRows, Batch.MaxRows), memory, out var rows, out var consumed);
            Consume(consumed);
            if (rows > 0)
            {
                memory.Retain(_chunkMemory!);
                RowsRead += rows;
                return new Batch(memory, columns, rows) { Weights = WeightsOf(memory, rows) };
            }

            memory.Release();
            if (consumed == 0) _isExhausted = true;
        }

        return null;
    }

    public void Dispose()
    {
        _chunkMemory?.Release();
        _chunkMemory = null;
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);

    /// <summary>
    /// Decodes rows from the front of the text; bytes up to its end may be read, views may point into it. Counts the lines
    /// it consumes in <see cref="Line"/>. Zero consumed says that the first row is not complete.
    /// </summary>
    private protected abstract Column[] Decode(byte* text, int length, bool isLast, int maxRows, BatchMemory memory, out int rows, out int consumed);

    /// <summary>The weights of the rows just decoded; null where all are +1.</summary>
    private protected virtual long* WeightsOf(BatchMemory memory, int rows) => null;

    private void Consume(int bytes)
    {
        _start += bytes;
        PositionBytes += bytes;
    }

    private void MoveToNextChunk()
    {
        var rest = _end - _start;
        var capacity = Math.Max(ChunkBytes, rest * 2 + ChunkBytes);
        var next = BatchMemory.Create();
        var chunk = next.Allocate(capacity);
        new ReadOnlySpan<byte>(_chunk + _start, rest).CopyTo(new Span<byte>(chunk, capacity));
        _chunkMemory?.Release();
        _chunkMemory = next;
        _chunk = chunk;
        _capacity = capacity;
        _start = 0;
        _end = rest;
    }
}
