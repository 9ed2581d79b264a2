using Freshet.Columns.Formats;

namespace Freshet.Kernels;

/// <summary>
/// A product of two 128-bit numbers divided by a power of ten, rounded half away from zero: what DECIMAL multiplication needs
/// where the product has more than 38 digits and the result has not. The product is four 64-bit limbs, the division one of
/// limbs by up to 19 digits at a time. No allocation.
/// </summary>
internal static class WideProduct
{
    private const int DigitsAtOnce = 19;

    /// <summary>left * right / 10^digits; false when that is no 128-bit number of at most 38 digits.</summary>
    public static bool TryScaleDown(Int128 left, Int128 right, int digits, out Int128 result)
    {
        result = 0;
        Span<ulong> limbs = stackalloc ulong[4];
        Multiply((UInt128)Int128.Abs(left), (UInt128)Int128.Abs(right), limbs);
        ulong lastDigit = 0;
        if (digits > 0)
        {
            // The last digit that goes decides how the rest is rounded.
            for (var left19 = digits - 1; left19 > 0; left19 -= DigitsAtOnce) Divide(limbs, (ulong)NumberText.PowerOfTen(Math.Min(left19, DigitsAtOnce)));
            lastDigit = Divide(limbs, 10);
        }

        if (limbs[3] != 0 || limbs[2] != 0) return false;
        var magnitude = new UInt128(limbs[1], limbs[0]) + (lastDigit >= 5 ? 1u : 0u);
        if (digits < 0 || magnitude >= NumberText.PowerOfTen(38)) return false;
        result = (left < 0) == (right < 0) ? (Int128)magnitude : -(Int128)magnitude;
        return true;
    }

    private static void Multiply(UInt128 left, UInt128 right, Span<ulong> limbs)
    {
        var (l0, l1) = ((ulong)left, (ulong)(left >> 64));
        var (r0, r1) = ((ulong)right, (ulong)(right >> 64));
        var low = (UInt128)l0 * r0;
        var middle = (UInt128)l0 * r1;
        var other = (UInt128)l1 * r0;
        var high = (UInt128)l1 * r1;
        limbs[0] = (ulong)low;
        var sum = (low >> 64) + (ulong)middle + (ulong)other;
        limbs[1] = (ulong)sum;
        sum = (sum >> 64) + (middle >> 64) + (other >> 64) + (ulong)high;
        limbs[2] = (ulong)sum;
        limbs[3] = (ulong)((sum >> 64) + (high >> 64));
    }

    /// <summary>Divides in place; returns the rest.</summary>
    private static ulong Divide(Span<ulong> limbs, ulong divisor)
    {
        ulong rest = 0;
        for (var i = limbs.Length - 1; i >= 0; i--)
        {
            var value = new UInt128(rest, limbs[i]);
            limbs[i] = (ulong)(value / divisor);
            rest = (ulong)(value % divisor);
        }

        return rest;
    }
}
