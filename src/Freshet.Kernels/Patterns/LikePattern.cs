using System.Text;
using Freshet.Kernels.Texts;

namespace Freshet.Kernels.Patterns;

/// <summary>
/// A LIKE pattern, taken apart at its %: the first piece stands at the start of the text, the last one at its end, and each
/// other is looked for after the one before it, the leftmost place being as good as any. So a text is matched in one pass, by
/// vectorised searches where a piece has no _. Texts are UTF-8; _ is one character. Immutable.
/// </summary>
public sealed class LikePattern
{
    [ThreadStatic]
    private static LikePattern? t_last;

    private readonly byte[] _pattern;
    private readonly byte[] _escape;
    private readonly Piece[] _pieces;

    private LikePattern(byte[] pattern, byte[] escape)
    {
        _pattern = pattern;
        _escape = escape;
        Error = ErrorOf(pattern, escape);
        _pieces = Error is null ? Split(pattern, escape) : [];
    }

    /// <summary>What is wrong with the pattern or its escape character, or null.</summary>
    public string? Error { get; }

    /// <summary>The pattern of a text and its escape character (empty for none); neighbouring rows mostly have the same.</summary>
    internal static LikePattern Of(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> escape)
    {
        var last = t_last;
        if (last is not null && pattern.SequenceEqual(last._pattern) && escape.SequenceEqual(last._escape)) return last;
        return t_last = new LikePattern(pattern.ToArray(), escape.ToArray());
    }

    /// <summary>An escape character stands before %, _ or itself.</summary>
    public static string? ErrorOf(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> escape)
    {
        if (escape.IsEmpty) return null;
        if (CodePoints.Count(escape) != 1 || escape[0] == 0) return $"Invalid escape character '{Encoding.UTF8.GetString(escape)}': ESCAPE takes one character.";
        for (var at = 0; at < pattern.Length; at++)
        {
            if (!pattern[at..].StartsWith(escape)) continue;
            var next = pattern[(at + escape.Length)..];
            if (next.StartsWith(escape)) at += 2 * escape.Length - 1;
            else if (next is [(byte)'%' or (byte)'_', ..]) at += escape.Length;
            else return $"Invalid escape sequence '{Encoding.UTF8.GetString(pattern)}', {CodePoints.Count(pattern[..at])}: the escape character stands before %, _ or itself.";
        }

        return null;
    }

    public bool Matches(ReadOnlySpan<byte> text)
    {
        var pieces = _pieces;
        if (pieces.Length == 1) return pieces[0].LengthAt(text) == text.Length;
        var start = pieces[0].LengthAt(text);
        if (start < 0) return false;
        text = text[start..];
        for (var i = 1; i < pieces.Length - 1; i++)
        {
            var end = pieces[i].EndIn(text);
            if (end < 0) return false;
            text = text[end..];
        }

        return pieces[^1].IsEndOf(text);
    }

    private static Piece[] Split(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> escape)
    {
        var pieces = new List<Piece>();
        var tokens = new List<short>();
        for (var at = 0; at < pattern.Length; at++)
        {
            if (!escape.IsEmpty && pattern[at..].StartsWith(escape))
            {
                at += escape.Length;
                var length = pattern[at..].StartsWith(escape) ? escape.Length : 1;
                foreach (var b in pattern.Slice(at, length)) tokens.Add(b);
                at += length - 1;
            }
            else if (pattern[at] == '%')
            {
                // %% is %.
                if (pieces.Count == 0 || tokens.Count > 0) pieces.Add(new Piece([.. tokens]));
                tokens.Clear();
            }
            else
            {
                tokens.Add(pattern[at] == '_' ? Piece.AnyCharacter : pattern[at]);
            }
        }

        pieces.Add(new Piece([.. tokens]));
        return [.. pieces];
    }

    /// <summary>Bytes and single characters in a row.</summary>
    private sealed class Piece(short[] tokens)
    {
        public const short AnyCharacter = -1;

        private readonly byte[]? _bytes = tokens.Contains(AnyCharacter) ? null : [.. tokens.Select(t => (byte)t)];

        /// <summary>How many bytes at the start of a text are this piece, or -1.</summary>
        public int LengthAt(ReadOnlySpan<byte> text)
        {
            if (_bytes is not null) return text.StartsWith(_bytes) ? _bytes.Length : -1;
            var at = 0;
            foreach (var token in tokens)
            {
                if (at >= text.Length) return -1;
                if (token == AnyCharacter)
                {
                    at++;
                    while (at < text.Length && (text[at] & 0xC0) == 0x80) at++;
                }
                else if (text[at++] != token)
                {
                    return -1;
                }
            }

            return at;
        }

        /// <summary>Where the first occurrence in a text ends, or -1.</summary>
        public int EndIn(ReadOnlySpan<byte> text)
        {
            if (_bytes is not null)
            {
                var found = text.IndexOf(_bytes);
                return found < 0 ? -1 : found + _bytes.Length;
            }

            for (var at = 0; at <= text.Length; at++)
            {
                if (at < text.Length && (text[at] & 0xC0) == 0x80) continue;
                var length = LengthAt(text[at..]);
                if (length >= 0) return at + length;
            }

            return -1;
        }

        /// <summary>Whether a text ends with this piece.</summary>
        public bool IsEndOf(ReadOnlySpan<byte> text)
        {
            if (_bytes is not null) return text.EndsWith(_bytes);
            var at = text.Length;
            for (var i = tokens.Length - 1; i >= 0; i--)
            {
                if (at == 0) return false;
                at--;
                if (tokens[i] == AnyCharacter)
                    while (at > 0 && (text[at] & 0xC0) == 0x80) at--;
                else if (text[at] != tokens[i]) return false;
            }

            return true;
        }
    }
}
