using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Freshet.Kernels.Texts;

/// <summary>
/// A part of a text between separators of one byte: 32 bytes are compared at once, their separators are counted and passed over by bits,
/// so that the text is read once up to the part's end.
/// </summary>
internal static class SplitBytes
{
    /// <summary>The part with this number from 0; false where there are fewer.</summary>
    public static bool TryPart(ReadOnlySpan<byte> text, byte separator, long index, out ReadOnlySpan<byte> part)
    {
        var from = index == 0 ? 0 : -1;
        for (var block = 0; block < text.Length; block += Vector256<byte>.Count)
        {
            var separators = Separators(text, separator, block);
            if (from < 0)
            {
                var count = BitOperations.PopCount(separators);
                if (index > count)
                {
                    index -= count;
                    continue;
                }

                for (; index > 1; index--) separators &= separators - 1;
                from = block + BitOperations.TrailingZeroCount(separators) + 1;
                separators &= separators - 1;
            }

            if (separators == 0) continue;
            part = text[from..(block + BitOperations.TrailingZeroCount(separators))];
            return true;
        }

        part = from < 0 ? default : text[from..];
        return from >= 0;
    }

    /// <summary>One bit for each separator of a block; the last block is read backwards from the end, or byte by byte in a short text.</summary>
    private static uint Separators(ReadOnlySpan<byte> text, byte separator, int block)
    {
        var width = Vector256<byte>.Count;
        if (text.Length >= width)
        {
            var first = Math.Min(block, text.Length - width);
            var found = Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(text), (nuint)first);
            return Vector256.Equals(found, Vector256.Create(separator)).ExtractMostSignificantBits() >> block - first;
        }

        var bits = 0u;
        for (var i = 0; i < text.Length; i++) bits |= (text[i] == separator ? 1u : 0u) << i;
        return bits;
    }
}
