using System.Text;

namespace Freshet.Columns.Formats;

/// <summary>A value of a row that could not be read. The row is still there, the value NULL; the caller decides what becomes of it.</summary>
/// <param name="Row">The row in the batch.</param>
/// <param name="Column">The column in the decoder's list, or -1 where the whole row could not be read.</param>
/// <param name="Position">The byte in the JSON document at which it shows, or -1.</param>
/// <param name="Reason">A sentence.</param>
/// <param name="Value">The value as written, cut to <see cref="ValueMaxBytes"/> bytes.</param>
/// <param name="Line">The line of the input at which the row begins, from 1; 0 where the input has no lines.</param>
public readonly record struct DecodeError(int Row, int Column, int Position, string Reason, string Value, long Line = 0)
{
    public const int ValueMaxBytes = 200;

    /// <summary>The beginning of a value as text.</summary>
    public static string Cut(ReadOnlySpan<byte> value)
    {
        if (value.Length <= ValueMaxBytes) return Encoding.UTF8.GetString(value);

        // Not in the middle of a character.
        var end = ValueMaxBytes;
        while (end > ValueMaxBytes - 4 && (value[end] & 0xC0) == 0x80) end--;
        return Encoding.UTF8.GetString(value[..end]);
    }
}
