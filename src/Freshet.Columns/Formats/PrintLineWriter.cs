using System.Text;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Columns.Formats;

/// <summary>What a printed row does to the result, as in a Flink changelog.</summary>
public enum PrintKind : byte
{
    Insert,
    UpdateBefore,
    UpdateAfter,
    Delete,
}

/// <summary>
/// Rows as Flink's <c>print</c> connector writes them: <c>+I[a, 1, 2024-01-02T03:04, null, [1, 2], +I[1, q], {k=1}]</c>. For people;
/// nothing reads it back. Times have Java's form: seconds only where they are not zero (TIMESTAMP_LTZ always), fractions in groups of three.
/// </summary>
public sealed unsafe class PrintLineWriter : IRowWriter, IDisposable
{
    private readonly Schema _schema;
    private readonly byte[] _identifier;
    private readonly JsonStructure _structure = new();

    /// <param name="identifier"><c>print-identifier</c>, written before each row with <c>&gt; </c>.</param>
    public PrintLineWriter(Schema schema, string identifier = "")
    {
        _schema = schema;
        _identifier = identifier.Length == 0 ? [] : Encoding.UTF8.GetBytes(identifier + "> ");
    }

    public void WriteStart(Utf8Buffer buffer)
    {
    }

    public void WriteRow(ReadOnlySpan<Column> columns, int row, Utf8Buffer buffer) => WriteRow(PrintKind.Insert, columns, row, buffer);

    public void WriteRow(PrintKind kind, ReadOnlySpan<Column> columns, int row, Utf8Buffer buffer)
    {
        buffer.Write(_identifier);
        buffer.Write(kind switch
        {
            PrintKind.Insert => "+I["u8,
            PrintKind.UpdateBefore => "-U["u8,
            PrintKind.UpdateAfter => "+U["u8,
            _ => "-D["u8,
        });
        for (var c = 0; c < _schema.Count; c++)
        {
            if (c > 0) buffer.Write(", "u8);
            if (columns[c].IsNull(row)) buffer.Write("null"u8);
            else Write(_schema[c], columns[c].Values, columns[c].IndexOf(row), buffer);
        }

        buffer.Write("]\n"u8);
    }

    public void Dispose() => _structure.Dispose();

    private void Write(SqlType type, void* values, int row, Utf8Buffer buffer)
    {
        switch (type.Kind)
        {
            case TypeKind.Timestamp:
                WriteTime(TimestampValue.Read(type.Physical, values, row, out var nanos), nanos, false, buffer);
                break;
            case TypeKind.TimestampLtz:
                WriteTime(TimestampValue.Read(type.Physical, values, row, out var ltzNanos), ltzNanos, true, buffer);
                buffer.Write((byte)'Z');
                break;
            case TypeKind.Time:
                var start = buffer.Length;
                WriteTime(((int*)values)[row] * 1000L, 0, false, buffer);

                // The date before the T of 1970-01-01 is not part of it.
                var time = buffer.Written[(start + 11)..];
                Span<byte> room = stackalloc byte[16];
                time.CopyTo(room);
                buffer.Truncate(start);
                buffer.Write(room[..time.Length]);
                break;
            case TypeKind.Binary or TypeKind.VarBinary:
                WriteBytes(StringView.Span((StringView*)values + row), buffer);
                break;
            case TypeKind.Array or TypeKind.Multiset or TypeKind.Map or TypeKind.Row:
                WriteShape((StringView*)values + row, type, buffer);
                break;
            default:
                TextValueWriter.Write(type, values, row, (byte)' ', buffer);
                break;
        }
    }

    private static void WriteTime(long micros, int nanos, bool alwaysSeconds, Utf8Buffer buffer)
    {
        fixed (byte* text = buffer.GetSpan(48))
        {
            var fraction = (int)(((micros % 1_000_000) + 1_000_000) % 1_000_000);
            var digits = nanos != 0 ? 9 : fraction == 0 ? 0 : fraction % 1000 == 0 ? 3 : 6;
            var length = TimeText.WriteTimestamp(micros, (byte)'T', digits, text, nanos);
            if (!alwaysSeconds && digits == 0 && text[length - 1] == '0' && text[length - 2] == '0') length -= 3;
            buffer.Advance(length);
        }
    }

    private static void WriteBytes(ReadOnlySpan<byte> bytes, Utf8Buffer buffer)
    {
        buffer.Write((byte)'[');
        for (var i = 0; i < bytes.Length; i++)
        {
            if (i > 0) buffer.Write(", "u8);
            buffer.Write((sbyte)bytes[i]);
        }

        buffer.Write((byte)']');
    }

    private void WriteShape(StringView* view, SqlType type, Utf8Buffer buffer)
    {
        var text = StringView.Span(view);
        var memory = BatchMemory.Create();
        fixed (byte* bytes = text)
        {
            _structure.Scan(bytes, text.Length);
            if (_structure.Count > 0) WriteShape(_structure.ValueAt(0), type, memory, buffer);
        }

        memory.Release();
    }

    private void WriteShape(in JsonValue value, SqlType type, BatchMemory memory, Utf8Buffer buffer)
    {
        if (value.Kind is JsonKind.Null or JsonKind.None)
        {
            buffer.Write("null"u8);
            return;
        }

        var isFirst = true;
        switch (type.Kind)
        {
            case TypeKind.Array or TypeKind.Multiset:
                buffer.Write((byte)'[');
                foreach (var element in value.Elements())
                {
                    if (!isFirst) buffer.Write(", "u8);
                    isFirst = false;
                    WriteShape(element, type.Fields[0].Type, memory, buffer);
                }

                buffer.Write((byte)']');
                break;
            case TypeKind.Map:
                buffer.Write((byte)'{');
                foreach (var member in value.Members())
                {
                    if (!isFirst) buffer.Write(", "u8);
                    isFirst = false;
                    buffer.Advance(JsonText.Unescape(member.Key, buffer.GetSpan(member.Key.Length)));
                    buffer.Write((byte)'=');
                    WriteShape(member.Value, type.Fields[1].Type, memory, buffer);
                }

                buffer.Write((byte)'}');
                break;
            case TypeKind.Row:
                buffer.Write("+I["u8);
                foreach (var field in type.Fields)
                {
                    if (!isFirst) buffer.Write(", "u8);
                    isFirst = false;
                    value.TryGetMember(Encoding.UTF8.GetBytes(field.Name), out var part);
                    WriteShape(part, field.Type, memory, buffer);
                }

                buffer.Write((byte)']');
                break;
            default:
                Int128 room = 0;
                if (JsonScalar.TryWrite(value, type, &room, 0, TimeZoneInfo.Utc, memory) == TextResult.Ok) Write(type, &room, 0, buffer);
                break;
        }
    }
}
