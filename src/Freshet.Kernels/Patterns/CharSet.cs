using System.Globalization;
using System.Text;

namespace Freshet.Kernels.Patterns;

/// <summary>
/// A set of UTF-16 units, for character classes: Java's unions, intersections and POSIX names evaluated when a pattern is read, so that
/// .NET sees plain ranges. Characters beyond U+FFFF are kept as texts beside it. 8 KiB each; lives while one pattern is read.
/// </summary>
internal sealed class CharSet
{
    private readonly ulong[] _bits = new ulong[1024];

    /// <summary>Members beyond U+FFFF.</summary>
    public List<Rune> Beyond { get; } = [];

    public void Add(int from, int to)
    {
        for (var c = from; c <= Math.Min(to, 0xFFFF); c++) _bits[c >> 6] |= 1UL << c;
        for (var c = Math.Max(from, 0x10000); c <= to && Beyond.Count < 1000; c++) Beyond.Add(new Rune(c));
    }

    public void AddIf(Func<char, bool> belongs)
    {
        for (var c = 0; c <= 0xFFFF; c++)
            if (belongs((char)c)) _bits[c >> 6] |= 1UL << c;
    }

    public void Union(CharSet other)
    {
        for (var i = 0; i < _bits.Length; i++) _bits[i] |= other._bits[i];
        Beyond.AddRange(other.Beyond);
    }

    public void Intersect(CharSet other)
    {
        for (var i = 0; i < _bits.Length; i++) _bits[i] &= other._bits[i];
        Beyond.RemoveAll(r => !other.Beyond.Contains(r));
    }

    public void Invert()
    {
        for (var i = 0; i < _bits.Length; i++) _bits[i] = ~_bits[i];
        Beyond.Clear();
    }

    /// <summary>Whether no member is one of another set.</summary>
    public bool IsDisjoint(CharSet other)
    {
        for (var i = 0; i < _bits.Length; i++)
            if ((_bits[i] & other._bits[i]) != 0) return false;
        return true;
    }

    /// <summary>Writes the set as a class of .NET. Where it has all halves of pairs it has all characters beyond U+FFFF.</summary>
    public void Write(StringBuilder text)
    {
        var hasPairs = Contains(0xD800) && Contains(0xDFFF);
        if (hasPairs || Beyond.Count > 0) text.Append("(?:");
        WriteClass(text, hasPairs);
        if (hasPairs) text.Append("|[\\uD800-\\uDBFF][\\uDC00-\\uDFFF])");
        else if (Beyond.Count > 0)
        {
            foreach (var rune in Beyond) text.Append('|').Append(rune);
            text.Append(')');
        }
    }

    private void WriteClass(StringBuilder text, bool withoutHalves)
    {
        var start = text.Length;
        text.Append('[');
        for (var c = 0; c <= 0xFFFF; c++)
        {
            if (withoutHalves && c == 0xD800) c = 0xE000;
            if (!Contains(c)) continue;
            var end = c;
            while (end < 0xFFFF && Contains(end + 1) && !(withoutHalves && end == 0xD7FF)) end++;
            WriteUnit(c, text);
            if (end > c) text.Append('-');
            if (end > c) WriteUnit(end, text);
            c = end;
        }

        // An empty class is one that nothing is in.
        if (text.Length == start + 1) text.Append("^\\u0000-\\uFFFF");
        text.Append(']');
    }

    public bool Contains(int unit) => (_bits[unit >> 6] >> unit & 1) != 0;

    /// <summary>Java's predefined and POSIX classes and Unicode's categories, scripts left out; false for an unknown name.</summary>
    public bool TryAddNamed(string name)
    {
        if (name.StartsWith("Is", StringComparison.Ordinal) && name.Length > 2) name = name[2..];
        switch (name)
        {
            case "Lower": Add('a', 'z'); break;
            case "Upper": Add('A', 'Z'); break;
            case "ASCII": Add(0, 127); break;
            case "Alpha": AddIf(char.IsAsciiLetter); break;
            case "Digit": Add('0', '9'); break;
            case "Alnum": AddIf(char.IsAsciiLetterOrDigit); break;
            case "Punct": AddIf(static c => c < 128 && !char.IsAsciiLetterOrDigit(c) && c > ' ' && c < 127); break;
            case "Graph": Add('!', '~'); break;
            case "Print": Add(' ', '~'); break;
            case "Blank": AddAll(" \t"); break;
            case "Cntrl": Add(0, 31); Add(127, 127); break;
            case "XDigit": AddIf(char.IsAsciiHexDigit); break;
            case "Space": AddAll(" \t\n\u000B\f\r"); break;
            case "Alphabetic" or "javaLetter" or "javaAlphabetic": AddIf(char.IsLetter); break;
            case "Lowercase" or "javaLowerCase": AddIf(char.IsLower); break;
            case "Uppercase" or "javaUpperCase": AddIf(char.IsUpper); break;
            case "White_Space" or "WhiteSpace" or "javaWhitespace": AddIf(char.IsWhiteSpace); break;
            case "javaDigit": AddIf(char.IsDigit); break;
            case "javaLetterOrDigit": AddIf(char.IsLetterOrDigit); break;
            case "Punctuation": AddIf(char.IsPunctuation); break;
            case "Latin" or "LATIN": AddIf(static c => char.IsLetter(c) && (char.IsAscii(c) || c is >= '\u00AA' and <= '\u024F' and not ('\u00D7' or '\u00F7' or '\u00B5') || c is >= '\u1E00' and <= '\u1EFF')); break;
            case "Greek" or "GREEK": AddIf(static c => char.IsLetter(c) && (c is >= '\u0370' and <= '\u03FF' || c is >= '\u1F00' and <= '\u1FFF')); break;
            case "Cyrillic" or "CYRILLIC": Add(0x400, 0x52F); break;
            case "Han" or "HAN": Add(0x2E80, 0x2FD5); Add(0x3005, 0x3007); Add(0x3021, 0x3029); Add(0x3038, 0x303B); Add(0x3400, 0x4DBF); Add(0x4E00, 0x9FFF); Add(0xF900, 0xFAD9); break;
            case "Hiragana" or "HIRAGANA": Add(0x3041, 0x309F); break;
            case "Katakana" or "KATAKANA": Add(0x30A1, 0x30FF); break;
            default: return TryAddCategory(name);
        }

        return true;
    }

    public void AddAll(string characters)
    {
        foreach (var c in characters) Add(c, c);
    }

    private bool TryAddCategory(string name)
    {
        const string Codes = "LuLlLtLmLoMnMcMeNdNlNoZsZlZpCcCfCsCoPcPdPsPePiPfPoSmScSkSoCn";
        var any = false;
        for (var i = 0; i < Codes.Length; i += 2)
        {
            if (!Codes.AsSpan(i, 2).StartsWith(name, StringComparison.Ordinal) && !(name == "LC" && i < 6)) continue;
            any = true;
            var category = (UnicodeCategory)(i / 2);
            AddIf(c => CharUnicodeInfo.GetUnicodeCategory(c) == category);
        }

        return any && name.Length > 0;
    }

    private static void WriteUnit(int unit, StringBuilder text)
    {
        if (unit < 128 && char.IsAsciiLetterOrDigit((char)unit)) text.Append((char)unit);
        else text.Append("\\u").Append(unit.ToString("X4", CultureInfo.InvariantCulture));
    }
}
