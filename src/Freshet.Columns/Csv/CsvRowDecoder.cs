using System.Runtime.CompilerServices;
using System.Text;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Columns.Csv;

/// <summary>
/// CSV to batches: records are split once, then exactly the wanted columns are read, column by column.
/// <code>
/// field                     STRING          other types
/// empty                     ''              NULL
/// the null literal          NULL            NULL
/// text                      the text        CAST of the text; VARIANT, MAP and ROW read JSON, ARRAY splits at the element delimiter
/// </code>
/// A record with too few or too many fields is a row of NULLs with an error of column -1; blank lines are skipped unless the
/// table has one column. Invalid UTF-8 becomes U+FFFD and is counted. Errors name the line and the column.
/// Texts are views into the input where nothing was quoted twice or escaped.
/// </summary>
public sealed unsafe class CsvRowDecoder : RowDecoder
{
    private readonly Schema _fields;
    private readonly int[] _wanted;
    private readonly CsvOptions _options;
    private readonly CsvSplitter _splitter;
    private readonly JsonStructure _structure = new();
    private readonly Utf8Buffer _buffer = new(256);
    private readonly List<DecodeError> _errors = [];
    private readonly byte[] _nullLiteral;
    private readonly byte[] _elementDelimiter;
    private readonly TimeZoneInfo _zone;
    private readonly byte _quote;
    private readonly byte _escape;
    private bool _isPastHeader;
    private int[] _records = [];
    private int _rows;
    private long _firstLine;
    private int _lineCursor;
    private long _cursorLine;
    private bool _isInvalidUtf8;

    /// <param name="fields">The fields of a record, in order.</param>
    /// <param name="wanted">Positions of the fields to read, in the order of the batch's columns.</param>
    public CsvRowDecoder(Schema fields, ReadOnlySpan<int> wanted, CsvOptions options)
    {
        if (options.Validate() is { } reason) throw new ArgumentException(reason, nameof(options));
        foreach (var field in wanted) ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)field, (uint)fields.Count, nameof(wanted));
        _fields = fields;
        _wanted = wanted.ToArray();
        _options = options;
        _splitter = new CsvSplitter(options);
        _nullLiteral = options.NullLiteral is null ? [] : Encoding.UTF8.GetBytes(options.NullLiteral);
        _elementDelimiter = Encoding.UTF8.GetBytes(options.ArrayElementDelimiter);
        _zone = options.Zone ?? TimeZoneInfo.Utc;
        _quote = (byte)(options.Quote ?? '\0');
        _escape = (byte)(options.Escape ?? '\0');
        _isPastHeader = !options.IgnoreFirstLine;
    }

    public override IReadOnlyList<DecodeError> Errors => _errors;

    public override void StartAt(long positionBytes, long line)
    {
        base.StartAt(positionBytes, line);
        _isPastHeader = positionBytes > 0 || !_options.IgnoreFirstLine;
    }

    protected override void Dispose(bool disposing)
    {
        _splitter.Dispose();
        _structure.Dispose();
    }

    private protected override Column[] Decode(byte* text, int length, bool isLast, int maxRows, BatchMemory memory, out int rows, out int consumed)
    {
        _errors.Clear();
        _firstLine = Line;
        _cursorLine = Line;
        _lineCursor = 0;
        consumed = _splitter.Split(text, length, isLast, _isPastHeader ? maxRows : maxRows + 1);
        if (consumed == 0 && length > MaxRowBytes) return TooLong(text, length, memory, out rows, out consumed);
        _isInvalidUtf8 = _splitter.HasNonAscii && !Utf8Text.IsValid(text, consumed);
        SelectRecords(text, consumed);
        rows = _rows;
        var columns = new Column[_wanted.Length];
        for (var c = 0; c < columns.Length && rows > 0; c++)
        {
            _lineCursor = 0;
            _cursorLine = _firstLine;
            columns[c] = Fill(c, text, length, memory);
        }

        if (_errors.Count > 1) _errors.Sort((x, y) => (x.Row, x.Column).CompareTo((y.Row, y.Column)));
        // The last line ends with the input.
        Line = _firstLine + Count(text, consumed) + (isLast && consumed == length && consumed > 0 && text[consumed - 1] != '\n' ? 1 : 0);
        return columns;
    }

    /// <summary>Lists the records that become rows: not the header, not blank lines, and bad ones only to be reported.</summary>
    private void SelectRecords(byte* text, int consumed)
    {
        if (_records.Length < _splitter.Records) _records = new int[Math.Max(_splitter.Records, Batch.TypicalRows)];
        _rows = 0;
        for (var r = 0; r < _splitter.Records; r++)
        {
            var first = _splitter.FirstEnd(r);
            var fields = _splitter.FirstEnd(r + 1) - first;
            if (fields == 1 && _fields.Count > 1 && _splitter.Ends[first] == _splitter.StartOf(r)) continue;
            if (!_isPastHeader)
            {
                _isPastHeader = true;
                continue;
            }

            var isOpen = _splitter.LastIsOpen && r == _splitter.Records - 1;
            if (fields == _fields.Count && !isOpen)
            {
                _records[_rows++] = r;
                continue;
            }

            if (_options.IgnoreParseErrors) continue;
            var reason = isOpen ? "a quoted field does not end" : $"{fields} {(fields == 1 ? "field" : "fields")}, but the table has {_fields.Count} columns";
            var start = _splitter.StartOf(r);
            var end = Math.Min(_splitter.StartOf(r + 1), consumed);
            var line = LineAt(text, start);
            _errors.Add(new DecodeError(_rows, -1, -1, $"Line {line}: {reason}.", DecodeError.Cut(new ReadOnlySpan<byte>(text + start, end - start).TrimEnd("\r\n"u8)), line));
            _records[_rows++] = ~r;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // a script reads its file once, before tiering would help
    private Column Fill(int c, byte* text, int length, BatchMemory memory)
    {
        var field = _wanted[c];
        var type = _fields[field];
        var column = Column.Allocate(type.Physical, _rows, memory);
        column.Validity = memory.AllocateBits(_rows, true);
        var nulls = 0;
        for (var row = 0; row < _rows; row++)
        {
            var record = _records[row];
            if (record < 0 || !TryField(c, type, record, field, text, length, column, row, memory))
            {
                var width = type.Physical.WidthBytes();
                new Span<byte>((byte*)column.Values + (long)row * width, width).Clear();
                column.Validity[row >> 6] &= ~(1UL << row);
                nulls++;
            }
        }

        if (nulls == 0) column.Validity = null;
        return column;
    }

    /// <summary>Reads one field; false: NULL.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // a script reads its file once, before tiering would help
    private bool TryField(int c, SqlType type, int record, int field, byte* text, int length, in Column column, int row, BatchMemory memory)
    {
        var at = _splitter.FirstEnd(record) + field;
        var start = text + (field == 0 ? _splitter.StartOf(record) : _splitter.Ends[at - 1] + 1);
        var size = (int)(text + _splitter.Ends[at] - start);
        var raw = new ReadOnlySpan<byte>(start, size);
        if (size > 0 && ((_options.Quote is not null && *start == _quote) || (_options.Escape is not null && raw.Contains(_escape))))
        {
            if (!TryUnquote(ref start, ref size, memory)) return Fail(c, text, record, raw, "text follows the closing quote");
        }

        if (_nullLiteral.Length > 0 && new ReadOnlySpan<byte>(start, size).SequenceEqual(_nullLiteral)) return false;
        if (type.IsCharacter)
        {
            if (_isInvalidUtf8) Repair(ref start, ref size, memory);
            Bytes64.StoreView(column.As<StringView>() + row, start, size, text + length);
            return true;
        }

        if (size == 0) return false;
        if (_isInvalidUtf8) Repair(ref start, ref size, memory);
        TextResult result;
        switch (type.Kind)
        {
            case TypeKind.Int:
                result = NumberText.TryInt64(start, size, out var integer, false);
                column.As<int>()[row] = (int)integer;
                if (result == TextResult.Ok && integer == (int)integer) return true;
                break;
            case TypeKind.Double:
                if (NumberText.TryDouble(start, size, out column.As<double>()[row]) == TextResult.Ok) return true;
                break;
            case TypeKind.Array or TypeKind.Multiset when *start != '[':
                result = ReadArray(start, size, type, column.As<StringView>() + row, memory);
                return result == TextResult.Ok || Fail(c, text, record, raw, Reason(result, type));
            case TypeKind.Variant or TypeKind.Array or TypeKind.Multiset or TypeKind.Map or TypeKind.Row:
                _structure.Scan(start, size);
                if (!JsonValidator.TryValidate(_structure, JsonLimits.Default, out _)) return Fail(c, text, record, raw, "the value is not JSON");
                var value = _structure.ValueAt(0);
                if (value.Kind == JsonKind.Null) return false;
                result = JsonScalar.TryWrite(value, type, column.Values, row, _zone, memory);
                return result == TextResult.Ok || Fail(c, text, record, raw, Reason(result, type));
        }

        result = TextValue.TryWrite(start, size, type, column.Values, row, _zone, memory);
        return result == TextResult.Ok || Fail(c, text, record, raw, Reason(result, type));
    }

    /// <summary>Takes quotes and escapes off. False: something but blanks follows the closing quote.</summary>
    private bool TryUnquote(ref byte* start, ref int size, BatchMemory memory)
    {
        var hasEscape = _options.Escape is not null;
        if (_options.Quote is not null && *start == _quote && size >= 2 && start[size - 1] == _quote
            && !new ReadOnlySpan<byte>(start + 1, size - 2).Contains(_quote)
            && !(hasEscape && new ReadOnlySpan<byte>(start + 1, size - 2).Contains(_escape)))
        {
            start++;
            size -= 2;
            return true;
        }

        var isQuoted = _options.Quote is not null && *start == _quote;
        var plain = memory.Allocate(size);
        var written = 0;
        var at = isQuoted ? 1 : 0;
        var isClosed = false;
        for (; at < size; at++)
        {
            if (hasEscape && start[at] == _escape && at + 1 < size) at++;
            else if (isQuoted && start[at] == _quote)
            {
                if (at + 1 < size && start[at + 1] == _quote) at++;
                else
                {
                    isClosed = true;
                    at++;
                    break;
                }
            }

            plain[written++] = start[at];
        }

        if (isClosed && !new ReadOnlySpan<byte>(start + at, size - at).Trim((byte)' ').IsEmpty) return false;
        start = plain;
        size = written;
        return true;
    }

    /// <summary>The elements of an array between delimiters, as JSON text.</summary>
    private TextResult ReadArray(byte* start, int size, SqlType type, StringView* view, BatchMemory memory)
    {
        var element = type.Fields[0].Type;
        _buffer.Clear();
        _buffer.Write((byte)'[');
        Int128 room;
        while (true)
        {
            var end = new ReadOnlySpan<byte>(start, size).IndexOf(_elementDelimiter);
            var length = end < 0 ? size : end;
            if (_buffer.Length > 1) _buffer.Write((byte)',');
            if (length == 0 && !element.IsCharacter) _buffer.Write("null"u8);
            else
            {
                room = 0;
                var result = TextValue.TryWrite(start, length, element, &room, 0, _zone, memory);
                if (result != TextResult.Ok) return result;
                JsonValueWriter.Write(element, &room, 0, JsonTimeFormat.Iso8601, _buffer);
            }

            if (end < 0) break;
            start += end + _elementDelimiter.Length;
            size -= end + _elementDelimiter.Length;
        }

        _buffer.Write((byte)']');
        *view = StringView.Copy(_buffer.Written, memory);
        return TextResult.Ok;
    }

    private void Repair(ref byte* start, ref int size, BatchMemory memory)
    {
        if (Utf8Text.IsValid(start, size)) return;
        var room = memory.Allocate(size * 3L);
        size = Utf8Text.Replace(new ReadOnlySpan<byte>(start, size), new Span<byte>(room, size * 3), out var replaced);
        start = room;
        ReplacedCharacters += replaced;
    }

    private static string Reason(TextResult result, SqlType type) =>
        result == TextResult.OutOfRange ? $"the value is out of the range of {type.Name}" : $"the value cannot be read as {type.Name}";

    private bool Fail(int column, byte* text, int record, ReadOnlySpan<byte> value, string reason)
    {
        if (_options.IgnoreParseErrors) return false;
        var start = _splitter.StartOf(record);
        var line = LineAt(text, start);
        var row = Array.BinarySearch(_records, 0, _rows, record, RecordOrder.Instance);
        _errors.Add(new DecodeError(row, column, -1, $"Line {line}, column {_fields.Fields[_wanted[column]].Name}: {reason}.", DecodeError.Cut(value), line));
        return false;
    }

    /// <summary>The line of a position; positions ascend between resets, so that each byte is counted once a column.</summary>
    private long LineAt(byte* text, int position)
    {
        _cursorLine += Count(text + _lineCursor, position - _lineCursor);
        _lineCursor = position;
        return _cursorLine;
    }

    private static int Count(byte* text, int length) => new ReadOnlySpan<byte>(text, length).Count((byte)'\n');

    /// <summary>A row beyond the limit: its first line is given up.</summary>
    private Column[] TooLong(byte* text, int length, BatchMemory memory, out int rows, out int consumed)
    {
        var end = new ReadOnlySpan<byte>(text, length).IndexOf((byte)'\n');
        consumed = end < 0 ? length : end + 1;
        Line += end < 0 ? 0 : 1;
        rows = _options.IgnoreParseErrors ? 0 : 1;
        var columns = new Column[_wanted.Length];
        if (rows == 0) return columns;
        _errors.Add(new DecodeError(
            0, -1, -1, $"Line {_firstLine}: a row is longer than {MaxRowBytes} bytes; is a quote not closed?", DecodeError.Cut(new ReadOnlySpan<byte>(text, consumed).TrimEnd("\r\n"u8)), _firstLine));
        for (var c = 0; c < columns.Length; c++)
        {
            var type = _fields[_wanted[c]];
            columns[c] = Column.Allocate(type.Physical, 1, memory);
            columns[c].Validity = memory.AllocateBits(1, false);
            new Span<byte>(columns[c].Values, type.Physical.WidthBytes()).Clear();
        }

        return columns;
    }

    private sealed class RecordOrder : IComparer<int>
    {
        internal static readonly RecordOrder Instance = new();

        public int Compare(int x, int y) => (x < 0 ? ~x : x).CompareTo(y < 0 ? ~y : y);
    }
}
