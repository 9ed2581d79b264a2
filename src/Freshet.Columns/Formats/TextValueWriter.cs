using System.Buffers.Text;
using System.Globalization;
using Freshet.Columns.Json;
using Freshet.Columns.Types;

namespace Freshet.Columns.Formats;

/// <summary>
/// Typed values as plain text, without quotes: the cells of CSV, of tables on a terminal, and the times inside JSON.
/// Reading the text back as the same type gives the same value.
/// </summary>
public static unsafe class TextValueWriter
{
    /// <summary>Writes value <paramref name="row"/> of a column's values; it is not NULL.</summary>
    /// <param name="separator">What stands between date and time: a blank or T.</param>
    public static void Write(SqlType type, void* values, int row, byte separator, Utf8Buffer buffer)
    {
        switch (type.Kind)
        {
            case TypeKind.Boolean:
                buffer.Write(((byte*)values)[row] != 0 ? "true"u8 : "false"u8);
                break;
            case TypeKind.TinyInt or TypeKind.SmallInt or TypeKind.Int or TypeKind.BigInt or TypeKind.IntervalYearMonth or TypeKind.IntervalDayTime:
                buffer.Write(JsonValueWriter.ReadInteger(type.Physical, values, row));
                break;
            case TypeKind.Float:
                FloatingText.Write(((float*)values)[row], buffer);
                break;
            case TypeKind.Double:
                FloatingText.Write(((double*)values)[row], buffer);
                break;
            case TypeKind.Decimal:
                WriteDecimal(ReadUnscaled(type, values, row), type.Scale, buffer);
                break;
            case TypeKind.Binary or TypeKind.VarBinary:
                WriteBase64(StringView.Span((StringView*)values + row), buffer);
                break;
            case TypeKind.Date:
                WriteTimes(type, ((int*)values)[row], separator, buffer);
                break;
            case TypeKind.Time:
                WriteTimes(type, ((int*)values)[row] * 1000L, separator, buffer);
                break;
            case TypeKind.Timestamp or TypeKind.TimestampLtz:
                WriteTimes(type, TimestampValue.Read(type.Physical, values, row, out var nanos), separator, buffer, nanos);
                break;
            case TypeKind.Null:
                break;
            default:
                buffer.Write(StringView.Span((StringView*)values + row));
                break;
        }
    }

    /// <summary>A DECIMAL with all digits of its scale.</summary>
    public static void WriteDecimal(Int128 unscaled, int scale, Utf8Buffer buffer)
    {
        Span<byte> digits = stackalloc byte[48];
        var magnitude = unscaled < 0 ? (UInt128)(-unscaled) : (UInt128)unscaled;
        int count;
        if (magnitude <= ulong.MaxValue) Utf8Formatter.TryFormat((ulong)magnitude, digits, out count);
        else magnitude.TryFormat(digits, out count, default, CultureInfo.InvariantCulture);
        if (unscaled < 0) buffer.Write((byte)'-');
        if (scale == 0)
        {
            buffer.Write(digits[..count]);
            return;
        }

        if (count > scale) buffer.Write(digits[..(count - scale)]);
        else buffer.Write((byte)'0');
        buffer.Write((byte)'.');
        for (var k = count; k < scale; k++) buffer.Write((byte)'0');
        buffer.Write(digits[Math.Max(count - scale, 0)..count]);
    }

    internal static Int128 ReadUnscaled(SqlType type, void* values, int row) =>
        type.Physical == PhysicalKind.Int64 ? ((long*)values)[row] : ((Int128*)values)[row];

    private static void WriteTimes(SqlType type, long value, byte separator, Utf8Buffer buffer, int nanos = 0)
    {
        fixed (byte* text = buffer.GetSpan(48))
        {
            var length = type.Kind switch
            {
                TypeKind.Date => TimeText.WriteDate(value, text),
                TypeKind.Time => TimeText.WriteTime(value, -1, text),
                _ => TimeText.WriteTimestamp(value, separator, -1, text, nanos),
            };
            if (type.Kind == TypeKind.TimestampLtz) text[length++] = (byte)'Z';
            buffer.Advance(length);
        }
    }

    private static void WriteBase64(ReadOnlySpan<byte> bytes, Utf8Buffer buffer)
    {
        Base64.EncodeToUtf8(bytes, buffer.GetSpan(Base64.GetMaxEncodedToUtf8Length(bytes.Length)), out _, out var written);
        buffer.Advance(written);
    }
}
