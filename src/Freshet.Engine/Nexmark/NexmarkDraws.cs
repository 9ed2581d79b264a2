using System.Runtime.CompilerServices;

namespace Freshet.Engine.Nexmark;

/// <summary>
/// SplitMix64 with the draws of Java's SplittableRandom (Steele, Lea and Flood 2014), so that a seed gives the suite's events. A
/// value type: a loop copies it into registers and puts it back.
/// </summary>
internal struct NexmarkDraws(long seed)
{
    private const ulong Gamma = 0x9e3779b97f4a7c15;

    private ulong _state = (ulong)seed;

    /// <summary>Passes over draws whose values nobody reads; only draws that are never repeated may be passed over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip() => _state += Gamma;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int NextInt()
    {
        var z = _state += Gamma;
        z = (z ^ z >> 33) * 0x62a9d9ed799705f5;
        return (int)((z ^ z >> 28) * 0xcb24d0a5c88c35b3 >> 32);
    }

    /// <summary>A number below a bound that is a power of two: always one draw.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int NextBits(int powerOfTwo) => NextInt() & powerOfTwo - 1;

    /// <summary>A number below a bound that is no power of two: drawn again where the last, incomplete range would favour small ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int NextBelow(int bound)
    {
        var u = (uint)NextInt() >> 1;
        var r = u % (uint)bound;
        while (u - r + (uint)bound - 1 > int.MaxValue)
        {
            u = (uint)NextInt() >> 1;
            r = u % (uint)bound;
        }

        return (int)r;
    }

    /// <summary>A number below any bound.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Next(int bound) => (bound & bound - 1) == 0 ? NextBits(bound) : NextBelow(bound);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double NextDouble()
    {
        var z = _state += Gamma;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return ((z ^ z >> 31) >> 11) * (1.0 / (1L << 53));
    }
}
