using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Freshet.Columns;

namespace Freshet.State.Rows;

/// <summary>
/// A text in a row. As a <see cref="StringView"/>, but a long one says where its bytes lie by number and not by address, so
/// that a page can be written to a checkpoint and read back as it is.
/// <code>
/// offset  bytes  up to 12 bytes of text     longer text
/// 0       4      length                     length
/// 4       4      text, padded with zeros    first 4 bytes
/// 8       4      text, padded with zeros    page of the byte store; with the top bit, number of a large text
/// 12      4      text, padded with zeros    offset in the page
/// </code>
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = CellBytes)]
public unsafe struct StoredText
{
    public const int CellBytes = 16;

    internal const uint LargeBit = 0x8000_0000;

    [FieldOffset(0)]
    internal ulong Head;

    [FieldOffset(8)]
    internal ulong Tail;

    [FieldOffset(0)]
    internal int Length;

    [FieldOffset(4)]
    internal uint Prefix;

    [FieldOffset(8)]
    internal uint Page;

    [FieldOffset(12)]
    internal uint Offset;

    public readonly bool IsInline => Length <= StringView.InlineMaxBytes;

    internal readonly bool IsLarge => !IsInline && (Page & LargeBit) != 0;

    /// <summary>A short text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static StoredText Inline(StringView view) => new() { Head = view.Head, Tail = view.Tail };
}
