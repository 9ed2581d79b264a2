using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Freshet.Columns;

/// <summary>
/// Bytes of any length in 16 bytes: text (UTF-8), binary or JSON.
/// <code>
/// offset  bytes  up to 12 bytes of text     longer text
/// 0       4      length                     length
/// 4       4      text, padded with zeros    first 4 bytes
/// 8       8      text, padded with zeros    address of the bytes
/// </code>
/// Short texts are compared by two 8-byte loads; most unequal long ones by the first.
/// A long view does not own its bytes: they live in the <see cref="Memory.BatchMemory"/> of its batch, in a memory that one
/// retains, or in a state table's byte pages. Gather, join and exchange move views; bytes are copied when they outlive
/// their memory.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public unsafe struct StringView : IEquatable<StringView>
{
    /// <summary>Longest text that lies in the view itself, bytes.</summary>
    public const int InlineMaxBytes = 12;

    [FieldOffset(0)]
    private ulong _head;

    [FieldOffset(8)]
    private ulong _tail;

    [FieldOffset(0)]
    private int _length;

    [FieldOffset(4)]
    private uint _prefix;

    [FieldOffset(8)]
    private byte* _bytes;

    /// <summary>A view of <paramref name="length"/> bytes; longer than 12 it points at <paramref name="bytes"/>, which must outlive it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StringView(byte* bytes, int length)
    {
        Unsafe.SkipInit(out this);
        fixed (StringView* self = &this) Write(self, bytes, length);
    }

    /// <summary>
    /// Makes a view in its place. Loops over columns do so: a view that is made first and then moved is written in parts and read whole,
    /// for which the processor waits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(StringView* target, byte* bytes, int length)
    {
        if (length > InlineMaxBytes)
        {
            target->_head = (uint)length | (ulong)Unsafe.ReadUnaligned<uint>(bytes) << 32;
            target->_tail = (ulong)bytes;
        }
        else
        {
            WriteInline(target, bytes, length);
        }
    }

    /// <summary>Reads no byte beyond the text: its first four and its last eight (or four) overlap.</summary>
    private static void WriteInline(StringView* target, byte* bytes, int length)
    {
        ulong first = 0, rest = 0;
        if (length >= 8)
        {
            first = Unsafe.ReadUnaligned<uint>(bytes);
            rest = Unsafe.ReadUnaligned<ulong>(bytes + length - 8) >> 8 * (12 - length);
        }
        else if (length >= 4)
        {
            first = Unsafe.ReadUnaligned<uint>(bytes);
            rest = (ulong)Unsafe.ReadUnaligned<uint>(bytes + length - 4) >> 8 * (8 - length);
        }
        else if (length > 0)
        {
            first = bytes[0] | (ulong)bytes[length >> 1] << 8 * (length >> 1) | (ulong)bytes[length - 1] << 8 * (length - 1);
        }

        target->_head = (uint)length | first << 32;
        target->_tail = rest;
    }

    /// <summary>Changes the case of a text of up to 12 bytes into <paramref name="target"/>; false where it is longer or not all ASCII.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryChangeCase(StringView* text, bool toUpper, StringView* target)
    {
        const ulong Ones = 0x0101010101010101;
        var (head, tail) = (text->_head, text->_tail);
        if (text->_length > InlineMaxBytes || ((head | tail) & 0x80 * Ones) != 0) return false;

        // In each byte below 0x80 the highest bit becomes that of a letter to change; the length is no letter.
        var (toFirst, toBehind) = toUpper ? (0x80UL - 'a', 0x7FUL - 'z') : (0x80UL - 'A', 0x7FUL - 'Z');
        target->_head = head ^ ((head + toFirst * Ones & ~(head + toBehind * Ones)) & 0x80 * Ones) >> 2;
        target->_tail = tail ^ ((tail + toFirst * Ones & ~(tail + toBehind * Ones)) & 0x80 * Ones) >> 2;
        return true;
    }

    public readonly int Length => _length;

    public readonly bool IsInline => _length <= InlineMaxBytes;

    /// <summary>First 8 bytes of the view: length and prefix.</summary>
    public readonly ulong Head => _head;

    /// <summary>Last 8 bytes of the view: the rest of a short text, or the address.</summary>
    public readonly ulong Tail => _tail;

    /// <summary>Address of the bytes of a text longer than 12.</summary>
    public readonly byte* Pointer => _bytes;

    /// <summary>The bytes. Valid as long as the view stays where it is and its memory lives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadOnlySpan<byte> Span(StringView* view) =>
        view->_length <= InlineMaxBytes ? new((byte*)view + 4, view->_length) : new(view->_bytes, view->_length);

    /// <summary>Byte equality of the texts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Equals(StringView other)
    {
        if (_head != other._head) return false;
        if (_tail == other._tail) return true;
        return _length > InlineMaxBytes && new ReadOnlySpan<byte>(_bytes, _length).SequenceEqual(new ReadOnlySpan<byte>(other._bytes, _length));
    }

    /// <summary>Order of the bytes as unsigned numbers, which is Flink's and UTF-8's code point order.</summary>
    public static int Compare(StringView* left, StringView* right) => Span(left).SequenceCompareTo(Span(right));

    /// <summary>A view with its own copy of the bytes in <paramref name="memory"/>.</summary>
    public static StringView Copy(ReadOnlySpan<byte> text, Memory.BatchMemory memory)
    {
        fixed (byte* source = text)
        {
            if (text.Length <= InlineMaxBytes) return new StringView(source, text.Length);
            var bytes = memory.Allocate(text.Length);
            text.CopyTo(new Span<byte>(bytes, text.Length));
            return new StringView(bytes, text.Length);
        }
    }

    public override readonly bool Equals(object? obj) => obj is StringView other && Equals(other);

    public override readonly int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <summary>The bytes as a .NET string: for edges and messages, never on a hot path.</summary>
    public readonly string Text
    {
        get
        {
            var copy = this;
            return System.Text.Encoding.UTF8.GetString(Span(&copy));
        }
    }

    public override readonly string ToString() => Text;

    public static bool operator ==(StringView left, StringView right) => left.Equals(right);

    public static bool operator !=(StringView left, StringView right) => !left.Equals(right);
}
