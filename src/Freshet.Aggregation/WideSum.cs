using System.Numerics;
using System.Runtime.InteropServices;

namespace Freshet.Aggregation;

/// <summary>
/// An exact sum of any doubles: a two's complement fixed-point number that covers the whole range of double with 100 bits to
/// spare (2^-1074 to 2^1101 and a sign), and counts of what is not finite. The same sum always has the same bits, whatever the order of adding;
/// all bits zero is the empty sum. Sums that do not fit an <see cref="ExactSum"/> live here, in a table of their own.
/// Cost: two or three words changed for each value.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct WideSum
{
    /// <summary>64-bit words, least significant first.</summary>
    public const int Words = 34;

    /// <summary>The weight of bit 0 is 2 to this power, the smallest double.</summary>
    private const int LowestExponent = -1074;

    private fixed ulong _words[Words];
    private long _nans;
    private long _positiveInfinities;
    private long _negativeInfinities;

    /// <summary>Adds a value <paramref name="weight"/> times (takes it back when negative).</summary>
    public void Add(double value, long weight)
    {
        if (!double.IsFinite(value))
        {
            if (double.IsNaN(value)) _nans += weight;
            else if (value > 0) _positiveInfinities += weight;
            else _negativeInfinities += weight;
            return;
        }

        var bits = BitConverter.DoubleToUInt64Bits(value);
        var exponent = (int)(bits >> 52 & 0x7FF);
        var mantissa = bits & (1UL << 52) - 1;
        if (exponent != 0) mantissa |= 1UL << 52;
        else exponent = 1;
        if (mantissa == 0 || weight == 0) return;

        // mantissa * |weight| has at most 117 bits; shifted it covers at most three words.
        var product = (UInt128)mantissa * (weight < 0 ? 0UL - (ulong)weight : (ulong)weight);
        var shift = exponent - 1 & 63;
        var word = exponent - 1 >> 6;
        var low = (ulong)product << shift;
        var middle = (ulong)(product >> 64 - shift);
        if (shift == 0) middle = (ulong)(product >> 64);
        var high = shift == 0 ? 0 : (ulong)(product >> 64) >> 64 - shift;
        if (value < 0 == weight < 0) AddWords(word, low, middle, high);
        else SubtractWords(word, low, middle, high);
    }

    /// <summary>Adds another wide sum.</summary>
    public void Add(WideSum* other)
    {
        ulong carry = 0;
        for (var i = 0; i < Words; i++)
        {
            var sum = (UInt128)_words[i] + other->_words[i] + carry;
            _words[i] = (ulong)sum;
            carry = (ulong)(sum >> 64);
        }

        _nans += other->_nans;
        _positiveInfinities += other->_positiveInfinities;
        _negativeInfinities += other->_negativeInfinities;
    }

    /// <summary>The sum, rounded to a double; beyond its range an infinity.</summary>
    public readonly double ToDouble()
    {
        var value = Round(out _);
        return value == 0 ? 0 : value;
    }

    /// <summary>The sum, rounded once to a float.</summary>
    public readonly float ToSingle()
    {
        var value = Round(out var rest);
        return double.IsFinite(value) ? ExactSum.RoundToSingle(value, rest) : (float)value;
    }

    /// <summary>The sum in units of the smallest double; false where a value was not finite.</summary>
    public readonly bool TryToInteger(out BigInteger units)
    {
        fixed (ulong* words = _words) units = new BigInteger(new ReadOnlySpan<byte>(words, Words * sizeof(ulong)));
        return _nans == 0 && _positiveInfinities == 0 && _negativeInfinities == 0;
    }

    private readonly double Round(out int rest)
    {
        rest = 0;
        if (_nans != 0 || (_positiveInfinities != 0 && _negativeInfinities != 0)) return double.NaN;
        if (_positiveInfinities != 0) return double.PositiveInfinity;
        if (_negativeInfinities != 0) return double.NegativeInfinity;

        var negative = (long)_words[Words - 1] < 0;
        var size = stackalloc ulong[Words];
        Magnitude(size, negative);
        var top = Words - 1;
        while (top >= 0 && size[top] == 0) top--;
        if (top < 0) return 0;
        var highest = (top << 6) + 63 - BitOperations.LeadingZeroCount(size[top]);
        var value = highest < 53 ? size[0] * double.Epsilon : RoundAt(size, highest, out rest);
        if (!negative) return value;
        rest = -rest;
        return -value;
    }

    /// <summary>Rounds a magnitude whose highest set bit is <paramref name="highest"/> (53 or more) to 53 bits.</summary>
    private static double RoundAt(ulong* size, int highest, out int rest)
    {
        var lowest = highest - 52;
        var mantissa = BitsFrom(size, lowest) & (1UL << 53) - 1;
        var half = (size[lowest - 1 >> 6] >> lowest - 1 & 1) != 0;
        var below = AnyBelow(size, lowest - 1);
        rest = half || below ? 1 : 0;
        if (half && (below || (mantissa & 1) != 0))
        {
            mantissa++;
            rest = -1;
        }

        // Up to 2^53 exactly, scaled by a power of two: no second rounding, as the exponent is above the subnormal range.
        return Math.ScaleB(mantissa, lowest + LowestExponent);
    }

    private static ulong BitsFrom(ulong* size, int bit)
    {
        var word = bit >> 6;
        var shift = bit & 63;
        var low = size[word] >> shift;
        return shift == 0 || word + 1 >= Words ? low : low | size[word + 1] << 64 - shift;
    }

    private static bool AnyBelow(ulong* size, int bit)
    {
        var word = bit >> 6;
        if ((size[word] & (1UL << bit) - 1) != 0) return true;
        for (var i = 0; i < word; i++)
            if (size[i] != 0) return true;
        return false;
    }

    private readonly void Magnitude(ulong* size, bool negative)
    {
        ulong carry = negative ? 1UL : 0;
        for (var i = 0; i < Words; i++)
        {
            var word = negative ? ~_words[i] : _words[i];
            size[i] = word + carry;
            carry = size[i] < word ? 1UL : 0;
        }
    }

    private void AddWords(int at, ulong low, ulong middle, ulong high)
    {
        ulong carry = 0;
        for (var i = at; i < Words; i++)
        {
            var add = i == at ? low : i == at + 1 ? middle : i == at + 2 ? high : 0;
            if (i > at + 2 && carry == 0) return;
            var sum = (UInt128)_words[i] + add + carry;
            _words[i] = (ulong)sum;
            carry = (ulong)(sum >> 64);
        }
    }

    private void SubtractWords(int at, ulong low, ulong middle, ulong high)
    {
        ulong borrow = 0;
        for (var i = at; i < Words; i++)
        {
            var take = i == at ? low : i == at + 1 ? middle : i == at + 2 ? high : 0;
            if (i > at + 2 && borrow == 0) return;
            var left = (UInt128)_words[i] - take - borrow;
            _words[i] = (ulong)left;
            borrow = (ulong)(left >> 64) & 1;
        }
    }
}
