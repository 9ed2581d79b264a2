using System.Globalization;

namespace Freshet.Columns.Formats;

/// <summary>
/// Floating-point numbers as Java and so Flink write them: the fewest digits that read back the same, always with a point;
/// plain from 0.001 up to ten million, else with an exponent: <c>1.0</c>, <c>0.001</c>, <c>1.2345E7</c>, <c>1.0E-10</c>, <c>NaN</c>,
/// <c>-Infinity</c>. Any thread; no allocation.
/// </summary>
public static class FloatingText
{
    /// <summary>Most bytes of a number.</summary>
    public const int MaxBytes = 32;

    public static void Write(double value, Utf8Buffer buffer)
    {
        if (TryName(value, buffer)) return;
        Span<byte> text = stackalloc byte[MaxBytes];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        Lay(text[..length], buffer);
    }

    public static void Write(float value, Utf8Buffer buffer)
    {
        if (TryName(value, buffer)) return;
        Span<byte> text = stackalloc byte[MaxBytes];
        value.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        Lay(text[..length], buffer);
    }

    private static bool TryName(double value, Utf8Buffer buffer)
    {
        if (double.IsFinite(value)) return false;
        buffer.Write(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8);
        return true;
    }

    /// <summary>Lays out the digits of a number such as -123.45, 1E+16 or 1.5E-07 anew.</summary>
    private static void Lay(ReadOnlySpan<byte> text, Utf8Buffer buffer)
    {
        if (text[0] == '-')
        {
            buffer.Write((byte)'-');
            text = text[1..];
        }

        // The value is 0.d1d2d3... * 10^point, without leading or trailing zeros among the digits.
        Span<byte> digits = stackalloc byte[MaxBytes];
        var count = 0;
        var point = 0;
        var isFraction = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '.') isFraction = true;
            else if (text[i] == 'E')
            {
                point += int.Parse(text[(i + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
                break;
            }
            else
            {
                if (count == 0 && text[i] == '0')
                {
                    if (isFraction) point--;
                    continue;
                }

                digits[count++] = text[i];
                if (!isFraction) point++;
            }
        }

        while (count > 0 && digits[count - 1] == '0') count--;
        if (count == 0) buffer.Write("0.0"u8);
        else if (point is > -3 and <= 7) LayPlain(digits[..count], point, buffer);
        else
        {
            buffer.Write(digits[0]);
            buffer.Write((byte)'.');
            if (count == 1) buffer.Write((byte)'0');
            else buffer.Write(digits[1..count]);
            buffer.Write((byte)'E');
            buffer.Write(point - 1);
        }
    }

    private static void LayPlain(ReadOnlySpan<byte> digits, int point, Utf8Buffer buffer)
    {
        if (point <= 0)
        {
            buffer.Write("0."u8);
            for (var k = point; k < 0; k++) buffer.Write((byte)'0');
            buffer.Write(digits);
            return;
        }

        buffer.Write(digits[..Math.Min(point, digits.Length)]);
        for (var k = digits.Length; k < point; k++) buffer.Write((byte)'0');
        buffer.Write((byte)'.');
        if (digits.Length <= point) buffer.Write((byte)'0');
        else buffer.Write(digits[point..]);
    }
}
