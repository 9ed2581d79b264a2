using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Freshet.Engine.Nexmark;

/// <summary>
/// SplitMix64 with the draws of Java's SplittableRandom (Steele, Lea and Flood 2014), so that a seed gives the suite's events. A
/// value type: a loop copies it into registers and puts it back. A draw is a function of its number alone, so many are made at once by
/// vectors, and who reads them says afterwards how many it took.
/// </summary>
internal unsafe struct NexmarkDraws(long seed)
{
    /// <summary>From one state to the next.</summary>
    public const ulong Gamma = 0x9e3779b97f4a7c15;

    /// <summary>Draws that vectors make at once; a target has room for a whole number of them.</summary>
    public const int Lanes = 8;

    private ulong _state = (ulong)seed;

    /// <summary>What the next draw follows.</summary>
    public readonly ulong State => _state;

    /// <summary>Passes over draws whose values nobody reads; only draws that are never repeated may be passed over.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip() => _state += Gamma;

    /// <summary>Passes over draws that have been taken from <see cref="Peek"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Skip(int count) => _state += (ulong)count * Gamma;

    /// <summary>What NextInt would give the next times, without moving on.</summary>
    public readonly void Peek(uint* target, int count)
    {
        for (var i = 0; i < count; i += Lanes) Vector512.Narrow(Ints(i), Vector512<ulong>.Zero).GetLower().Store(target + i);
    }

    /// <summary>
    /// What a text's next draws could be, without moving on: the letter that NextBelow(26) gives, with the highest bit set where NextBelow(13)
    /// gives 0. False where a draw may have to be repeated.
    /// </summary>
    public readonly bool TryPeekLetters(byte* target, int count)
    {
        // n / 26 is n * Factor >> 36 for all n of 31 bits.
        const ulong Factor = (1UL << 36) / 26 + 1;
        var most = Vector512<ulong>.Zero;
        for (var i = 0; i < count; i += Lanes)
        {
            var number = Ints(i) >>> 1;
            most = Vector512.Max(most, number);
            var rest = number - (number * Vector512.Create(Factor) >>> 36) * Vector512.Create(26UL);
            var isBlank = Vector512.Equals(rest, Vector512<ulong>.Zero) | Vector512.Equals(rest, Vector512.Create(13UL));
            var letters = rest + Vector512.Create((ulong)'a') | isBlank & Vector512.Create(0x80UL);
            var halves = Vector256.Narrow(Vector512.Narrow(letters, Vector512<ulong>.Zero).GetLower(), Vector256<uint>.Zero).GetLower();
            Vector128.Narrow(halves, Vector128<ushort>.Zero).GetLower().Store(target + i);
        }

        return !Vector512.GreaterThanAny(most, Vector512.Create((ulong)int.MaxValue - 64));
    }

    /// <summary>What NextDouble gives after each of some states.</summary>
    public static Vector512<double> Doubles(Vector512<ulong> states)
    {
        var z = states + Vector512.Create(Gamma);
        z = (z ^ z >>> 30) * Vector512.Create(0xbf58476d1ce4e5b9);
        z = (z ^ z >>> 27) * Vector512.Create(0x94d049bb133111eb);
        return Vector512.ConvertToDouble((z ^ z >>> 31) >>> 11) * Vector512.Create(1.0 / (1L << 53));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector512<ulong> Ints(int first)
    {
        var z = Vector512.Create(_state + (ulong)first * Gamma) + Vector512.Create(Gamma, unchecked(2 * Gamma), unchecked(3 * Gamma), unchecked(4 * Gamma), unchecked(5 * Gamma), unchecked(6 * Gamma), unchecked(7 * Gamma), unchecked(8 * Gamma));
        z = (z ^ z >>> 33) * Vector512.Create(0x62a9d9ed799705f5UL);
        return (z ^ z >>> 28) * Vector512.Create(0xcb24d0a5c88c35b3) >>> 32;
    }

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
