using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Freshet.Columns.Formats;

/// <summary>Tests on 64 bytes at once, one bit a byte, with the widest vectors that the CPU has. The benchmark that pays for it: splitting CSV.</summary>
internal static unsafe class Bytes64
{
    /// <summary>The bytes that are <paramref name="value"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Equal(byte* source, byte value)
    {
        if (Vector512.IsHardwareAccelerated) return Vector512.Equals(Vector512.Load(source), Vector512.Create(value)).ExtractMostSignificantBits();
        if (Vector256.IsHardwareAccelerated)
        {
            var wanted = Vector256.Create(value);
            return Vector256.Equals(Vector256.Load(source), wanted).ExtractMostSignificantBits()
                | ((ulong)Vector256.Equals(Vector256.Load(source + 32), wanted).ExtractMostSignificantBits() << 32);
        }

        ulong bits = 0;
        for (var k = 0; k < 64; k += 16)
            bits |= (ulong)Vector128.Equals(Vector128.Load(source + k), Vector128.Create(value)).ExtractMostSignificantBits() << k;
        return bits;
    }

    /// <summary>The bytes that are less than <paramref name="value"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Below(byte* source, byte value)
    {
        if (Vector512.IsHardwareAccelerated) return Vector512.LessThan(Vector512.Load(source), Vector512.Create(value)).ExtractMostSignificantBits();
        if (Vector256.IsHardwareAccelerated)
        {
            var bound = Vector256.Create(value);
            return Vector256.LessThan(Vector256.Load(source), bound).ExtractMostSignificantBits()
                | ((ulong)Vector256.LessThan(Vector256.Load(source + 32), bound).ExtractMostSignificantBits() << 32);
        }

        ulong bits = 0;
        for (var k = 0; k < 64; k += 16)
            bits |= (ulong)Vector128.LessThan(Vector128.Load(source + k), Vector128.Create(value)).ExtractMostSignificantBits() << k;
        return bits;
    }

    /// <summary>The bytes above 127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong High(byte* source)
    {
        if (Vector512.IsHardwareAccelerated) return Vector512.Load(source).ExtractMostSignificantBits();
        ulong bits = 0;
        for (var k = 0; k < 64; k += 16) bits |= (ulong)Vector128.Load(source + k).ExtractMostSignificantBits() << k;
        return bits;
    }

    /// <summary>Bit i is the exclusive or of bits 0 to i: from an opening mark to before its closing one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong PrefixXor(ulong bits)
    {
        if (Pclmulqdq.IsSupported)
            return Pclmulqdq.CarrylessMultiply(Vector128.CreateScalar(bits), Vector128.Create(ulong.MaxValue), 0).ToScalar();
        return PrefixXorByShifts(bits);
    }

    internal static ulong PrefixXorByShifts(ulong bits)
    {
        bits ^= bits << 1;
        bits ^= bits << 2;
        bits ^= bits << 4;
        bits ^= bits << 8;
        bits ^= bits << 16;
        return bits ^ (bits << 32);
    }

    /// <summary>The bytes that an escape character before them escapes; <paramref name="carry"/> goes from block to block.</summary>
    internal static ulong Escaped(ulong escapes, ref ulong carry)
    {
        var escaped = carry;
        escapes &= ~carry;
        carry = 0;
        while (escapes != 0)
        {
            var bit = escapes & (0 - escapes);
            if (bit == 1UL << 63) carry = 1;
            escaped |= bit << 1;
            escapes &= ~(bit | (bit << 1));
        }

        return escaped;
    }

    /// <summary>A <see cref="StringView"/> by two stores: a short text is loaded whole and cut by a mask where bytes up to <paramref name="limit"/> allow it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreView(StringView* view, byte* start, int length, byte* limit)
    {
        if (length > StringView.InlineMaxBytes || start + StringView.InlineMaxBytes > limit)
        {
            *view = new StringView(start, length);
            return;
        }

        var first = Unsafe.ReadUnaligned<uint>(start);
        var rest = Unsafe.ReadUnaligned<ulong>(start + 4);
        if (length < 4)
        {
            first &= (1u << (length * 8)) - 1;
            rest = 0;
        }
        else if (length < 12) rest &= (1UL << ((length - 4) * 8)) - 1;

        ((ulong*)view)[0] = (uint)length | ((ulong)first << 32);
        ((ulong*)view)[1] = rest;
    }
}
