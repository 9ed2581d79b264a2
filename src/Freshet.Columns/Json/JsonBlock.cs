using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Freshet.Columns.Json;

/// <summary>
/// Classes of the 64 bytes of a block, one bit a byte. One comparison of the widest vector that the CPU has per class;
/// brackets of both shapes are one comparison, as they differ by 0x20 only.
/// </summary>
internal static unsafe class JsonBlock
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Classify(byte* source, out Masks masks)
    {
        if (Vector512.IsHardwareAccelerated) Classify512(source, out masks);
        else if (Vector256.IsHardwareAccelerated) Classify256(source, out masks);
        else Classify128(source, out masks);
    }

    /// <summary>Tabs, line feeds and carriage returns: the space of JSON beside the blank.</summary>
    internal static ulong LineBreaksAndTabs(byte* source)
    {
        ulong bits = 0;
        for (var k = 0; k < 64; k += 16)
        {
            var v = Vector128.Load(source + k);
            var match = Vector128.Equals(v, Vector128.Create((byte)'\t')) | Vector128.Equals(v, Vector128.Create((byte)'\n'))
                | Vector128.Equals(v, Vector128.Create((byte)'\r'));
            bits |= (ulong)match.ExtractMostSignificantBits() << k;
        }

        return bits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Classify512(byte* source, out Masks masks)
    {
        var v = Vector512.Load(source);
        var shape = v | Vector512.Create((byte)0x20);
        masks.Quote = Vector512.Equals(v, Vector512.Create((byte)'"')).ExtractMostSignificantBits();
        masks.Backslash = Vector512.Equals(v, Vector512.Create((byte)'\\')).ExtractMostSignificantBits();
        masks.Open = Vector512.Equals(shape, Vector512.Create((byte)'{')).ExtractMostSignificantBits();
        masks.Close = Vector512.Equals(shape, Vector512.Create((byte)'}')).ExtractMostSignificantBits();
        masks.Separator = Vector512.Equals(v, Vector512.Create((byte)',')).ExtractMostSignificantBits()
            | Vector512.Equals(v, Vector512.Create((byte)':')).ExtractMostSignificantBits();
        masks.Space = Vector512.Equals(v, Vector512.Create((byte)' ')).ExtractMostSignificantBits();
        masks.Control = Vector512.LessThan(v, Vector512.Create((byte)' ')).ExtractMostSignificantBits();
        masks.High = v.ExtractMostSignificantBits();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Classify256(byte* source, out Masks masks)
    {
        masks = default;
        for (var k = 0; k < 64; k += 32)
        {
            var v = Vector256.Load(source + k);
            var shape = v | Vector256.Create((byte)0x20);
            masks.Quote |= (ulong)Vector256.Equals(v, Vector256.Create((byte)'"')).ExtractMostSignificantBits() << k;
            masks.Backslash |= (ulong)Vector256.Equals(v, Vector256.Create((byte)'\\')).ExtractMostSignificantBits() << k;
            masks.Open |= (ulong)Vector256.Equals(shape, Vector256.Create((byte)'{')).ExtractMostSignificantBits() << k;
            masks.Close |= (ulong)Vector256.Equals(shape, Vector256.Create((byte)'}')).ExtractMostSignificantBits() << k;
            var separator = Vector256.Equals(v, Vector256.Create((byte)',')) | Vector256.Equals(v, Vector256.Create((byte)':'));
            masks.Separator |= (ulong)separator.ExtractMostSignificantBits() << k;
            masks.Space |= (ulong)Vector256.Equals(v, Vector256.Create((byte)' ')).ExtractMostSignificantBits() << k;
            masks.Control |= (ulong)Vector256.LessThan(v, Vector256.Create((byte)' ')).ExtractMostSignificantBits() << k;
            masks.High |= (ulong)v.ExtractMostSignificantBits() << k;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Classify128(byte* source, out Masks masks)
    {
        masks = default;
        for (var k = 0; k < 64; k += 16)
        {
            var v = Vector128.Load(source + k);
            var shape = v | Vector128.Create((byte)0x20);
            masks.Quote |= (ulong)Vector128.Equals(v, Vector128.Create((byte)'"')).ExtractMostSignificantBits() << k;
            masks.Backslash |= (ulong)Vector128.Equals(v, Vector128.Create((byte)'\\')).ExtractMostSignificantBits() << k;
            masks.Open |= (ulong)Vector128.Equals(shape, Vector128.Create((byte)'{')).ExtractMostSignificantBits() << k;
            masks.Close |= (ulong)Vector128.Equals(shape, Vector128.Create((byte)'}')).ExtractMostSignificantBits() << k;
            var separator = Vector128.Equals(v, Vector128.Create((byte)',')) | Vector128.Equals(v, Vector128.Create((byte)':'));
            masks.Separator |= (ulong)separator.ExtractMostSignificantBits() << k;
            masks.Space |= (ulong)Vector128.Equals(v, Vector128.Create((byte)' ')).ExtractMostSignificantBits() << k;
            masks.Control |= (ulong)Vector128.LessThan(v, Vector128.Create((byte)' ')).ExtractMostSignificantBits() << k;
            masks.High |= (ulong)v.ExtractMostSignificantBits() << k;
        }
    }

    /// <summary>One bit for each byte of a block and class. Open and Close hold both shapes of bracket.</summary>
    internal struct Masks
    {
        internal ulong Quote;
        internal ulong Backslash;
        internal ulong Open;
        internal ulong Close;
        internal ulong Separator;
        internal ulong Space;
        internal ulong Control;
        internal ulong High;
    }
}
