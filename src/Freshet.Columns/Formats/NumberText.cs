using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace Freshet.Columns.Formats;

/// <summary>Whether a text could be read as a value of a type.</summary>
public enum TextResult : byte
{
    Ok,

    /// <summary>The text is not written as values of the type are.</summary>
    Malformed,

    /// <summary>The text is a number or a time, but not one that the type holds.</summary>
    OutOfRange,
}

/// <summary>
/// Numbers from UTF-8 text, as Flink's CAST of a string reads them: an optional sign, digits, a point, digits, an exponent;
/// integers drop what stands after the point, decimals round half up. JSON's numbers are among them. No space is skipped.
/// Cost: a loop over the digits; doubles of more than 19 digits or large exponents go through <see cref="Utf8Parser"/>,
/// small ones are one exact multiplication or division (Clinger, "How to Read Floating Point Numbers Accurately", 1990).
/// </summary>
public static unsafe class NumberText
{
    private static readonly UInt128[] Powers = MakePowers();

    private static ReadOnlySpan<double> ExactPowers =>
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>Ten to the power of 0 to 38.</summary>
    public static UInt128 PowerOfTen(int exponent) => Powers[exponent];

    /// <summary>An integer; what stands after the point is dropped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TextResult TryInt64(byte* text, int length, out long value, bool allowExponent = true)
    {
        // Short integers without a sign are most of all numbers.
        if ((uint)(length - 1) < 18)
        {
            long sum = 0;
            var k = 0;
            for (; k < length; k++)
            {
                var digit = (uint)(text[k] - '0');
                if (digit > 9) break;
                sum = sum * 10 + digit;
            }

            value = sum;
            if (k == length) return TextResult.Ok;
        }

        return TryInt64General(text, length, allowExponent, out value);
    }

    /// <summary>A double, correctly rounded, infinite beyond its range; NaN, Infinity and -Infinity by these names.</summary>
    public static TextResult TryDouble(byte* text, int length, out double value)
    {
        if (TryScan(text, length, out var number))
        {
            if (number.DroppedIntegerDigits == 0 && !number.HasDroppedDigits && number.Digits <= 1UL << 53 && number.Exponent is >= -22 and <= 22)
            {
                value = number.Exponent < 0 ? (double)(ulong)number.Digits / ExactPowers[-number.Exponent] : (double)(ulong)number.Digits * ExactPowers[number.Exponent];
                if (number.IsNegative) value = -value;
                return TextResult.Ok;
            }

            if (Utf8Parser.TryParse(new ReadOnlySpan<byte>(text, length), out value, out var used) && used == length)
                return TextResult.Ok;
        }

        return TryName(new ReadOnlySpan<byte>(text, length), out value);
    }

    /// <summary>A float, correctly rounded.</summary>
    public static TextResult TryFloat(byte* text, int length, out float value)
    {
        if (TryScan(text, length, out _)
            && Utf8Parser.TryParse(new ReadOnlySpan<byte>(text, length), out value, out var used) && used == length)
            return TextResult.Ok;
        var result = TryName(new ReadOnlySpan<byte>(text, length), out var wide);
        value = (float)wide;
        return result;
    }

    /// <summary>The unscaled value of a DECIMAL(precision, scale), rounded half up (away from zero).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // a script reads its file once, before tiering would help
    public static TextResult TryDecimal(byte* text, int length, int precision, int scale, out Int128 unscaled)
    {
        unscaled = 0;
        if (!TryScan(text, length, out var number)) return TextResult.Malformed;
        if (number.Digits == 0) return TextResult.Ok;
        var shift = (long)number.Exponent + number.DroppedIntegerDigits + scale;
        UInt128 magnitude;
        if (shift >= 0)
        {
            // More digits than 38 before the point of the result, kept or dropped, are out of range in any case.
            if (shift > 38 || (shift > 0 && number.DroppedIntegerDigits > 0) || number.Digits > Powers[38 - (int)shift]) return TextResult.OutOfRange;
            magnitude = number.Digits * Powers[(int)shift];
            if (shift == 0 && number.FirstDropped >= 5) magnitude++;
        }
        else if (shift < -38)
        {
            magnitude = 0;
        }
        else
        {
            var divisor = Powers[(int)-shift];
            var (quotient, rest) = number.Digits <= ulong.MaxValue && divisor <= ulong.MaxValue
                ? ((UInt128)((ulong)number.Digits / (ulong)divisor), (UInt128)((ulong)number.Digits % (ulong)divisor))
                : UInt128.DivRem(number.Digits, divisor);
            magnitude = quotient + (rest >= divisor - rest ? 1u : 0u);
        }

        if (magnitude >= Powers[precision]) return TextResult.OutOfRange;
        unscaled = number.IsNegative ? -(Int128)magnitude : (Int128)magnitude;
        return TextResult.Ok;
    }

    private static TextResult TryInt64General(byte* text, int length, bool allowExponent, out long value)
    {
        value = 0;
        if (!TryScan(text, length, out var number) || (number.HasExponent && !allowExponent)) return TextResult.Malformed;
        if (number.Digits == 0) return TextResult.Ok;
        var shift = (long)number.Exponent + number.DroppedIntegerDigits;
        if (shift > 19) return TextResult.OutOfRange;
        UInt128 magnitude;
        if (shift < 0) magnitude = shift < -38 ? 0 : number.Digits / Powers[(int)-shift];
        else if (number.Digits > ulong.MaxValue) return TextResult.OutOfRange;
        else magnitude = number.Digits * Powers[(int)shift];
        if (magnitude > (number.IsNegative ? 1UL << 63 : (1UL << 63) - 1)) return TextResult.OutOfRange;
        value = number.IsNegative ? (long)(0 - (ulong)magnitude) : (long)magnitude;
        return TextResult.Ok;
    }

    private static TextResult TryName(ReadOnlySpan<byte> text, out double value)
    {
        value = text.SequenceEqual("NaN"u8) ? double.NaN
            : text.SequenceEqual("Infinity"u8) || text.SequenceEqual("+Infinity"u8) ? double.PositiveInfinity
            : text.SequenceEqual("-Infinity"u8) ? double.NegativeInfinity : 0;
        return value != 0 ? TextResult.Ok : TextResult.Malformed;
    }

    /// <summary>Splits a number into sign, up to 38 digits and exponent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // a script reads its file once, before tiering would help
    private static bool TryScan(byte* text, int length, out Scanned number)
    {
        number = default;
        number.FirstDropped = -1;
        var at = 0;
        if (length > 0 && text[0] is (byte)'-' or (byte)'+')
        {
            number.IsNegative = text[0] == '-';
            at = 1;
        }

        ulong low = 0;
        var kept = 0;
        var any = false;
        var fraction = false;
        for (; at < length; at++)
        {
            var digit = (uint)(text[at] - '0');
            if (digit > 9)
            {
                if (text[at] != '.' || fraction) break;
                fraction = true;
                continue;
            }

            any = true;
            if (kept < 18)
            {
                low = low * 10 + digit;
                if (low != 0) kept++;
                if (fraction) number.Exponent--;
                if (kept == 18) number.Digits = low;
            }
            else if (kept < 38)
            {
                number.Digits = number.Digits * 10 + digit;
                kept++;
                if (fraction) number.Exponent--;
            }
            else
            {
                if (number.FirstDropped < 0) number.FirstDropped = (int)digit;
                number.HasDroppedDigits = true;
                if (!fraction) number.DroppedIntegerDigits++;
            }
        }

        if (kept < 18) number.Digits = low;
        if (!any) return false;
        if (at == length) return true;
        if ((text[at] | 0x20) != 'e') return false;
        at++;
        number.HasExponent = true;
        var negative = at < length && text[at] == '-';
        if (at < length && text[at] is (byte)'-' or (byte)'+') at++;
        if (at == length) return false;
        var exponent = 0;
        for (; at < length; at++)
        {
            var digit = (uint)(text[at] - '0');
            if (digit > 9) return false;
            exponent = Math.Min(exponent * 10 + (int)digit, 100_000);
        }

        number.Exponent += negative ? -exponent : exponent;
        return true;
    }

    private static UInt128[] MakePowers()
    {
        var powers = new UInt128[39];
        powers[0] = 1;
        for (var i = 1; i < powers.Length; i++) powers[i] = powers[i - 1] * 10;
        return powers;
    }

    /// <summary>digits * 10^(exponent + dropped integer digits), with the first digit that did not fit.</summary>
    private struct Scanned
    {
        internal UInt128 Digits;
        internal int Exponent;
        internal int DroppedIntegerDigits;
        internal int FirstDropped;
        internal bool HasDroppedDigits;
        internal bool HasExponent;
        internal bool IsNegative;
    }
}
