using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Freshet.Aggregation;

/// <summary>
/// An exact sum of finite doubles in 32 bytes of a state row: an expansion (Shewchuk 1997) of at most three parts that do not
/// overlap, smallest first. Its value is the mathematical sum, so it does not depend on the order of adding, and what is taken
/// back cancels to nothing. It is rounded once, when it is read (to nearest, ties to even).
/// <code>
/// offset  bytes  content
/// 0       24     parts
/// 24      4      number of parts, or <see cref="SpilledMark"/>
/// 28      4      slot of the <see cref="WideSum"/> that has taken over, where spilled
/// </code>
/// A sum that needs a fourth part, or meets a value of 2^960 or more, NaN or an infinity, is spilled: its owner moves the parts
/// to a <see cref="WideSum"/>, which holds any sum. All bits zero is the empty sum.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ExactSum
{
    public const int PartsMax = 3;

    /// <summary>The number of parts of a sum that lives in a <see cref="WideSum"/>.</summary>
    public const int SpilledMark = -1;

    /// <summary>Below this no sum of 2^60 values can overflow.</summary>
    private const double InlineMax = 9.745314011399999e288;

    private fixed double _parts[PartsMax];
    private int _count;
    private int _slot;

    public readonly bool IsSpilled => _count == SpilledMark;

    /// <summary>The slot of the wide sum of a spilled one.</summary>
    public readonly int Slot => _slot;

    /// <summary>Adds a value; false, with nothing changed, when the sum must be spilled first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAdd(double value)
    {
        // False for NaN as well; a spilled sum has a negative count.
        if (!(Math.Abs(value) < InlineMax) || _count < 0) return false;
        return _count <= 1 ? AddToOne(value) : AddToMany(value);
    }

    /// <summary>Marks the sum spilled; the caller has moved the parts to the wide sum at <paramref name="slot"/>.</summary>
    public void Spill(int slot)
    {
        _count = SpilledMark;
        _slot = slot;
    }

    /// <summary>Adds the parts to a wide sum.</summary>
    public readonly void MoveTo(WideSum* wide)
    {
        for (var i = 0; i < _count; i++) wide->Add(_parts[i], 1);
    }

    /// <summary>A part, by number, of a sum that is not spilled.</summary>
    public readonly double Part(int i) => _parts[i];

    public readonly int Count => _count;

    /// <summary>The sum, rounded to a double.</summary>
    public readonly double ToDouble()
    {
        var value = Round(out _);
        return value == 0 ? 0 : value;
    }

    /// <summary>The sum, rounded once to a float: to odd in double, which then rounds to float as the exact sum does.</summary>
    public readonly float ToSingle()
    {
        var value = Round(out var rest);
        return RoundToSingle(value, rest);
    }

    /// <summary>A double that is the rounding of value + rest, and the sign of what was cut off, as a float.</summary>
    public static float RoundToSingle(double value, int rest)
    {
        if (rest != 0 && (BitConverter.DoubleToInt64Bits(value) & 1) == 0)
            value = rest > 0 == value > 0 ? BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(value) + 1) : BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(value) - 1);
        var single = (float)value;
        return single == 0 ? 0 : single;
    }

    /// <param name="rest">The sign of the exact sum minus the result.</param>
    private readonly double Round(out int rest)
    {
        rest = 0;
        if (_count == 0) return 0;
        var i = _count - 1;
        var high = _parts[i];
        var low = 0.0;
        while (i > 0)
        {
            var before = high;
            var part = _parts[--i];
            high = before + part;
            low = part - (high - before);
            if (low != 0) break;
        }

        rest = Math.Sign(low);

        // Half way between two doubles the parts below decide.
        if (i > 0 && low != 0 && low < 0 == _parts[i - 1] < 0)
        {
            var twice = low * 2;
            var other = high + twice;
            if (twice == other - high)
            {
                high = other;
                rest = -rest;
            }
        }

        return high;
    }

    private bool AddToOne(double value)
    {
        if (_count == 0)
        {
            _parts[0] = value;
            _count = value == 0 ? 0 : 1;
            return true;
        }

        var sum = TwoSum(value, _parts[0], out var error);
        if (error == 0)
        {
            _parts[0] = sum;
            _count = sum == 0 ? 0 : 1;
            return true;
        }

        _parts[0] = error;
        _parts[1] = sum;
        _count = 2;
        return true;
    }

    private bool AddToMany(double value)
    {
        var made = stackalloc double[PartsMax + 1];
        var count = 0;
        for (var i = 0; i < _count; i++)
        {
            value = TwoSum(value, _parts[i], out var error);
            if (error != 0) made[count++] = error;
        }

        if (value != 0) made[count++] = value;
        if (count > PartsMax) count = Compress(made, count);
        if (count > PartsMax) return false;
        for (var i = 0; i < count; i++) _parts[i] = made[i];
        _count = count;
        return true;
    }

    /// <summary>Rewrites parts so that as few as possible are left, each as full as it can be (Shewchuk's compression).</summary>
    private static int Compress(double* parts, int count)
    {
        var bottom = count - 1;
        var sum = parts[bottom];
        for (var i = count - 2; i >= 0; i--)
        {
            var high = sum + parts[i];
            var low = parts[i] - (high - sum);
            sum = high;
            if (low == 0) continue;
            parts[bottom--] = high;
            sum = low;
        }

        parts[bottom] = sum;
        var top = 0;
        for (var i = bottom + 1; i < count; i++)
        {
            var high = parts[i] + sum;
            var low = sum - (high - parts[i]);
            sum = high;
            if (low != 0) parts[top++] = low;
        }

        parts[top] = sum;
        return sum == 0 ? top : top + 1;
    }

    /// <summary>The rounded sum and the exact error of rounding it (Knuth).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double TwoSum(double a, double b, out double error)
    {
        var sum = a + b;
        var bPart = sum - a;
        error = (a - (sum - bPart)) + (b - bPart);
        return sum;
    }
}
