using System.Numerics;
using System.Runtime.Intrinsics;

namespace Freshet.Kernels.Texts;

/// <summary>
/// A part of a text between separators of one byte: 32 bytes are compared at once, their separators are counted and passed over by bits,
/// so that the text is read once up to the part's end.
/// </summary>
internal static unsafe class SplitBytes
{
    /// <summary>The part that is <paramref name="skip"/> separators behind <paramref name="from"/>, where a part begins; false where there are fewer.</summary>
    /// <param name="end">The part's end: that of the text, or its separator's place.</param>
    public static bool TryPart(byte* text, int length, int from, byte separator, long skip, out int start, out int end)
    {
        start = skip == 0 ? from : -1;
        for (var block = from; block < length; block += Vector256<byte>.Count)
        {
            var separators = Separators(text, length, block, separator);
            if (start < 0)
            {
                var count = BitOperations.PopCount(separators);
                if (skip > count)
                {
                    skip -= count;
                    continue;
                }

                for (; skip > 1; skip--) separators &= separators - 1;
                start = block + BitOperations.TrailingZeroCount(separators) + 1;
                separators &= separators - 1;
            }

            if (separators == 0) continue;
            end = block + BitOperations.TrailingZeroCount(separators);
            return true;
        }

        end = length;
        return start >= 0;
    }

    /// <summary>One bit for each separator of a block; the last block is read backwards from the end, or byte by byte in a short text.</summary>
    private static uint Separators(byte* text, int length, int block, byte separator)
    {
        var width = Vector256<byte>.Count;
        if (length >= width)
        {
            var first = Math.Min(block, length - width);
            return Vector256.Equals(Vector256.Load(text + first), Vector256.Create(separator)).ExtractMostSignificantBits() >> block - first;
        }

        var bits = 0u;
        for (var i = block; i < length; i++) bits |= (text[i] == separator ? 1u : 0u) << i - block;
        return bits;
    }
}
