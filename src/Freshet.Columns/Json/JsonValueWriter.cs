using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;

namespace Freshet.Columns.Json;

/// <summary>How times are written, as Flink's <c>json.timestamp-format.standard</c>.</summary>
public enum JsonTimeFormat : byte
{
    /// <summary><c>2024-01-31 10:00:00.123</c>, TIMESTAMP_LTZ in UTC with Z.</summary>
    Sql,

    /// <summary><c>2024-01-31T10:00:00.123</c>, TIMESTAMP_LTZ in UTC with Z.</summary>
    Iso8601,
}

/// <summary>
/// Typed values as JSON: times with as many fractional digits as they need, decimals as plain numbers with their scale, doubles with the
/// fewest digits that read back the same, NaN and infinities as strings (JSON has no numbers for them), bytes in base64,
/// VARIANT and composite values as they are. A text with invalid UTF-8 is written with U+FFFD in its place.
/// Any thread; writes to the caller's buffer.
/// </summary>
public static unsafe class JsonValueWriter
{
    /// <summary>Writes value <paramref name="row"/> of a column's values; it is not NULL.</summary>
    public static void Write(SqlType type, void* values, int row, JsonTimeFormat times, Utf8Buffer buffer)
    {
        switch (type.Kind)
        {
            case TypeKind.Boolean:
                buffer.Write(((byte*)values)[row] != 0 ? "true"u8 : "false"u8);
                break;
            case TypeKind.TinyInt or TypeKind.SmallInt or TypeKind.Int or TypeKind.BigInt or TypeKind.IntervalYearMonth or TypeKind.IntervalDayTime:
                buffer.Write(ReadInteger(type.Physical, values, row));
                break;
            case TypeKind.Decimal:
                TextValueWriter.WriteDecimal(TextValueWriter.ReadUnscaled(type, values, row), type.Scale, buffer);
                break;
            case TypeKind.Float or TypeKind.Double:
                WriteFloating(type, values, row, buffer);
                break;
            case TypeKind.Char or TypeKind.VarChar:
                WriteString(StringView.Span((StringView*)values + row), buffer);
                break;
            case TypeKind.Variant or TypeKind.Array or TypeKind.Map or TypeKind.Multiset or TypeKind.Row:
                buffer.Write(StringView.Span((StringView*)values + row));
                break;
            case TypeKind.Null:
                buffer.Write("null"u8);
                break;
            default:
                buffer.Write((byte)'"');
                TextValueWriter.Write(type, values, row, times == JsonTimeFormat.Iso8601 ? (byte)'T' : (byte)' ', buffer);
                buffer.Write((byte)'"');
                break;
        }
    }

    /// <summary>Writes a text in quotes with its escapes.</summary>
    public static void WriteString(ReadOnlySpan<byte> text, Utf8Buffer buffer)
    {
        buffer.Write((byte)'"');
        if (!Utf8Text.IsValid(text))
        {
            var room = new byte[text.Length * 3];
            text = room.AsSpan(0, Utf8Text.Replace(text, room, out _));
        }

        while (true)
        {
            var plain = JsonText.IndexOfEscape(text);
            if (plain < 0) break;
            buffer.Write(text[..plain]);
            WriteEscape(text[plain], buffer);
            text = text[(plain + 1)..];
        }

        buffer.Write(text);
        buffer.Write((byte)'"');
    }

    /// <summary>Writes a name or message in quotes.</summary>
    public static void WriteString(string text, Utf8Buffer buffer)
    {
        Span<byte> room = stackalloc byte[256];
        var bytes = text.Length <= 80 ? room : new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        WriteString(bytes[..Encoding.UTF8.GetBytes(text, bytes)], buffer);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long ReadInteger(PhysicalKind kind, void* values, int row) => kind switch
    {
        PhysicalKind.Int8 => ((sbyte*)values)[row],
        PhysicalKind.Int16 => ((short*)values)[row],
        PhysicalKind.Int32 => ((int*)values)[row],
        _ => ((long*)values)[row],
    };

    private static void WriteFloating(SqlType type, void* values, int row, Utf8Buffer buffer)
    {
        var value = type.Kind == TypeKind.Float ? ((float*)values)[row] : ((double*)values)[row];
        if (!double.IsFinite(value)) buffer.Write((byte)'"');
        TextValueWriter.Write(type, values, row, (byte)' ', buffer);
        if (!double.IsFinite(value)) buffer.Write((byte)'"');
    }

    private static void WriteEscape(byte value, Utf8Buffer buffer)
    {
        var letter = value switch
        {
            (byte)'"' => (byte)'"',
            (byte)'\\' => (byte)'\\',
            (byte)'\n' => (byte)'n',
            (byte)'\r' => (byte)'r',
            (byte)'\t' => (byte)'t',
            (byte)'\b' => (byte)'b',
            (byte)'\f' => (byte)'f',
            _ => (byte)'u',
        };
        buffer.Write((byte)'\\');
        buffer.Write(letter);
        if (letter != 'u') return;
        Utf8Formatter.TryFormat(value, buffer.GetSpan(4), out var written, new System.Buffers.StandardFormat('x', 4));
        buffer.Advance(written);
    }
}
