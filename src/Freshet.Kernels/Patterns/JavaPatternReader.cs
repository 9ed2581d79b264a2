using System.Globalization;
using System.Text;

namespace Freshet.Kernels.Patterns;

/// <summary>A pattern is wrong, or is right in Java but has no form that runs in linear time.</summary>
internal sealed class PatternException(string reason, bool isUnsupported) : Exception(reason)
{
    public bool IsUnsupported { get; } = isUnsupported;
}

/// <summary>
/// Java's regular expressions as .NET's, which run in linear time (RegexOptions.NonBacktracking).
/// <code>
/// Java                                     .NET
/// \d \w \s \h \v \p{Alpha} [a&amp;&amp;[^b]]      classes of ranges; \d, \w and \s are ASCII as in Java
/// .                                        all but Java's five line ends; all with (?s)
/// \Q...\E \x{h} \0n \e \a \cX \R           the characters
/// (?&lt;name>...) (?:...) (?i) (?i:...)       as they are; the flags d, u and U change nothing
/// x*+ x++ x?+                              x* x+ x? where what follows cannot be a part of it
/// \1 \k&lt;n> (?=...) (?&lt;=...) (?>...) \G      refused: no linear time
/// </code>
/// </summary>
internal sealed class JavaPatternReader(string pattern)
{
    private const string LineEnds = "\n\r\u0085\u2028\u2029";

    private readonly StringBuilder _text = new();
    private int _at;
    private int _depth;
    private bool _dotAll;
    private bool _comments;
    private CharSet? _possessive;

    public int Groups { get; private set; }

    public string Read()
    {
        ReadAlternatives();
        if (_at < pattern.Length) throw Wrong("Unmatched closing ')'");
        return _text.ToString();
    }

    private static PatternException Wrong(string reason) => new(reason, false);

    private static PatternException Unsupported(string what) => new($"{what} cannot be matched in linear time and is not supported", true);

    private char Next() => _at < pattern.Length ? pattern[_at++] : throw Wrong("the pattern ends too early");

    private bool Try(string text)
    {
        if (string.CompareOrdinal(pattern, _at, text, 0, text.Length) != 0) return false;
        _at += text.Length;
        return true;
    }

    private void ReadAlternatives()
    {
        while (_at < pattern.Length && pattern[_at] != ')')
        {
            var c = pattern[_at];
            if (_comments && (char.IsWhiteSpace(c) || c == '#'))
            {
                if (c == '#') while (_at < pattern.Length && pattern[_at] != '\n') _at++;
                else _at++;
                continue;
            }

            _at++;
            if (c == '|')
            {
                if (_depth > 0) CheckPossessive(null);
                _possessive = null;
                _text.Append('|');
            }
            else ReadPiece(c);
        }
    }

    private void ReadPiece(char c)
    {
        var set = new CharSet();
        switch (c)
        {
            case '(':
                CheckPossessive(null);
                if (ReadGroup()) ReadQuantifier(null);
                return;
            case '^' or '$':
                if (c == '^') CheckPossessive(null);
                _possessive = null;
                _text.Append(c);
                return;
            case '*' or '+' or '?':
                throw Wrong($"Dangling meta character '{c}'");
            case '{':
                throw Wrong("Illegal repetition");
            case '[':
                set = ReadClass();
                break;
            case '.':
                if (_dotAll) set.AddIf(static _ => true);
                else set.AddIf(static unit => !LineEnds.Contains(unit, StringComparison.Ordinal));
                break;
            case '\\':
                if (!TryReadEscape(set)) return;
                break;
            default:
                var code = CodePoint(c);
                set.Add(code, code);
                break;
        }

        CheckPossessive(set);
        if (c is '.' or '[' or '\\' || set.Beyond.Count > 0) set.Write(_text);
        else _text.Append(System.Text.RegularExpressions.Regex.Escape(c.ToString()));
        ReadQuantifier(set);
    }

    /// <summary>A possessive repetition gives nothing back: as a greedy one if what comes next is none of it.</summary>
    private void CheckPossessive(CharSet? next)
    {
        if (_possessive is { } before && (next is null || !before.IsDisjoint(next))) throw Unsupported("A possessive quantifier before what it could match");
        _possessive = null;
    }

    private void ReadQuantifier(CharSet? set)
    {
        if (_at >= pattern.Length) return;
        switch (pattern[_at])
        {
            case '*' or '+' or '?':
                _text.Append(pattern[_at++]);
                break;
            case '{':
                var close = pattern.IndexOf('}', _at);
                var body = close < 0 ? "" : pattern[(_at + 1)..close];
                if (body.Length == 0 || !char.IsAsciiDigit(body[0]) || !body.All(static d => char.IsAsciiDigit(d) || d == ',') || body.Count(static d => d == ',') > 1) throw Wrong("Illegal repetition");
                _text.Append('{').Append(body).Append('}');
                _at = close + 1;
                break;
            default:
                return;
        }

        if (_at >= pattern.Length) return;
        if (pattern[_at] == '?') _text.Append(pattern[_at++]);
        else if (pattern[_at] == '+')
        {
            _at++;
            if (_at == pattern.Length) return;
            _possessive = set ?? throw Unsupported("A possessive quantifier of a group");
        }
    }

    /// <summary>A group, or flags that hold to the end of the group around them: then false.</summary>
    private bool ReadGroup()
    {
        if (++_depth > 100) throw Unsupported("A pattern more than 100 groups deep");
        var (dotAll, comments) = (_dotAll, _comments);
        if (Try("?:")) _text.Append("(?:");
        else if (Try("?=") || Try("?!") || Try("?<=") || Try("?<!")) throw Unsupported("Looking ahead or behind, (?=...),");
        else if (Try("?>")) throw Unsupported("An atomic group, (?>...),");
        else if (Try("?<")) ReadName();
        else if (Try("?"))
        {
            if (!ReadFlags())
            {
                _depth--;
                return false;
            }
        }
        else
        {
            Groups++;
            _text.Append('(');
        }

        ReadAlternatives();
        if (_at >= pattern.Length) throw Wrong("Unclosed group");
        _at++;
        _text.Append(')');
        CheckPossessive(null);
        (_dotAll, _comments) = (dotAll, comments);
        _depth--;
        return true;
    }

    private void ReadName()
    {
        var end = pattern.IndexOf('>', _at);
        if (end <= _at || !char.IsAsciiLetter(pattern[_at]) || !pattern[_at..end].All(char.IsAsciiLetterOrDigit)) throw Wrong("named capturing group is missing trailing '>'");
        Groups++;

        // .NET numbers named groups after the others; without its name a group keeps Java's number.
        _text.Append('(');
        _at = end + 1;
    }

    /// <summary>Flags such as (?i) or (?s-m:...); false where they hold for what follows.</summary>
    private bool ReadFlags()
    {
        var on = new StringBuilder();
        var off = new StringBuilder();
        var target = on;
        while (true)
        {
            var flag = Next();
            switch (flag)
            {
                case '-': target = off; break;
                case 's': _dotAll = target == on; break;
                case 'x': _comments = target == on; break;
                case 'i' or 'm': target.Append(flag); break;
                case 'd' or 'u' or 'U': break;
                case ')' or ':':
                    if (on.Length + off.Length == 0 && flag == ')') return false;
                    _text.Append("(?").Append(on);
                    if (off.Length > 0) _text.Append('-').Append(off);
                    _text.Append(flag);
                    return flag == ':';
                default: throw Wrong("Unknown inline modifier");
            }
        }
    }

    /// <summary>An escape outside of a class: fills the set, or writes what is no set and answers false.</summary>
    private bool TryReadEscape(CharSet set)
    {
        var c = Next();
        switch (c)
        {
            case 'b' or 'B' or 'A' or 'z' or 'Z':
                if (c is 'b' or 'B' && Try("{")) throw Unsupported("\\b{...}");
                CheckPossessive(null);
                _text.Append('\\').Append(c);
                return false;
            case 'G': throw Unsupported("\\G");
            case 'k' or (>= '1' and <= '9'): throw Unsupported($"A reference to a group, \\{c},");
            case 'X': throw Unsupported("\\X");
            case 'R':
                CheckPossessive(null);
                _text.Append("(?:\\r\\n|[\\n\\x0B\\f\\r\\u0085\\u2028\\u2029])");
                ReadQuantifier(null);
                return false;
            case 'Q':
                var end = pattern.IndexOf("\\E", _at, StringComparison.Ordinal);
                CheckPossessive(null);
                var quoted = end < 0 ? pattern[_at..] : pattern[_at..end];
                _at = end < 0 ? pattern.Length : end + 2;
                _text.Append(System.Text.RegularExpressions.Regex.Escape(quoted));
                if (quoted.Length > 0) ReadQuantifier(null);
                return false;
            default:
                ReadEscapedSet(c, set);
                return true;
        }
    }

    /// <summary>The characters that an escape stands for.</summary>
    private void ReadEscapedSet(char c, CharSet set)
    {
        switch (c)
        {
            case 'd' or 'D': set.Add('0', '9'); break;
            case 'w' or 'W':
                set.AddIf(char.IsAsciiLetterOrDigit);
                set.Add('_', '_');
                break;
            case 's' or 'S': set.AddAll(" \t\n\u000B\f\r"); break;
            case 'h' or 'H': set.AddAll(" \t\u00A0\u1680\u180E\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u202F\u205F\u3000"); break;
            case 'v' or 'V': set.AddAll("\n\u000B\f\r\u0085\u2028\u2029"); break;
            case 'p' or 'P':
                var name = Try("{") ? pattern[_at..(pattern.IndexOf('}', _at) is var end and >= 0 ? end : throw Wrong("Unclosed character family"))] : null;
                if (name is null) name = Next().ToString();
                else _at += name.Length + 1;
                if (!set.TryAddNamed(name.Replace("general_category=", "", StringComparison.Ordinal).Replace("gc=", "", StringComparison.Ordinal))) throw Wrong($"Unknown character property name {{{name}}}");
                break;
            default:
                var code = ReadCharacter(c);
                set.Add(code, code);
                return;
        }

        if (char.IsUpper(c)) set.Invert();
    }

    private int ReadCharacter(char c)
    {
        switch (c)
        {
            case 't': return '\t';
            case 'n': return '\n';
            case 'r': return '\r';
            case 'f': return '\f';
            case 'a': return 7;
            case 'e': return 27;
            case 'c': return Next() ^ 64;
            case 'x' when Try("{"):
                var end = pattern.IndexOf('}', _at);
                if (end < 0 || !int.TryParse(pattern.AsSpan(_at, end - _at), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var wide) || wide > 0x10FFFF) throw Wrong("Unclosed hexadecimal escape sequence");
                _at = end + 1;
                return wide;
            case 'x': return Hex(2);
            case 'u': return Hex(4);
            case '0': return Octal();
            default: return char.IsAsciiLetter(c) ? throw Wrong($"Illegal/unsupported escape sequence \\{c}") : c;
        }
    }

    private int Hex(int digits)
    {
        if (_at + digits > pattern.Length || !int.TryParse(pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)) throw Wrong("Illegal hexadecimal escape sequence");
        _at += digits;
        return code;
    }

    private int Octal()
    {
        var code = 0;
        var count = 0;
        while (count < 3 && _at < pattern.Length && pattern[_at] is >= '0' and <= '7' && code * 8 + pattern[_at] - '0' <= 255)
        {
            code = code * 8 + pattern[_at++] - '0';
            count++;
        }

        return count == 0 ? throw Wrong("Illegal octal escape sequence") : code;
    }

    /// <summary>What is between [ and ], with unions and intersections.</summary>
    private CharSet ReadClass()
    {
        if (++_depth > 100) throw Unsupported("A class more than 100 levels deep");
        var isNegated = Try("^");
        var all = (CharSet?)null;
        var set = new CharSet();
        var isFirst = true;
        while (true)
        {
            var c = Next();
            if (c == ']' && !isFirst) break;
            isFirst = false;
            if (c == '[') set.Union(ReadClass());
            else if (c == '&' && Try("&"))
            {
                if (all is null) all = set;
                else all.Intersect(set);
                set = new CharSet();
            }
            else ReadClassItem(c, set);
        }

        if (all is not null)
        {
            all.Intersect(set);
            set = all;
        }

        if (isNegated) set.Invert();
        _depth--;
        return set;
    }

    private void ReadClassItem(char c, CharSet set)
    {
        if (c == '\\' && _at < pattern.Length && "dDwWsShHvVpP".Contains(pattern[_at], StringComparison.Ordinal))
        {
            var named = new CharSet();
            ReadEscapedSet(Next(), named);
            set.Union(named);
            return;
        }

        if (c == '\\' && Try("Q"))
        {
            var end = pattern.IndexOf("\\E", _at, StringComparison.Ordinal);
            set.AddAll(end < 0 ? pattern[_at..] : pattern[_at..end]);
            _at = end < 0 ? pattern.Length : end + 2;
            return;
        }

        var from = CodePoint(c);
        var to = from;
        if (_at + 1 < pattern.Length && pattern[_at] == '-' && pattern[_at + 1] is not (']' or '['))
        {
            _at++;
            to = CodePoint(Next());
            if (to < from) throw Wrong("Illegal character range");
        }

        set.Add(from, to);
    }

    private int CodePoint(char c)
    {
        if (c == '\\') return ReadCharacter(Next());
        return char.IsHighSurrogate(c) && _at < pattern.Length && char.IsLowSurrogate(pattern[_at]) ? char.ConvertToUtf32(c, Next()) : c;
    }
}
