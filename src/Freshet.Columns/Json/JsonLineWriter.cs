using Freshet.Columns.Formats;

namespace Freshet.Columns.Json;

/// <summary>
/// Rows as JSON lines: one object with the columns by name, in order. NULL is null, or left out with
/// <c>json.encode.ignore-null-fields</c>.
/// </summary>
public sealed unsafe class JsonLineWriter : IRowWriter
{
    private readonly Schema _schema;
    private readonly byte[][] _names;
    private readonly JsonTimeFormat _times;
    private readonly bool _ignoresNulls;

    public JsonLineWriter(Schema schema, JsonTimeFormat times = JsonTimeFormat.Sql, bool ignoreNullFields = false)
    {
        _schema = schema;
        _times = times;
        _ignoresNulls = ignoreNullFields;
        _names = new byte[schema.Count][];
        var buffer = new Utf8Buffer(64);
        for (var c = 0; c < _names.Length; c++)
        {
            buffer.Clear();
            JsonValueWriter.WriteString(schema.Fields[c].Name, buffer);
            buffer.Write((byte)':');
            _names[c] = buffer.Written.ToArray();
        }
    }

    public void WriteStart(Utf8Buffer buffer)
    {
    }

    public void WriteRow(ReadOnlySpan<Column> columns, int row, Utf8Buffer buffer)
    {
        WriteObject(columns, row, buffer);
        buffer.Write((byte)'\n');
    }

    /// <summary>The row as an object, without a line feed.</summary>
    public void WriteObject(ReadOnlySpan<Column> columns, int row, Utf8Buffer buffer)
    {
        buffer.Write((byte)'{');
        var any = false;
        for (var c = 0; c < _names.Length; c++)
        {
            var isNull = columns[c].IsNull(row);
            if (isNull && _ignoresNulls) continue;
            if (any) buffer.Write((byte)',');
            any = true;
            buffer.Write(_names[c]);
            WriteValue(columns[c], c, isNull, row, buffer);
        }

        buffer.Write((byte)'}');
    }

    /// <summary>The row as an array of values, without a line feed.</summary>
    public void WriteArray(ReadOnlySpan<Column> columns, int row, Utf8Buffer buffer)
    {
        buffer.Write((byte)'[');
        for (var c = 0; c < _names.Length; c++)
        {
            if (c > 0) buffer.Write((byte)',');
            WriteValue(columns[c], c, columns[c].IsNull(row), row, buffer);
        }

        buffer.Write((byte)']');
    }

    private void WriteValue(in Column column, int c, bool isNull, int row, Utf8Buffer buffer)
    {
        if (isNull) buffer.Write("null"u8);
        else JsonValueWriter.Write(_schema[c], column.Values, column.IndexOf(row), _times, buffer);
    }
}
