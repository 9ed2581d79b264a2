using System.Globalization;
using System.Text;

namespace Freshet.Columns.Kernels;

/// <summary>
/// The letters of Java's DateTimeFormatter that Flink's users write: y u M d H h m s S a E and quoted text. Numbers take as
/// many digits as there are letters; MMM and EEE are English short names.
/// </summary>
internal static class JavaTimePattern
{
    public static bool TryFormat(string pattern, long micros, StringBuilder output, out char unknown)
    {
        unknown = '\0';
        var date = DateTime.UnixEpoch.AddTicks(micros * 10);
        for (var at = 0; at < pattern.Length;)
        {
            var c = pattern[at];
            if (c == '\'')
            {
                at = AppendQuoted(pattern, at, output);
                continue;
            }

            var count = 1;
            while (at + count < pattern.Length && pattern[at + count] == c) count++;
            if (!char.IsAsciiLetter(c)) output.Append(c, count);
            else if (!TryAppend(c, count, date, output))
            {
                unknown = c;
                return false;
            }

            at += count;
        }

        return true;
    }

    /// <summary>Reads a text by a pattern into µs; missing parts are those of 1970-01-01 00:00.</summary>
    public static bool TryParse(string pattern, string text, out long micros)
    {
        micros = 0;
        var ok = DateTime.TryParseExact(
            text,
            ToDotNet(pattern),
            CultureInfo.InvariantCulture,
            DateTimeStyles.NoCurrentDateDefault | DateTimeStyles.AllowWhiteSpaces,
            out var date);
        if (ok) micros = ((date.Year == 1 ? date.AddYears(1969) : date) - DateTime.UnixEpoch).Ticks / 10;
        return ok;
    }

    private static int AppendQuoted(string pattern, int at, StringBuilder output)
    {
        if (at + 1 < pattern.Length && pattern[at + 1] == '\'')
        {
            output.Append('\'');
            return at + 2;
        }

        var end = pattern.IndexOf('\'', at + 1);
        if (end < 0) end = pattern.Length;
        output.Append(pattern, at + 1, end - at - 1);
        return Math.Min(end + 1, pattern.Length);
    }

    private static bool TryAppend(char letter, int count, DateTime date, StringBuilder output)
    {
        switch (letter)
        {
            case 'y' or 'u': Number(count == 2 ? date.Year % 100 : date.Year, count, output); break;
            case 'M' or 'L' when count == 3: output.Append(CultureInfo.InvariantCulture.DateTimeFormat.GetAbbreviatedMonthName(date.Month)); break;
            case 'M' or 'L' when count > 3: output.Append(CultureInfo.InvariantCulture.DateTimeFormat.GetMonthName(date.Month)); break;
            case 'M' or 'L': Number(date.Month, count, output); break;
            case 'd': Number(date.Day, count, output); break;
            case 'D': Number(date.DayOfYear, count, output); break;
            case 'H': Number(date.Hour, count, output); break;
            case 'k': Number(date.Hour == 0 ? 24 : date.Hour, count, output); break;
            case 'h': Number(date.Hour % 12 == 0 ? 12 : date.Hour % 12, count, output); break;
            case 'm': Number(date.Minute, count, output); break;
            case 's': Number(date.Second, count, output); break;
            case 'S': output.Append((date.Ticks % 10_000_000 * 100).ToString("D9", CultureInfo.InvariantCulture).AsSpan(0, Math.Min(count, 9))); break;
            case 'a': output.Append(date.Hour < 12 ? "AM" : "PM"); break;
            case 'E': output.Append(count > 3 ? date.DayOfWeek.ToString() : date.DayOfWeek.ToString()[..3]); break;
            default: return false;
        }

        return true;
    }

    private static void Number(int value, int digits, StringBuilder output) =>
        output.Append(value.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0'));

    private static string ToDotNet(string pattern)
    {
        var result = new StringBuilder();
        var quoted = false;
        foreach (var c in pattern)
        {
            if (c == '\'') quoted = !quoted;
            result.Append(quoted ? c : c switch { 'S' => 'f', 'a' => 't', 'E' => 'd', 'u' => 'y', _ => c });
        }

        return result.ToString();
    }
}
