using Freshet.Columns;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Numbers;

/// <summary>Java's linear congruential generator: what new Random(seed) gives first.</summary>
internal ref struct JavaRandom
{
    private const long Multiplier = 0x5DEECE66DL;
    private const long Mask = (1L << 48) - 1;
    private long _state;

    public JavaRandom(long seed) => _state = (seed ^ Multiplier) & Mask;

    public double NextDouble() => (((long)Next(26) << 27) + Next(27)) * (1.0 / (1L << 53));

    /// <summary>A number from 0 up to a positive bound.</summary>
    public int NextInt(int bound)
    {
        var bits = Next(31);
        if ((bound & -bound) == bound) return (int)(bound * (long)bits >> 31);
        int value;
        while (bits - (value = bits % bound) + (bound - 1) < 0) bits = Next(31);
        return value;
    }

    /// <summary>Goes so many steps forward, in time logarithmic in their number.</summary>
    public void Skip(ulong steps)
    {
        var (multiplier, addend) = (Multiplier, 0xBL);
        var (factor, sum) = (1L, 0L);
        for (; steps > 0; steps >>= 1)
        {
            if ((steps & 1) != 0) (factor, sum) = (factor * multiplier & Mask, (sum * multiplier + addend) & Mask);
            (multiplier, addend) = (multiplier * multiplier & Mask, (multiplier + 1) * addend & Mask);
        }

        _state = (_state * factor + sum) & Mask;
    }

    private int Next(int bits)
    {
        _state = (_state * Multiplier + 0xB) & Mask;
        return (int)(_state >> (48 - bits));
    }
}

/// <summary>
/// RAND and RAND_INTEGER: the last argument is the row's position, so that the value belongs to the row and comes again in every
/// replay. The row at offset n of a partition gets the number that Java's generator gives after n others, as in Flink where
/// one task reads the partition. The first arguments are the seed (a number of the call where none is written) and the bound.
/// </summary>
public readonly struct RandomNumber(bool isInteger, bool hasSeed, bool hasPosition, long call) : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var seed = hasSeed ? RowLoop.Integer(arguments[0], row) : RowSeed.Mix(call, 0);
        var position = hasPosition ? DecimalKernel.Read(arguments[^1], row) : 0;
        var partition = (long)(position >> RowSeed.OffsetBits) & 0xFFFF;
        var random = new JavaRandom(partition == 0 ? seed : RowSeed.Mix(seed, partition));
        random.Skip((ulong)(position & ((1L << RowSeed.OffsetBits) - 1)) * (isInteger ? 1UL : 2UL));
        if (!isInteger) return rows.Store(random.NextDouble());
        var bound = RowLoop.Integer(arguments[hasSeed ? 1 : 0], row);
        return bound is > 0 and <= int.MaxValue ? rows.Store((long)random.NextInt((int)bound)) : rows.Fail("RAND_INTEGER: the bound must be positive.");
    }
}

/// <summary>UUID: of version 4, from the row's position and the number of the call.</summary>
public readonly struct RandomUuid(bool hasPosition, long call) : IRowFunction
{
    public bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var position = hasPosition ? DecimalKernel.Read(arguments[^1], row) : 0;
        var high = (ulong)RowSeed.Mix(call, position) & 0xFFFFFFFFFFFF0FFF | 0x4000;
        var low = (ulong)RowSeed.Mix(call + 1, position) & 0x3FFFFFFFFFFFFFFF | 0x8000000000000000;
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, high);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], low);
        Span<byte> text = stackalloc byte[36];
        new Guid(bytes, bigEndian: true).TryFormat(text, out _);
        return rows.Store(text);
    }
}

/// <summary>A number for a seed and a row; every bit of both changes half of its bits (the mixer of MurmurHash3).</summary>
internal static class RowSeed
{
    /// <summary>The lowest bits of a position are the row's offset, the 16 above them its partition.</summary>
    internal const int OffsetBits = 54;

    internal static long Mix(long seed, Int128 position) => (long)Mixed(Mixed(Mixed((ulong)seed) ^ (ulong)position) ^ (ulong)(position >> 64));

    private static ulong Mixed(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD;
        value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53;
        return value ^ value >> 33;
    }
}
