using System.Text;

namespace Freshet.Kernels.Texts;

/// <summary>
/// Characters of UTF-8 text: code points. Bytes that begin none count as one with what they follow. Flink counts UTF-16 units
/// in a few functions, which differs only beyond U+FFFF.
/// </summary>
public static class CodePoints
{
    public static bool IsStart(byte value) => (value & 0xC0) != 0x80;

    public static int Count(ReadOnlySpan<byte> text)
    {
        if (Ascii.IsValid(text)) return text.Length;
        var count = 0;
        foreach (var value in text)
            if (IsStart(value)) count++;
        return count;
    }

    /// <summary>Bytes of the first <paramref name="count"/> characters; <paramref name="characters"/> says how many there are of them.</summary>
    public static int PrefixBytes(ReadOnlySpan<byte> text, int count, out int characters)
    {
        characters = 0;
        var at = 0;
        while (at < text.Length)
        {
            if (IsStart(text[at]))
            {
                if (characters == count) break;
                characters++;
            }

            at++;
        }

        return at;
    }

    /// <summary>The first character's bytes.</summary>
    public static int FirstBytes(ReadOnlySpan<byte> text)
    {
        var at = 1;
        while (at < text.Length && !IsStart(text[at])) at++;
        return Math.Min(at, text.Length);
    }

    /// <summary>Where the last character begins.</summary>
    public static int LastStart(ReadOnlySpan<byte> text)
    {
        var at = text.Length - 1;
        while (at > 0 && !IsStart(text[at])) at--;
        return at;
    }

    /// <summary>Where a text is in another, in characters from 1; 0 where it is not. The search begins at character <paramref name="from"/> (from 1).</summary>
    public static int Find(ReadOnlySpan<byte> text, ReadOnlySpan<byte> search, int from = 1)
    {
        // As in Flink nothing is found at once, wherever the search begins.
        if (search.IsEmpty) return 1;
        var skipped = PrefixBytes(text, Math.Max(0, from - 1), out var characters);
        if (from > 1 && characters < from - 1) return 0;
        var at = text[skipped..].IndexOf(search);
        return at < 0 ? 0 : characters + Count(text.Slice(skipped, at)) + 1;
    }
}
