using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Freshet.Columns;
using Freshet.Kernels;

namespace Freshet.State.Ordering;

/// <summary>
/// Values as 64-bit words whose unsigned order is the values' order: the words of an <see cref="OrderedIndex{TOrder}"/>'s key.
/// </summary>
public static unsafe class OrderedKey
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(long value) => (ulong)value ^ 1UL << 63;

    /// <summary>-NaN has no place of its own: all NaN are one value above infinity; -0.0 comes before 0.0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(double value) => CompareKernel.OrderBits(value);

    public static long ToInt64(ulong word) => (long)(word ^ 1UL << 63);

    public static double ToDouble(ulong word) =>
        BitConverter.UInt64BitsToDouble((word & 1UL << 63) != 0 ? word ^ 1UL << 63 : ~word);

    /// <summary>The two words of a 128-bit number, the greater one first.</summary>
    public static (ulong High, ulong Low) Of(Int128 value) => ((ulong)(value >> 64) ^ 1UL << 63, (ulong)value);

    /// <summary>The first 8 bytes of a text: texts with different words are in the words' order, others need <see cref="TextOrder"/>.</summary>
    public static ulong OfPrefix(StringView* view)
    {
        var text = StringView.Span(view);
        if (text.Length >= 8) return BinaryPrimitives.ReadUInt64BigEndian(text);
        ulong word = 0;
        for (var i = 0; i < text.Length; i++) word |= (ulong)text[i] << 56 - 8 * i;
        return word;
    }
}
