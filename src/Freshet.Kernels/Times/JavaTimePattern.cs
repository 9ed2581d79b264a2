using System.Text;

namespace Freshet.Kernels.Times;

/// <summary>
/// A date-time pattern of Java, taken apart. Flink uses two classes of Java for its functions, and the same letters mean
/// different things in them:
/// <code>
///                 Formatter (DateTimeFormatter)        Simple (SimpleDateFormat)
/// used by         TO_TIMESTAMP, DATE_FORMAT            UNIX_TIMESTAMP, FROM_UNIXTIME, TO_DATE, CONVERT_TZ
/// S               fraction of the second               milliseconds as a number
/// u               year                                 day of the week
/// [ ]             optional part                        error
/// numbers         digits as the letters say            as many digits as there are
/// out of range    an error, but the end of a month     carried over: month 13 is January
/// rest of text    an error                             left alone
/// </code>
/// Names are English. <see cref="JavaTimeText"/> writes and reads by it. Immutable.
/// </summary>
internal sealed class JavaTimePattern
{
    private const string FormatterLetters = "GuyDMLdQqYwWEecFahKkHmsSAnNVvzOXxZ";
    private const string SimpleLetters = "GyYMLwWDdFEuaHkKhmsSzZX";

    [ThreadStatic]
    private static JavaTimePattern? t_last;

    private readonly byte[] _text;

    private JavaTimePattern(byte[] text, bool isSimple)
    {
        _text = text;
        IsSimple = isSimple;
        Elements = Compile(Encoding.UTF8.GetString(text));
        foreach (var element in Elements) UnitMicros = Math.Min(UnitMicros, element.UnitMicros);
    }

    public bool IsSimple { get; }

    public Element[] Elements { get; }

    /// <summary>All local times between two multiples of this have one text.</summary>
    public long UnitMicros { get; } = TimeRounding.DayMicros;

    /// <summary>What is wrong with the pattern, or null.</summary>
    public string? Error { get; private set; }

    /// <summary>The pattern of a text; neighbouring rows mostly have the same one, which is then not compiled again.</summary>
    public static JavaTimePattern Of(ReadOnlySpan<byte> text, bool isSimple)
    {
        var last = t_last;
        if (last is not null && last.IsSimple == isSimple && text.SequenceEqual(last._text)) return last;
        return t_last = new JavaTimePattern(text.ToArray(), isSimple);
    }

    private Element[] Compile(string pattern)
    {
        var elements = new List<Element>();
        var literal = new StringBuilder();
        void Flush()
        {
            if (literal.Length > 0) elements.Add(new Element('\'', 0, Encoding.UTF8.GetBytes(literal.ToString())));
            literal.Clear();
        }

        for (var at = 0; at < pattern.Length;)
        {
            var c = pattern[at];
            if (c == '\'')
            {
                at = Quoted(pattern, at, literal);
                continue;
            }

            var count = 1;
            if (char.IsAsciiLetter(c))
            {
                while (at + count < pattern.Length && pattern[at + count] == c) count++;
                if (!(IsSimple ? SimpleLetters : FormatterLetters).Contains(c, StringComparison.Ordinal)) Error ??= $"The pattern letter '{c}' is not known.";
                Flush();
                elements.Add(new Element(c, count, []));
            }
            else if (!IsSimple && c is '[' or ']')
            {
                Flush();
                elements.Add(new Element(c, 0, []));
            }
            else
            {
                if (!IsSimple && c is '{' or '}' or '#') Error ??= $"The character '{c}' has no meaning in a pattern.";
                literal.Append(c);
            }

            at += count;
        }

        Flush();
        return [.. elements];
    }

    private int Quoted(string pattern, int at, StringBuilder literal)
    {
        if (at + 1 < pattern.Length && pattern[at + 1] == '\'')
        {
            literal.Append('\'');
            return at + 2;
        }

        for (at++; at < pattern.Length; at++)
        {
            if (pattern[at] != '\'')
            {
                literal.Append(pattern[at]);
            }
            else if (at + 1 < pattern.Length && pattern[at + 1] == '\'')
            {
                literal.Append('\'');
                at++;
            }
            else
            {
                return at + 1;
            }
        }

        Error ??= "A quote of the pattern is not closed.";
        return at;
    }

    /// <summary>A letter with its count, a text (letter '), or the start or end of an optional part ([ or ]).</summary>
    internal readonly record struct Element(char Letter, int Count, byte[] Text)
    {
        /// <summary>Digits where the number has always so many, else 0: such fields can stand side by side.</summary>
        public int FixedDigits => Letter switch
        {
            'S' => Count,
            'd' or 'H' or 'h' or 'k' or 'K' or 'm' or 's' or 'w' or 'W' => Count == 2 ? 2 : 0,
            'M' or 'L' => Count == 2 ? 2 : 0,
            'D' => Count == 3 ? 3 : 0,
            'y' or 'u' or 'Y' => Count == 2 ? 2 : 0,
            _ => 0,
        };

        /// <summary>How long its text stays the same, from multiples of it on.</summary>
        public long UnitMicros => Letter switch
        {
            '\'' or '[' or ']' or 'G' or 'u' or 'y' or 'Y' or 'M' or 'L' or 'Q' or 'q' or 'd' or 'D' or 'F' or 'W' or 'w' or 'E' or 'e' or 'c' => TimeRounding.DayMicros,
            'a' or 'H' or 'k' or 'K' or 'h' => 3_600_000_000,
            'm' => 60_000_000,
            's' => 1_000_000,
            _ => 1,
        };

        public bool IsNumber => Letter switch
        {
            'M' or 'L' or 'Q' or 'q' or 'e' or 'c' => Count <= 2,
            'y' or 'u' or 'Y' or 'D' or 'd' or 'w' or 'W' or 'F' or 'h' or 'K' or 'k' or 'H' or 'm' or 's' or 'S' or 'A' or 'n' or 'N' => true,
            _ => false,
        };
    }
}
