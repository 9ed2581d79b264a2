using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Freshet.Server.Ingest;

/// <summary>
/// A 128-bit hash of bytes under a secret seed, so that a client who chooses names or message ids cannot make them
/// collide. Two lanes of the folded 64 x 64 multiply of wyhash (Wang Yi, public domain), seeded apart. Not for storage:
/// the seed is made anew in each process.
/// </summary>
internal readonly struct SeededHash
{
    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    public SeededHash(ReadOnlySpan<byte> seed)
    {
        // Odd keys are never zero, and a zero factor would forget what came before.
        var words = MemoryMarshal.Cast<byte, ulong>(seed);
        (_a, _b, _c, _d) = (words[0] | 1, words[1] | 1, words[2] | 1, words[3] | 1);
    }

    public static SeededHash Create()
    {
        Span<byte> seed = stackalloc byte[32];
        RandomNumberGenerator.Fill(seed);
        return new SeededHash(seed);
    }

    /// <summary>64 bits; <paramref name="salt"/> separates uses.</summary>
    public ulong Hash64(ReadOnlySpan<byte> bytes, ulong salt = 0) => Lane(bytes, _a ^ salt, _c);

    /// <summary>128 bits; <paramref name="salt"/> separates uses.</summary>
    public (ulong High, ulong Low) Hash128(ReadOnlySpan<byte> bytes, ulong salt) =>
        (Lane(bytes, _a ^ salt, _c), Lane(bytes, _b ^ salt, _d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Lane(ReadOnlySpan<byte> bytes, ulong state, ulong key)
    {
        var length = bytes.Length;
        state ^= (ulong)length * 0x9E3779B97F4A7C15;
        while (bytes.Length > 16)
        {
            state = Fold(Read64(bytes) ^ key, Read64(bytes[8..]) ^ state);
            bytes = bytes[16..];
        }

        ulong first, last;
        if (bytes.Length >= 8)
        {
            first = Read64(bytes);
            last = Read64(bytes[^8..]);
        }
        else if (bytes.Length >= 4)
        {
            first = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            last = BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]);
        }
        else
        {
            first = bytes.Length == 0 ? 0 : (ulong)bytes[0] << 16 | (ulong)bytes[bytes.Length >> 1] << 8 | bytes[^1];
            last = 0;
        }

        return Fold(Fold(first ^ key, last ^ state), state ^ 0xA0761D6478BD642F);
    }

    private static ulong Read64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64LittleEndian(bytes);

    private static ulong Fold(ulong x, ulong y)
    {
        var high = Math.BigMul(x, y, out var low);
        return high ^ low;
    }
}
