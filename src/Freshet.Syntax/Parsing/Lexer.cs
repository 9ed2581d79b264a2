using System.Globalization;
using System.Text;
using Freshet.Syntax.Text;

namespace Freshet.Syntax.Parsing;

/// <summary>Text to tokens: words, `quoted names`, numbers, 'strings', symbols, hints. Comments are dropped.</summary>
internal static class Lexer
{
    private static readonly string[] Symbols =
    [
        "<>", "!=", "<=", ">=", "||", "=>", "{-", "-}", "|", "^", "(", ")", "[", "]", "{", "}", ",", ";", ".", "+", "-", "*", "/", "%", "=", "<", ">", ":", "?",
    ];

    public static List<Token> Read(SourceText source)
    {
        var text = source.Text;
        var tokens = new List<Token>(text.Length / 5);
        var at = 0;
        while (true)
        {
            at = SkipSpace(source, at);
            if (at >= text.Length) break;
            var start = at;
            var c = text[at];
            if (char.IsLetter(c) || c == '_' || c == '$')
            {
                if ((c is 'x' or 'X') && at + 1 < text.Length && text[at + 1] == '\'')
                {
                    var hex = Quoted(source, at + 1, '\'', out at);
                    if (hex.Length % 2 != 0 || !hex.All(char.IsAsciiHexDigit)) throw new SqlException(source, new TextSpan(start, at - start), "A binary literal has two hexadecimal digits for each byte: x'0aff'.");
                    tokens.Add(new Token(TokenKind.Binary, hex, new TextSpan(start, at - start)));
                    continue;
                }

                if (CharacterSetEnd(text, at) is var quote and > 0)
                {
                    var plain = Quoted(source, quote, '\'', out at);
                    tokens.Add(new Token(TokenKind.String, plain, new TextSpan(start, at - start)));
                    continue;
                }

                if ((c is 'u' or 'U') && at + 2 < text.Length && text[at + 1] == '&' && text[at + 2] == '\'')
                {
                    var escaped = Quoted(source, at + 2, '\'', out at);
                    var escape = Uescape(source, ref at);
                    tokens.Add(new Token(TokenKind.String, Unescape(source, escaped, escape, start), new TextSpan(start, at - start)));
                    continue;
                }

                while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '_' or '$')) at++;
                tokens.Add(new Token(TokenKind.Word, text[start..at], new TextSpan(start, at - start)));
            }
            else if (char.IsAsciiDigit(c) || (c == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1])))
            {
                tokens.Add(Number(text, ref at));
            }
            else if (c == '\'')
            {
                var value = Quoted(source, at, '\'', out at);
                tokens.Add(new Token(TokenKind.String, value, new TextSpan(start, at - start)));
            }
            else if (c == '"')
            {
                throw new SqlException(source, new TextSpan(at, 1), "A double quote has no meaning: write `name` for a name and 'text' for a text.");
            }
            else if (c == '`')
            {
                var value = Quoted(source, at, c, out at);
                if (value.Length == 0) throw new SqlException(source, new TextSpan(start, 2), "A name cannot be empty.");
                tokens.Add(new Token(TokenKind.QuotedName, value, new TextSpan(start, at - start)));
            }
            else if (text.AsSpan(at).StartsWith("/*+"))
            {
                at = EndOfComment(source, at);
                tokens.Add(new Token(TokenKind.Hint, text[(start + 3)..(at - 2)], new TextSpan(start, at - start)));
            }
            else
            {
                var symbol = Symbols.FirstOrDefault(s => string.CompareOrdinal(text, at, s, 0, s.Length) == 0)
                    ?? throw new SqlException(source, new TextSpan(at, 1), $"The character '{c}' has no meaning here.");
                at += symbol.Length;
                tokens.Add(new Token(TokenKind.Symbol, symbol, new TextSpan(start, symbol.Length)));
            }
        }

        tokens.Add(new Token(TokenKind.End, "end of text", new TextSpan(text.Length, 0)));
        return tokens;
    }

    /// <summary>The place of the quote in _UTF8'text' and n'text', or 0.</summary>
    private static int CharacterSetEnd(string text, int at)
    {
        if (text[at] is 'n' or 'N' && at + 1 < text.Length && text[at + 1] == '\'') return at + 1;
        if (text[at] != '_') return 0;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '-')) at++;
        return at < text.Length && text[at] == '\'' ? at : 0;
    }

    private static int SkipSpace(SourceText source, int at)
    {
        var text = source.Text;
        while (at < text.Length)
        {
            if (char.IsWhiteSpace(text[at]) || text[at] == '\uFEFF')
            {
                at++;
            }
            else if (text.AsSpan(at).StartsWith("--") || text.AsSpan(at).StartsWith("//"))
            {
                while (at < text.Length && text[at] != '\n') at++;
            }
            else if (text.AsSpan(at).StartsWith("/*") && !text.AsSpan(at).StartsWith("/*+"))
            {
                at = EndOfComment(source, at);
            }
            else
            {
                break;
            }
        }

        return at;
    }

    private static int EndOfComment(SourceText source, int at)
    {
        var end = source.Text.IndexOf("*/", at + 2, StringComparison.Ordinal);
        return end < 0 ? throw new SqlException(source, new TextSpan(at, 2), "This comment is not ended: expected */.") : end + 2;
    }

    private static Token Number(string text, ref int at)
    {
        var start = at;
        var kind = TokenKind.Integer;
        while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        if (at < text.Length && text[at] == '.' && !(at + 1 < text.Length && (char.IsLetter(text[at + 1]) || text[at + 1] == '_')))
        {
            kind = TokenKind.Decimal;
            at++;
            while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
        }

        if (at < text.Length && text[at] is 'e' or 'E')
        {
            var exponent = at + 1;
            if (exponent < text.Length && text[exponent] is '+' or '-') exponent++;
            if (exponent < text.Length && char.IsAsciiDigit(text[exponent]))
            {
                kind = TokenKind.Double;
                at = exponent;
                while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
            }
        }

        return new Token(kind, text[start..at], new TextSpan(start, at - start));
    }

    private static string Quoted(SourceText source, int at, char quote, out int end)
    {
        var text = source.Text;
        var value = new StringBuilder();
        for (var i = at + 1; i < text.Length; i++)
        {
            if (text[i] != quote)
            {
                value.Append(text[i]);
            }
            else if (i + 1 < text.Length && text[i + 1] == quote)
            {
                value.Append(quote);
                i++;
            }
            else
            {
                end = i + 1;
                return value.ToString();
            }
        }

        throw new SqlException(source, new TextSpan(at, 1), $"This quote is not closed: expected {quote} before the end of the text.");
    }

    /// <summary>The character of UESCAPE 'c' after a U&amp;'' string, a backslash without it.</summary>
    private static char Uescape(SourceText source, ref int at)
    {
        var word = SkipSpace(source, at);
        if (string.Compare(source.Text, word, "UESCAPE", 0, 7, StringComparison.OrdinalIgnoreCase) != 0) return '\\';
        var quote = SkipSpace(source, word + 7);
        if (quote >= source.Text.Length || source.Text[quote] != '\'') throw new SqlException(source, new TextSpan(word, 7), "UESCAPE takes one character in quotes.");
        var character = Quoted(source, quote, '\'', out at);
        return character.Length == 1 ? character[0] : throw new SqlException(source, new TextSpan(word, 7), "UESCAPE takes one character in quotes.");
    }

    /// <summary>\XXXX and \+XXXXXX of U&amp;'' strings, or with another escape character.</summary>
    private static string Unescape(SourceText source, string text, char escape, int start)
    {
        var value = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != escape)
            {
                value.Append(text[i]);
                continue;
            }

            if (i + 1 < text.Length && text[i + 1] == escape)
            {
                value.Append(escape);
                i++;
                continue;
            }

            var (from, digits) = i + 1 < text.Length && text[i + 1] == '+' ? (i + 2, 6) : (i + 1, 4);
            if (from + digits > text.Length || !int.TryParse(text.AsSpan(from, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var code) || code > 0x10ffff)
                throw new SqlException(source, new TextSpan(start, 3), "A U&'' string has an escape that is not \\XXXX or \\+XXXXXX.");
            value.Append(digits == 6 ? char.ConvertFromUtf32(code) : ((char)code).ToString());
            i = from + digits - 1;
        }

        return value.ToString();
    }
}
