using System.Buffers;
using System.Text;
using Freshet.Columns.Formats;

namespace Freshet.Columns.Csv;

/// <summary>
/// Rows as CSV lines, the twin of <see cref="CsvRowDecoder"/>: what is written is read back as the same values (but for NULL in a
/// STRING without a null literal, which is an empty field as in Flink). A field is quoted only where it must be.
/// </summary>
public sealed unsafe class CsvLineWriter : IRowWriter
{
    private readonly Schema _schema;
    private readonly CsvOptions _options;
    private readonly byte[] _nullLiteral;
    private readonly SearchValues<byte> _special;
    private readonly bool _withHeader;

    public CsvLineWriter(Schema schema, CsvOptions options, bool withHeader = false)
    {
        if (options.Validate() is { } reason) throw new ArgumentException(reason, nameof(options));
        _schema = schema;
        _options = options;
        _withHeader = withHeader;
        _nullLiteral = options.NullLiteral is null ? [] : Encoding.UTF8.GetBytes(options.NullLiteral);
        List<byte> special = [(byte)options.Delimiter, (byte)'\n', (byte)'\r'];
        if (options.Quote is { } quote) special.Add((byte)quote);
        if (options.Escape is { } escape) special.Add((byte)escape);
        if (options.AllowComments) special.Add((byte)'#');
        _special = SearchValues.Create([.. special]);
    }

    public void WriteStart(Utf8Buffer buffer)
    {
        if (!_withHeader) return;
        for (var c = 0; c < _schema.Count; c++)
        {
            if (c > 0) buffer.Write((byte)_options.Delimiter);
            var start = buffer.Length;
            buffer.Write(Encoding.UTF8.GetBytes(_schema.Fields[c].Name));
            Protect(buffer, start);
        }

        buffer.Write((byte)'\n');
    }

    public void WriteRow(ReadOnlySpan<Column> columns, int row, Utf8Buffer buffer)
    {
        for (var c = 0; c < _schema.Count; c++)
        {
            if (c > 0) buffer.Write((byte)_options.Delimiter);
            if (columns[c].IsNull(row))
            {
                buffer.Write(_nullLiteral);
                continue;
            }

            var start = buffer.Length;
            TextValueWriter.Write(_schema[c], columns[c].Values, columns[c].IndexOf(row), (byte)' ', buffer);
            Protect(buffer, start);
        }

        buffer.Write((byte)'\n');
    }

    /// <summary>Quotes or escapes what has been written since <paramref name="start"/> where it would be read otherwise.</summary>
    private void Protect(Utf8Buffer buffer, int start)
    {
        var text = buffer.Written[start..];
        if (text.IndexOfAny(_special) < 0) return;
        var copy = text.ToArray();
        buffer.Truncate(start);
        var quote = (byte)(_options.Quote ?? '\0');
        var escape = (byte)(_options.Escape ?? '\0');
        if (_options.Quote is not null) buffer.Write(quote);
        foreach (var b in copy)
        {
            if (_options.Escape is not null && (b == escape || (_options.Quote is null && _special.Contains(b)))) buffer.Write(escape);
            else if (_options.Quote is not null && b == quote) buffer.Write(quote);
            buffer.Write(b);
        }

        if (_options.Quote is not null) buffer.Write(quote);
    }
}
