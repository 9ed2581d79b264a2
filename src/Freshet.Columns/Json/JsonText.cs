using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Freshet.Columns.Json;

/// <summary>
/// The text of JSON strings: escapes resolved and made. Text never grows when its escapes are resolved, so that a buffer of
/// the written length is always enough. A lone surrogate becomes U+FFFD; an unknown escape stands for its own character.
/// </summary>
public static class JsonText
{
    private static readonly SearchValues<byte> NeedsEscape = SearchValues.Create([.. Enumerable.Range(0, 32).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    /// <summary>Writes the text of <paramref name="content"/> (between the quotes) and returns its length, at most the content's.</summary>
    public static int Unescape(ReadOnlySpan<byte> content, Span<byte> text)
    {
        var written = 0;
        while (true)
        {
            var plain = content.IndexOf((byte)'\\');
            if (plain < 0 || plain + 1 >= content.Length)
            {
                content.CopyTo(text[written..]);
                return written + content.Length;
            }

            content[..plain].CopyTo(text[written..]);
            written += plain;
            var escape = content[plain + 1];
            content = content[(plain + 2)..];
            if (escape != 'u')
            {
                text[written++] = escape switch
                {
                    (byte)'n' => (byte)'\n',
                    (byte)'t' => (byte)'\t',
                    (byte)'r' => (byte)'\r',
                    (byte)'b' => (byte)'\b',
                    (byte)'f' => (byte)'\f',
                    _ => escape,
                };
                continue;
            }

            var rune = ReadUnicode(ref content, out _);
            written += rune.EncodeToUtf8(text[written..]);
        }
    }

    /// <summary>Whether the text of <paramref name="content"/>, escapes resolved, is <paramref name="text"/>.</summary>
    public static bool UnescapedEquals(ReadOnlySpan<byte> content, ReadOnlySpan<byte> text)
    {
        if (content.Length < text.Length) return false;
        var rented = ArrayPool<byte>.Shared.Rent(content.Length);
        var equal = rented.AsSpan(0, Unescape(content, rented)).SequenceEqual(text);
        ArrayPool<byte>.Shared.Return(rented);
        return equal;
    }

    /// <summary>The first byte that a JSON string must escape, or -1.</summary>
    public static int IndexOfEscape(ReadOnlySpan<byte> text) => text.IndexOfAny(NeedsEscape);

    /// <summary>
    /// Reads what follows <c>\u</c>, with the low half of a pair. False in <paramref name="isPaired"/> says that a half
    /// stands alone (the result is U+FFFD). Digits are taken as checked.
    /// </summary>
    internal static Rune ReadUnicode(ref ReadOnlySpan<byte> content, out bool isPaired)
    {
        isPaired = true;
        if (!TryHex(content, out var unit))
        {
            content = [];
            return Rune.ReplacementChar;
        }

        content = content[4..];
        if (!char.IsSurrogate(unit)) return new Rune(unit);
        if (char.IsHighSurrogate(unit) && content.Length >= 6 && content[0] == '\\' && content[1] == 'u'
            && TryHex(content[2..], out var low) && char.IsLowSurrogate(low))
        {
            content = content[6..];
            return new Rune(unit, low);
        }

        isPaired = false;
        return Rune.ReplacementChar;
    }

    internal static bool TryHex(ReadOnlySpan<byte> digits, out char unit)
    {
        unit = default;
        if (digits.Length < 4 || !Utf8Parser.TryParse(digits[..4], out ushort value, out var used, 'x') || used != 4) return false;
        unit = (char)value;
        return true;
    }
}
