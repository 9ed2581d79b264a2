using System.Numerics;
using System.Runtime.CompilerServices;
using Freshet.Columns.Formats;

namespace Freshet.Columns.Json;

/// <summary>
/// Scalars of JSON read where they lie, without an index. What is unusual gives null: the general reading knows it.
/// Every load is of at most 64 bytes, and none begins behind a given place.
/// </summary>
internal static unsafe class JsonScan
{
    internal const uint Null = 'n' | 'u' << 8 | 'l' << 16 | 'l' << 24;
    internal const uint True = 't' | 'r' << 8 | 'u' << 16 | 'e' << 24;
    internal const uint Fals = 'f' | 'a' << 8 | 'l' << 16 | 's' << 24;

    private const int DigitsAtMost = 18;

    /// <summary>The closing quote of the string whose content begins here; null for a control character, a wrong escape, or half of a surrogate pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* EndOfText(byte* at, byte* last, out bool isEscaped, out bool isAscii)
    {
        isEscaped = false;
        isAscii = true;
        while (at <= last)
        {
            Marks(at, out var quotes, out var slashes, out var controls, out var high);
            var stops = quotes | slashes | controls;
            if (stops == 0)
            {
                isAscii &= high == 0;
                at += 64;
                continue;
            }

            var stop = BitOperations.TrailingZeroCount(stops);
            isAscii &= (high & ((1UL << stop) - 1)) == 0;
            at += stop;
            if (*at == '"') return at;
            if (*at != '\\') return null;
            isEscaped = true;
            at = AfterEscapes(at, last);
            if (at is null) return null;
        }

        return null;
    }

    /// <summary>An integer of at most 18 digits, and the place behind it; null for anything else, and where a digit follows a zero at its front.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* TryInteger(byte* at, byte* last, out long value)
    {
        value = 0;
        if (at > last) return null;
        var isNegative = *at == '-';
        if (isNegative) at++;
        var first = *at;
        var count = Digits(at, out var number);
        if (count == 0 || (first == '0' && count > 1)) return null;
        at += count;
        if (count == 8)
        {
            var more = Digits(at, out var low);
            if (more == 8)
            {
                at += 8;
                number = number * 100_000_000 + low;
                for (; count + 8 < DigitsAtMost && (uint)(*at - '0') <= 9; count++) number = number * 10 + (uint)(*at++ - '0');
                if ((uint)(*at - '0') <= 9) return null;
            }
            else
            {
                at += more;
                number = number * Powers[more] + low;
            }
        }

        value = isNegative ? -(long)number : (long)number;
        return at;
    }

    private static ReadOnlySpan<ulong> Powers => [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

    /// <summary>Up to eight digits at once: how many, and the number that they write.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Digits(byte* at, out ulong number)
    {
        // A digit is 0 to 9 after the exclusive or, everything else above; what the sums carry into comes after the first that is none.
        var digits = Unsafe.ReadUnaligned<ulong>(at) ^ 0x3030_3030_3030_3030;
        var others = ((digits + 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080;
        var count = BitOperations.TrailingZeroCount(others) >> 3;
        if (count == 0)
        {
            number = 0;
            return 0;
        }

        // Moved to the end of the eight, so that zeros stand before them; then pairs, fours and eight are put together.
        digits <<= 64 - 8 * count;
        digits = digits * 10 + (digits >> 8);
        number = (((digits & 0x0000_00FF_0000_00FF) * 0x000F_4240_0000_0064) + ((digits >> 16 & 0x0000_00FF_0000_00FF) * 0x0000_2710_0000_0001)) >> 32;
        return count;
    }

    /// <summary>The place behind the escapes that follow one another from here; null for one that is wrong or a surrogate's.</summary>
    private static byte* AfterEscapes(byte* at, byte* last)
    {
        while (at <= last && *at == '\\')
        {
            switch (at[1])
            {
                case (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t':
                    at += 2;
                    break;
                case (byte)'u':
                    if (!JsonText.TryHex(new ReadOnlySpan<byte>(at + 2, 4), out var unit) || char.IsSurrogate(unit)) return null;
                    at += 6;
                    break;
                default:
                    return null;
            }
        }

        return at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Marks(byte* at, out ulong quotes, out ulong slashes, out ulong controls, out ulong high)
    {
        quotes = Bytes64.Equal(at, (byte)'"');
        slashes = Bytes64.Equal(at, (byte)'\\');
        controls = Bytes64.Below(at, (byte)' ');
        high = Bytes64.High(at);
    }
}
