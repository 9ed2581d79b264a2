using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

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
    private readonly bool[] _isRewritten;
    private JsonStructure? _structure;

    public JsonLineWriter(Schema schema, JsonTimeFormat times = JsonTimeFormat.Sql, bool ignoreNullFields = false)
    {
        _schema = schema;
        _times = times;
        _ignoresNulls = ignoreNullFields;
        _names = new byte[schema.Count][];

        // Composite values are kept with their times in ISO-8601.
        _isRewritten = [.. schema.Fields.Select(f => times == JsonTimeFormat.Sql && !f.Type.Fields.IsEmpty && JsonShape.HasTimes(f.Type))];
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
        else if (_isRewritten[c]) Rewrite(column.As<StringView>() + column.IndexOf(row), _schema[c], buffer);
        else JsonValueWriter.Write(_schema[c], column.Values, column.IndexOf(row), _times, buffer);
    }

    private void Rewrite(StringView* view, SqlType type, Utf8Buffer buffer)
    {
        var text = StringView.Span(view);
        var structure = _structure ??= new JsonStructure();
        var memory = BatchMemory.Create();
        fixed (byte* bytes = text)
        {
            structure.Scan(bytes, text.Length);
            JsonShape.TryAppend(structure.Count > 0 ? structure.ValueAt(0) : default, type, _times, TimeZoneInfo.Utc, memory, buffer);
        }

        memory.Release();
    }
}
