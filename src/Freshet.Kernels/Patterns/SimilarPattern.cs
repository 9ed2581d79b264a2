using System.Text;
using System.Text.RegularExpressions;

namespace Freshet.Kernels.Patterns;

/// <summary>
/// A SIMILAR TO pattern: SQL's regular expressions, with % and _ of LIKE, translated as Calcite does to a regular expression that
/// must match the whole text. The expression is a non-backtracking one: linear time. Immutable.
/// </summary>
public sealed class SimilarPattern
{
    private const string Specials = "[]()|^-+*_%?{}";
    private const string RegexSpecials = "\\.[]{}()<>*+-=!?^$|";

    private static readonly (string Name, string Class)[] Classes =
    [
        ("[:ALPHA:]", "a-zA-Z"), ("[:UPPER:]", "A-Z"), ("[:LOWER:]", "a-z"), ("[:DIGIT:]", "0-9"), ("[:ALNUM:]", "a-zA-Z0-9"),
        ("[:SPACE:]", " "), ("[:WHITESPACE:]", "\\s"),
    ];

    [ThreadStatic]
    private static SimilarPattern? t_last;

    [ThreadStatic]
    private static char[]? t_characters;

    private readonly byte[] _pattern;
    private readonly byte[] _escape;
    private readonly Regex? _regex;

    private SimilarPattern(byte[] pattern, byte[] escape)
    {
        _pattern = pattern;
        _escape = escape;
        try
        {
            var translated = Translate(Encoding.UTF8.GetString(pattern), Encoding.UTF8.GetString(escape), out var error);
            Error = error;
            if (error is null) _regex = new Regex($"\\A(?:{translated})\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            Error = $"The pattern '{Encoding.UTF8.GetString(pattern)}' is no pattern of SIMILAR TO: {e.Message}";
        }
    }

    public string? Error { get; }

    internal static SimilarPattern Of(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> escape)
    {
        var last = t_last;
        if (last is not null && pattern.SequenceEqual(last._pattern) && escape.SequenceEqual(last._escape)) return last;
        return t_last = new SimilarPattern(pattern.ToArray(), escape.ToArray());
    }

    public static string? ErrorOf(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> escape) => Of(pattern, escape).Error;

    public bool Matches(ReadOnlySpan<byte> text)
    {
        if (t_characters is null || t_characters.Length < text.Length) t_characters = new char[Math.Max(256, text.Length * 2)];
        return _regex!.IsMatch(t_characters.AsSpan(0, Encoding.UTF8.GetChars(text, t_characters)));
    }

    private static string Translate(string pattern, string escape, out string? error)
    {
        error = null;
        if (escape.Length > 1) error = $"Invalid escape character '{escape}': ESCAPE takes one character.";
        var regex = new StringBuilder();
        for (var at = 0; at < pattern.Length && error is null; at++)
        {
            var c = pattern[at];
            if (escape.Length == 1 && c == escape[0])
            {
                at++;
                if (at == pattern.Length || (!Specials.Contains(pattern[at], StringComparison.Ordinal) && pattern[at] != c))
                    error = $"Invalid escape sequence '{pattern}', {at - 1}.";
                else regex.Append(RegexSpecials.Contains(pattern[at], StringComparison.Ordinal) ? "\\" : "").Append(pattern[at]);
                continue;
            }

            switch (c)
            {
                case '_': regex.Append('.'); break;
                case '%': regex.Append("(?s:.*)"); break;
                case '[': at = Enumeration(pattern, at, escape, regex, ref error); break;
                case '\\' or '$': regex.Append('\\').Append(c); break;
                default: regex.Append(c); break;
            }
        }

        return regex.ToString();
    }

    /// <summary>[a-c], [^x], [[:ALPHA:]_]; returns the place of the closing bracket.</summary>
    private static int Enumeration(string pattern, int at, string escape, StringBuilder regex, ref string? error)
    {
        regex.Append('[');
        for (at++; at < pattern.Length; at++)
        {
            var c = pattern[at];
            if (c == ']')
            {
                regex.Append(']');
                return at;
            }

            if (escape.Length == 1 && c == escape[0] && at + 1 < pattern.Length)
            {
                regex.Append('\\').Append(pattern[++at]);
            }
            else if (Array.FindIndex(Classes, k => string.Compare(pattern, at, k.Name, 0, k.Name.Length, StringComparison.OrdinalIgnoreCase) == 0) is var index and >= 0)
            {
                regex.Append(Classes[index].Class);
                at += Classes[index].Name.Length - 1;
            }
            else
            {
                regex.Append(c is '\\' or '[' or '&' ? "\\" : "").Append(c);
            }
        }

        error = $"A [ of the pattern '{pattern}' is not closed.";
        return at;
    }
}
