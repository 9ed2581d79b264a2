using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;

namespace Freshet.Server.Api;

/// <summary>
/// A value of a column as text, the same in JSON, CSV and on the terminal:
/// <code>
/// BOOLEAN            true, false
/// integers           digits
/// DECIMAL(p, s)      digits with s of them after the point
/// FLOAT, DOUBLE      shortest text that reads back to the same value; NaN, Infinity, -Infinity
/// DATE, TIME(p)      2026-11-22, 10:05:51.496
/// TIMESTAMP(p)       2026-11-22T10:05:51.496
/// TIMESTAMP_LTZ(p)   2026-11-22T10:05:51.496Z
/// INTERVAL           months, or milliseconds
/// BYTES              base64
/// text, JSON kinds   the bytes themselves
/// </code>
/// </summary>
internal static unsafe class CellText
{
    /// <summary>Longest text of a value that is not text, JSON or BYTES.</summary>
    public const int MaxBytes = 64;

    /// <summary>The bytes of a value of physical kind View, in place.</summary>
    public static ReadOnlySpan<byte> Bytes(in Column column, int row) => StringView.Span(column.As<StringView>() + column.IndexOf(row));

    /// <summary>Writes any other value; returns the number of bytes, at most <see cref="MaxBytes"/>.</summary>
    public static int Write(SqlType type, in Column column, int row, Span<byte> to)
    {
        row = column.IndexOf(row);
        return type.Kind switch
        {
            TypeKind.Null => Ascii("null", to),
            TypeKind.Boolean => Ascii(column.As<byte>()[row] != 0 ? "true" : "false", to),
            TypeKind.TinyInt => Number(column.As<sbyte>()[row], to),
            TypeKind.SmallInt => Number(column.As<short>()[row], to),
            TypeKind.Int or TypeKind.IntervalYearMonth => Number(column.As<int>()[row], to),
            TypeKind.BigInt or TypeKind.IntervalDayTime => Number(column.As<long>()[row], to),
            TypeKind.Float => Float(column.As<float>()[row], to),
            TypeKind.Double => Float(column.As<double>()[row], to),
            TypeKind.Decimal => Decimal(column.Kind == PhysicalKind.Int64 ? column.As<long>()[row] : column.As<Int128>()[row], type.Scale, to),
            TypeKind.Date => Time(DateTime.UnixEpoch.AddDays(column.As<int>()[row]), "yyyy-MM-dd", 0, "", to),
            TypeKind.Time => Time(DateTime.UnixEpoch.AddMilliseconds(column.As<int>()[row]), "HH:mm:ss", Math.Min(type.Precision, 3), "", to),
            TypeKind.Timestamp => Timestamp(column, row, type.Precision, "", to),
            TypeKind.TimestampLtz => Timestamp(column, row, type.Precision, "Z", to),
            _ => throw new InvalidOperationException($"{type.Name} is not a fixed-width type."),
        };
    }

    /// <summary>The value as a .NET string, or null; for tables on the terminal.</summary>
    public static string? Text(SqlType type, in Column column, int row)
    {
        if (column.IsNull(row)) return null;
        if (type.IsBinary) return Convert.ToBase64String(Bytes(column, row));
        if (type.Physical == PhysicalKind.View) return Encoding.UTF8.GetString(Bytes(column, row));
        Span<byte> text = stackalloc byte[MaxBytes];
        return Encoding.UTF8.GetString(text[..Write(type, column, row, text)]);
    }

    private static int Ascii(string text, Span<byte> to) => Encoding.ASCII.GetBytes(text, to);

    private static int Number(long value, Span<byte> to) => Utf8Formatter.TryFormat(value, to, out var written) ? written : 0;

    private static int Float<T>(T value, Span<byte> to)
        where T : IUtf8SpanFormattable => value.TryFormat(to, out var written, "R", CultureInfo.InvariantCulture) ? written : 0;

    private static int Decimal(Int128 unscaled, int scale, Span<byte> to)
    {
        var at = 0;
        if (unscaled < 0) to[at++] = (byte)'-';
        Span<byte> digits = stackalloc byte[48];
        // |min| of Int128 is no DECIMAL(38): 38 digits always fit.
        ((IUtf8SpanFormattable)Int128.Abs(unscaled)).TryFormat(digits, out var count, default, CultureInfo.InvariantCulture);
        if (count <= scale)
        {
            // 0.00123: a zero, the point, and zeros up to the scale.
            to[at++] = (byte)'0';
            if (scale == 0) return at;
            to[at++] = (byte)'.';
            to.Slice(at, scale - count).Fill((byte)'0');
            at += scale - count;
            digits[..count].CopyTo(to[at..]);
            return at + count;
        }

        digits[..(count - scale)].CopyTo(to[at..]);
        at += count - scale;
        if (scale == 0) return at;
        to[at++] = (byte)'.';
        digits[(count - scale)..count].CopyTo(to[at..]);
        return at + scale;
    }

    private static int Timestamp(in Column column, int row, int precision, string zone, Span<byte> to)
    {
        var micros = TimestampValue.Read(column.Kind, column.Values, row, out var nanos);
        int length;
        fixed (byte* text = to) length = TimeText.WriteTimestamp(micros, (byte)'T', precision, text, nanos);
        return length + Ascii(zone, to[length..]);
    }

    private static int Time(DateTime time, string format, int fraction, string zone, Span<byte> to)
    {
        time.TryFormat(to, out var at, format, CultureInfo.InvariantCulture);
        if (fraction > 0)
        {
            to[at++] = (byte)'.';
            var ticks = time.Ticks % TimeSpan.TicksPerSecond;
            for (var unit = TimeSpan.TicksPerSecond / 10; fraction > 0; fraction--, unit /= 10) to[at++] = (byte)('0' + ticks / unit % 10);
        }

        return at + Ascii(zone, to[at..]);
    }
}
