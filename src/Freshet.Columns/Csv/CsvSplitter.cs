using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Freshet.Columns.Formats;

namespace Freshet.Columns.Csv;

/// <summary>
/// Finds the ends of fields and records in CSV text, 64 bytes at a time: quotes open and close by an exclusive or of prefixes,
/// as in the JSON index; delimiters and line feeds outside quotes are ends. RFC 4180, with CRLF or LF, and an optional escape character.
/// <code>
/// a record  fields between delimiters, up to a line feed outside quotes (a CR before it is not part of the last field)
/// a field   in quotes if its first byte is one: then delimiters and line feeds are text, a doubled quote is a quote
/// otherwise quotes are text like any other
/// </code>
/// A block with a quote that opens nowhere near a field's beginning, or with a comment, is not what the masks assume:
/// its record is split again byte by byte, and the masks go on behind it.
/// Invariant: record r has fields <c>FirstEnd(r)</c> to <c>FirstEnd(r + 1)</c> of <see cref="Ends"/>. Cost: under one cycle a byte.
/// Ownership: owns its lists, not the text. One thread.
/// </summary>
internal sealed unsafe class CsvSplitter : IDisposable
{
    private readonly byte _delimiter;
    private readonly byte _quote;
    private readonly byte _escape;
    private readonly bool _hasQuote;
    private readonly bool _hasEscape;
    private readonly bool _hasComments;
    private int* _ends;
    private Record* _records;
    private int _endCapacity;
    private int _recordCapacity;
    private int _endCount;
    private int _endCountAtRecord;
    private int _recordStart;

    internal CsvSplitter(CsvOptions options)
    {
        _delimiter = (byte)options.Delimiter;
        _quote = (byte)(options.Quote ?? '\0');
        _escape = (byte)(options.Escape ?? '\0');
        _hasQuote = options.Quote is not null;
        _hasEscape = options.Escape is not null;
        _hasComments = options.AllowComments;
    }

    /// <summary>Complete records found.</summary>
    internal int Records { get; private set; }

    /// <summary>Some byte is above 127.</summary>
    internal bool HasNonAscii { get; private set; }

    /// <summary>For each field the position after its last byte.</summary>
    internal int* Ends => _ends;

    /// <summary>The record's first byte.</summary>
    internal int StartOf(int record) => _records[record].Start;

    /// <summary>The index of the record's first field in <see cref="Ends"/>.</summary>
    internal int FirstEnd(int record) => _records[record].FirstEnd;

    /// <summary>The last record ends inside quotes that never close.</summary>
    internal bool LastIsOpen { get; private set; }

    /// <summary>Splits up to <paramref name="maxRecords"/> records; returns the bytes they take (with comments between them).</summary>
    /// <param name="isLast">No more text follows: what is left is a record.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // a script reads its file once, before tiering would help
    internal int Split(byte* text, int length, bool isLast, int maxRecords)
    {
        Records = 0;
        _endCount = 0;
        _endCountAtRecord = 0;
        _recordStart = 0;
        HasNonAscii = false;
        LastIsOpen = false;
        Reserve(length, maxRecords + 64);
        var tail = stackalloc byte[64];
        ulong quoteCarry = 0, escapeCarry = 0, separatorCarry = 1, closeCarry = 0, high = 0;
        var offset = 0;
        while (offset < length && Records < maxRecords)
        {
            var block = text + offset;
            var left = length - offset;
            if (left < 64)
            {
                new Span<byte>(tail, 64).Clear();
                Unsafe.CopyBlockUnaligned(tail, block, (uint)left);
                block = tail;
            }

            var lines = Bytes64.Equal(block, (byte)'\n');
            var separators = Bytes64.Equal(block, _delimiter) | lines;
            var quotes = _hasQuote ? Bytes64.Equal(block, _quote) : 0;
            high |= Bytes64.High(block);
            if (_hasEscape)
            {
                var escaped = Bytes64.Escaped(Bytes64.Equal(block, _escape), ref escapeCarry);
                separators &= ~escaped;
                lines &= ~escaped;
                quotes &= ~escaped;
            }

            if ((quotes | quoteCarry) != 0)
            {
                var inQuotes = Bytes64.PrefixXor(quotes) ^ quoteCarry;
                separators &= ~inQuotes;
                lines &= ~inQuotes;
                var closing = quotes & ~inQuotes;
                var mayOpen = (separators << 1) | separatorCarry | (closing << 1) | closeCarry;
                if ((quotes & inQuotes & ~mayOpen) != 0 || (_hasComments && HasComment(block, lines, offset)))
                {
                    if (!TryByBytes(text, ref offset, length, isLast)) break;
                    (quoteCarry, escapeCarry, separatorCarry, closeCarry) = (0, 0, 1, 0);
                    continue;
                }

                quoteCarry = (ulong)((long)inQuotes >> 63);
                closeCarry = closing >> 63;
            }
            else
            {
                if (_hasComments && HasComment(block, lines, offset))
                {
                    if (!TryByBytes(text, ref offset, length, isLast)) break;
                    (quoteCarry, escapeCarry, separatorCarry, closeCarry) = (0, 0, 1, 0);
                    continue;
                }

                closeCarry = 0;
            }

            separatorCarry = separators >> 63;
            Emit(text, offset, separators, lines);
            offset += 64;
        }

        HasNonAscii = high != 0;
        if (isLast && Records < maxRecords && _recordStart < length)
        {
            LastIsOpen = quoteCarry != 0;
            EndField(length);
            EndRecord(text, length, length);
        }

        if (Records > maxRecords)
        {
            // A block may end more records than were asked for.
            Records = maxRecords;
            LastIsOpen = false;
            return _records[maxRecords].Start;
        }

        _records[Records] = new Record { Start = _recordStart, FirstEnd = _endCountAtRecord };
        return Math.Min(_recordStart, length);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_ends);
        NativeMemory.AlignedFree(_records);
        _ends = null;
        _records = null;
        _endCapacity = 0;
        _recordCapacity = 0;
        GC.SuppressFinalize(this);
    }

    ~CsvSplitter() => Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Emit(byte* text, int offset, ulong separators, ulong lines)
    {
        var first = _endCount;
        var next = _ends + first;
        var bits = separators;
        while (bits != 0)
        {
            for (var k = 0; k < 8; k++)
            {
                next[k] = offset + BitOperations.TrailingZeroCount(bits);
                bits &= bits - 1;
            }

            next += 8;
        }

        while (lines != 0)
        {
            var line = BitOperations.TrailingZeroCount(lines);
            _endCount = first + BitOperations.PopCount(separators & ((1UL << line) - 1)) + 1;
            EndRecord(text, offset + line, offset + line + 1);
            lines &= lines - 1;
        }

        _endCount = first + BitOperations.PopCount(separators);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EndField(int position)
    {
        _ends[_endCount++] = position;
    }

    /// <summary>Closes the record whose last field ends at <paramref name="end"/> and is the last one in the list.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EndRecord(byte* text, int end, int next)
    {
        if (end > _recordStart && text[end - 1] == '\r') _ends[_endCount - 1]--;
        _records[Records] = new Record { Start = _recordStart, FirstEnd = _endCountAtRecord };
        Records++;
        _endCountAtRecord = _endCount;
        _recordStart = next;
        if (Records + 1 >= _recordCapacity) GrowRecords();
        _records[Records] = new Record { Start = next, FirstEnd = _endCount };
    }

    /// <summary>Whether a line in this block begins with #.</summary>
    private bool HasComment(byte* block, ulong lines, int offset)
    {
        var hashes = Bytes64.Equal(block, (byte)'#');
        if (hashes == 0) return false;

        // The first byte of a block begins a line if the record begins there.
        var starts = (lines << 1) | (_recordStart == offset ? 1UL : 0);
        return (hashes & starts) != 0;
    }

    /// <summary>
    /// Splits the current record, and all up to the end of the block at <paramref name="offset"/>, byte by byte; moves behind them.
    /// False: the record is not complete.
    /// </summary>
    private bool TryByBytes(byte* text, ref int offset, int length, bool isLast)
    {
        var blockEnd = Math.Min(offset + 64, length);
        while (_recordStart < blockEnd)
        {
            _endCount = _endCountAtRecord;
            if (_hasComments && text[_recordStart] == '#')
            {
                var end = new ReadOnlySpan<byte>(text + _recordStart, length - _recordStart).IndexOf((byte)'\n');
                if (end < 0 && !isLast) return false;
                _recordStart = end < 0 ? length : _recordStart + end + 1;
                _records[Records] = new Record { Start = _recordStart, FirstEnd = _endCount };
                continue;
            }

            if (!TryRecord(text, length, isLast)) return false;
        }

        offset = _recordStart;
        return true;
    }

    private bool TryRecord(byte* text, int length, bool isLast)
    {
        var at = _recordStart;
        while (true)
        {
            // A field begins at this byte.
            if (_hasQuote && at < length && text[at] == _quote)
            {
                at++;
                while (at < length)
                {
                    if (_hasEscape && text[at] == _escape) at++;
                    else if (text[at] == _quote)
                    {
                        if (at + 1 < length && text[at + 1] == _quote) at++;
                        else break;
                    }

                    at++;
                }

                if (at >= length) return EndOpen(text, length, isLast);
                at++;
            }

            while (at < length && text[at] != _delimiter && text[at] != '\n')
            {
                if (_hasEscape && text[at] == _escape) at++;
                at++;
            }

            if (at >= length)
            {
                if (!isLast) return false;
                EndField(length);
                EndRecord(text, length, length);
                return true;
            }

            EndField(at);
            if (text[at++] != '\n') continue;
            EndRecord(text, at - 1, at);
            return true;
        }
    }

    private bool EndOpen(byte* text, int length, bool isLast)
    {
        if (!isLast) return false;
        LastIsOpen = true;
        EndField(length);
        EndRecord(text, length, length);
        return true;
    }

    private void Reserve(int length, int records)
    {
        if (_endCapacity < length + 80)
        {
            NativeMemory.AlignedFree(_ends);
            _endCapacity = length + 80 + RowDecoder.ChunkBytes;
            _ends = (int*)NativeMemory.AlignedAlloc((nuint)_endCapacity * sizeof(int), 64);
        }

        if (_recordCapacity >= records + 2) return;
        NativeMemory.AlignedFree(_records);
        _recordCapacity = records + 2;
        _records = (Record*)NativeMemory.AlignedAlloc((nuint)_recordCapacity * (nuint)sizeof(Record), 64);
    }

    private void GrowRecords()
    {
        var grown = (Record*)NativeMemory.AlignedAlloc((nuint)_recordCapacity * 2 * (nuint)sizeof(Record), 64);
        new ReadOnlySpan<Record>(_records, _recordCapacity).CopyTo(new Span<Record>(grown, _recordCapacity));
        NativeMemory.AlignedFree(_records);
        _records = grown;
        _recordCapacity *= 2;
    }

    private struct Record
    {
        internal int Start;
        internal int FirstEnd;
    }
}
