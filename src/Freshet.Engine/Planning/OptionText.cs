using System.Globalization;

namespace Freshet.Engine.Planning;

/// <summary>Durations and sizes in connector options, as Flink writes them: <c>7 d</c>, <c>10min</c>, <c>1 s</c>; <c>64 mb</c>, <c>1g</c>.</summary>
internal static class OptionText
{
    private static readonly (string[] Units, double Factor)[] Durations =
    [
        (["ms", "milli", "millis", "millisecond", "milliseconds"], 1), (["s", "sec", "secs", "second", "seconds"], 1_000),
        (["min", "m", "minute", "minutes"], 60_000), (["h", "hour", "hours"], 3_600_000), (["d", "day", "days"], 86_400_000),
    ];

    private static readonly (string[] Units, double Factor)[] Sizes =
    [
        (["", "b", "bytes"], 1), (["k", "kb", "kibibytes"], 1L << 10), (["m", "mb", "mebibytes"], 1L << 20),
        (["g", "gb", "gibibytes"], 1L << 30), (["t", "tb", "tebibytes"], 1L << 40),
    ];

    public static bool TryDuration(string text, out TimeSpan duration)
    {
        var known = TryUnits(text, Durations, out var ms) && ms is > 0 and < 1e14;
        duration = known ? TimeSpan.FromMilliseconds(ms) : default;
        return known;
    }

    public static bool TryBytes(string text, out long bytes)
    {
        var known = TryUnits(text, Sizes, out var value) && value is > 0 and < 1e18;
        bytes = known ? (long)value : 0;
        return known;
    }

    private static bool TryUnits(string text, (string[] Units, double Factor)[] units, out double value)
    {
        text = text.Trim();
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        var unit = digits < 0 ? "" : text[digits..].Trim();
        value = 0;
        if (!long.TryParse(digits < 0 ? text : text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
        foreach (var (names, factor) in units)
        {
            if (!names.Contains(unit, StringComparer.OrdinalIgnoreCase)) continue;
            value = number * factor;
            return true;
        }

        return false;
    }
}
