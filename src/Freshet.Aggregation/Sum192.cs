using System.Runtime.InteropServices;

namespace Freshet.Aggregation;

/// <summary>
/// An exact sum of whole numbers in 24 bytes, two's complement: wide enough for 2^63 values of 128 bits, so that it never
/// overflows and a sum that has left its type's range comes back when values are taken back.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Sum192
{
    private ulong _low;
    private ulong _middle;
    private ulong _high;

    public Sum192(Int128 value)
    {
        _low = (ulong)value;
        _middle = (ulong)(value >> 64);
        _high = (ulong)(value >> 127);
    }

    /// <summary>Whether the sum is a number of 64 bits.</summary>
    public readonly bool IsInt64 => _middle == _high && _middle == (ulong)((long)_low >> 63);

    /// <summary>Whether the sum is a number of 128 bits.</summary>
    public readonly bool IsInt128 => _high == (ulong)((long)_middle >> 63);

    /// <summary>The low 64 bits, signed.</summary>
    public readonly long Int64 => (long)_low;

    /// <summary>The low 128 bits, signed.</summary>
    public readonly Int128 Int128 => new(_middle, _low);

    public readonly bool IsNegative => (long)_high < 0;

    /// <summary>Adds value * weight.</summary>
    public void Add(Int128 value, long weight)
    {
        if (weight == 1)
        {
            Add(value);
            return;
        }

        // value = high * 2^64 + low; both products fit 128 bits.
        var low = (Int128)(ulong)value * weight;
        var high = (Int128)(long)(value >> 64) * weight;
        Add(low);
        var middle = (UInt128)_middle + (ulong)high;
        _middle = (ulong)middle;
        _high += (ulong)(high >> 64) + (ulong)(middle >> 64);
    }

    public void Add(Int128 value)
    {
        var low = (UInt128)_low + (ulong)value;
        var middle = (UInt128)_middle + (ulong)(value >> 64) + (ulong)(low >> 64);
        _low = (ulong)low;
        _middle = (ulong)middle;
        _high += (ulong)(value >> 127) + (ulong)(middle >> 64);
    }

    public void Add(in Sum192 other)
    {
        var low = (UInt128)_low + other._low;
        var middle = (UInt128)_middle + other._middle + (ulong)(low >> 64);
        _low = (ulong)low;
        _middle = (ulong)middle;
        _high += other._high + (ulong)(middle >> 64);
    }

    /// <summary>The quotient by a positive number, towards zero, and the remainder (of the sum's sign).</summary>
    public readonly Sum192 Divide(long divisor, out long remainder)
    {
        var size = IsNegative ? Negated() : this;
        var by = (ulong)divisor;
        var (high, rest) = Math.DivRem(size._high, by);
        var (middle, rest2) = Divide(rest, size._middle, by);
        var (low, rest3) = Divide(rest2, size._low, by);
        var quotient = new Sum192 { _low = low, _middle = middle, _high = high };
        remainder = IsNegative ? -(long)rest3 : (long)rest3;
        return IsNegative ? quotient.Negated() : quotient;
    }

    public readonly System.Numerics.BigInteger ToBigInteger()
    {
        Span<byte> bytes = stackalloc byte[24];
        MemoryMarshal.Write(bytes, in this);
        return new System.Numerics.BigInteger(bytes);
    }

    /// <summary>Decimal digits, for messages.</summary>
    public override readonly string ToString() => ToBigInteger().ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static (ulong Quotient, ulong Remainder) Divide(ulong high, ulong low, ulong by)
    {
        if (high == 0) return Math.DivRem(low, by);
        var (quotient, rest) = UInt128.DivRem(new UInt128(high, low), by);
        return ((ulong)quotient, (ulong)rest);
    }

    private readonly Sum192 Negated()
    {
        var negated = new Sum192 { _low = ~_low, _middle = ~_middle, _high = ~_high };
        negated.Add(Int128.One);
        return negated;
    }
}
