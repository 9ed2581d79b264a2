using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Unicode;

namespace Freshet.Columns.Formats;

/// <summary>
/// Validity of UTF-8 by vectors: ASCII by the sign bits of 64 bytes, the rest by three table look-ups on the nibbles of each
/// byte and the one before it (Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte", 2021). Each error
/// of two bytes is one bit; the length of sequences of three and four is checked by what stands two and three bytes before.
/// </summary>
public static unsafe class Utf8Text
{
    private const byte TooShort = 1 << 0;
    private const byte TooLong = 1 << 1;
    private const byte Overlong3 = 1 << 2;
    private const byte Surrogate = 1 << 4;
    private const byte Overlong2 = 1 << 5;
    private const byte TwoContinuations = 1 << 7;
    private const byte TooLarge = 1 << 3;
    private const byte TooLarge1000 = 1 << 6;
    private const byte Overlong4 = 1 << 6;
    private const byte Carry = TooShort | TooLong | TwoContinuations;

    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        fixed (byte* bytes = text) return IsValid(bytes, text.Length);
    }

    public static bool IsValid(byte* text, int length)
    {
        if (!Vector128.IsHardwareAccelerated || length < 32) return Utf8.IsValid(new ReadOnlySpan<byte>(text, length));

        // The first and the last bytes are checked inside blocks that zeros (ASCII) complete.
        var edge = stackalloc byte[64];
        new Span<byte>(edge, 64).Clear();
        Unsafe.CopyBlockUnaligned(edge + 16, text, 16);
        var error = Check(edge + 16);
        var at = 16;
        for (; at + 64 <= length; at += 64)
        {
            var ascii = Vector128.Load(text + at) | Vector128.Load(text + at + 16) | Vector128.Load(text + at + 32) | Vector128.Load(text + at + 48);
            var before = Vector128.Load(text + at - 16);

            // A block of ASCII is valid if no sequence reaches into it: the three bytes before it are ASCII too.
            if (((ascii.ExtractMostSignificantBits()) | (before.ExtractMostSignificantBits() >> 13)) == 0) continue;
            error |= Check(text + at) | Check(text + at + 16) | Check(text + at + 32) | Check(text + at + 48);
        }

        for (; at + 16 <= length; at += 16) error |= Check(text + at);
        new Span<byte>(edge, 64).Clear();
        Unsafe.CopyBlockUnaligned(edge, text + at - 16, (uint)(length - at + 16));
        error |= Check(edge + 16);
        if (length - at > 12) error |= Check(edge + 32);
        return error == Vector128<byte>.Zero;
    }

    /// <summary>The first byte that does not belong to a valid sequence, or -1.</summary>
    public static int IndexOfInvalid(ReadOnlySpan<byte> text)
    {
        var at = 0;
        while (at < text.Length)
        {
            if (text[at] < 0x80)
            {
                at++;
                continue;
            }

            if (Rune.DecodeFromUtf8(text[at..], out _, out var used) != System.Buffers.OperationStatus.Done) return at;
            at += used;
        }

        return -1;
    }

    /// <summary>
    /// Copies text with every invalid sequence replaced by U+FFFD (each maximal invalid part once, as Unicode recommends).
    /// Returns the bytes written; three for each byte are always enough.
    /// </summary>
    public static int Replace(ReadOnlySpan<byte> text, Span<byte> valid, out int replaced)
    {
        var written = 0;
        replaced = 0;
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(text, out var rune, out var used) == System.Buffers.OperationStatus.Done)
                text[..used].CopyTo(valid[written..]);
            else
            {
                "\uFFFD"u8.CopyTo(valid[written..]);
                replaced++;
            }

            written += rune.Utf8SequenceLength;
            text = text[used..];
        }

        return written;
    }

    /// <summary>Errors that show in 16 bytes; the three bytes before them are read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Check(byte* text)
    {
        var input = Vector128.Load(text);
        var before1 = Vector128.Load(text - 1);
        var low = Vector128.Create((byte)0x0F);

        // By the high nibble of the first byte: what it may not be followed by.
        var firstHigh = Vector128.Shuffle(
            Vector128.Create(
                TooLong, TooLong, TooLong, TooLong, TooLong, TooLong, TooLong, TooLong,
                TwoContinuations, TwoContinuations, TwoContinuations, TwoContinuations,
                TooShort | Overlong2, TooShort, TooShort | Overlong3 | Surrogate, TooShort | TooLarge | TooLarge1000 | Overlong4),
            Vector128.ShiftRightLogical(before1, 4));
        var firstLow = Vector128.Shuffle(
            Vector128.Create(
                Carry | Overlong3 | Overlong2 | Overlong4, Carry | Overlong2, Carry, Carry, Carry | TooLarge,
                Carry | TooLarge | TooLarge1000, Carry | TooLarge | TooLarge1000, Carry | TooLarge | TooLarge1000,
                Carry | TooLarge | TooLarge1000, Carry | TooLarge | TooLarge1000, Carry | TooLarge | TooLarge1000,
                Carry | TooLarge | TooLarge1000, Carry | TooLarge | TooLarge1000, Carry | TooLarge | TooLarge1000 | Surrogate,
                Carry | TooLarge | TooLarge1000, Carry | TooLarge | TooLarge1000),
            before1 & low);
        var secondHigh = Vector128.Shuffle(
            Vector128.Create(
                TooShort, TooShort, TooShort, TooShort, TooShort, TooShort, TooShort, TooShort,
                TooLong | Overlong2 | TwoContinuations | Overlong3 | TooLarge1000 | Overlong4,
                TooLong | Overlong2 | TwoContinuations | Overlong3 | TooLarge,
                TooLong | Overlong2 | TwoContinuations | Surrogate | TooLarge,
                TooLong | Overlong2 | TwoContinuations | Surrogate | TooLarge,
                TooShort, TooShort, TooShort, TooShort),
            Vector128.ShiftRightLogical(input, 4));
        var errors = firstHigh & firstLow & secondHigh;

        // Two continuations in a row are right exactly as the third byte of three and the third and fourth of four.
        var third = Vector128.SubtractSaturate(Vector128.Load(text - 2), Vector128.Create((byte)(0xE0 - 0x80)));
        var fourth = Vector128.SubtractSaturate(Vector128.Load(text - 3), Vector128.Create((byte)(0xF0 - 0x80)));
        return ((third | fourth) & Vector128.Create((byte)0x80)) ^ errors;
    }
}
