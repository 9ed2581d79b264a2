using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Freshet.Aggregation;

/// <summary>An exact sum of 64-bit numbers in 16 bytes, two's complement: wide enough for 2^63 of them.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Sum128
{
    private ulong _low;
    private ulong _high;

    public readonly Int128 Value => new(_high, _low);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(long value)
    {
        var low = _low + (ulong)value;
        _high += (ulong)(value >> 63) + (low < _low ? 1UL : 0);
        _low = low;
    }

    public void Add(Int128 value)
    {
        var sum = Value + value;
        _low = (ulong)sum;
        _high = (ulong)(sum >> 64);
    }
}
