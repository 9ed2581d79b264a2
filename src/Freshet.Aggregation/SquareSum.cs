using System.Numerics;
using System.Runtime.InteropServices;

namespace Freshet.Aggregation;

/// <summary>A sum of squares of whole numbers up to 128 bits, each with a weight: 320 bits in two's complement, all zero when empty.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SquareSum
{
    private const int Words = 5;

    private fixed ulong _words[Words];

    /// <summary>Adds value * value * weight.</summary>
    public void Add(Int128 value, long weight)
    {
        var size = (UInt128)(value < 0 ? -value : value);
        var (high, low) = ((ulong)(size >> 64), (ulong)size);
        var factor = weight < 0 ? 0UL - (ulong)weight : (ulong)weight;

        // high^2 * 2^128 + 2 * high * low * 2^64 + low^2, each times the weight.
        var sign = weight < 0;
        AddProduct((UInt128)low * low, factor, 0, sign);
        if (high == 0) return;
        AddProduct((UInt128)high * low, factor, 1, sign);
        AddProduct((UInt128)high * low, factor, 1, sign);
        AddProduct((UInt128)high * high, factor, 2, sign);
    }

    public void Add(in SquareSum other)
    {
        ulong carry = 0;
        for (var i = 0; i < Words; i++)
        {
            var sum = (UInt128)_words[i] + other._words[i] + carry;
            _words[i] = (ulong)sum;
            carry = (ulong)(sum >> 64);
        }
    }

    public readonly BigInteger ToBigInteger()
    {
        fixed (ulong* words = _words) return new BigInteger(new ReadOnlySpan<byte>(words, Words * sizeof(ulong)));
    }

    /// <summary>Adds or takes away square * factor * 2^(64 * at).</summary>
    private void AddProduct(UInt128 square, ulong factor, int at, bool isNegative)
    {
        var low = (UInt128)(ulong)square * factor;
        var high = (UInt128)(ulong)(square >> 64) * factor;
        AddWord((ulong)low, at, isNegative);
        AddWord((ulong)(low >> 64), at + 1, isNegative);
        AddWord((ulong)high, at + 1, isNegative);
        AddWord((ulong)(high >> 64), at + 2, isNegative);
    }

    private void AddWord(ulong value, int at, bool isNegative)
    {
        for (var i = at; i < Words && value != 0; i++)
        {
            var before = _words[i];
            _words[i] = isNegative ? before - value : before + value;
            value = isNegative ? (before < value ? 1UL : 0) : (_words[i] < before ? 1UL : 0);
        }
    }
}
