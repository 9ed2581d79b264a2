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
        if (length <= InlineMaxBytes)
        {
            _head = 0;
            _tail = 0;
            _length = length;
            fixed (StringView* self = &this)
                Unsafe.CopyBlockUnaligned((byte*)self + 4, bytes, (uint)length);
        }
        else
        {
            _length = length;
            _prefix = Unsafe.ReadUnaligned<uint>(bytes);
            _bytes = bytes;
        }
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
