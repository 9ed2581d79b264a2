using System.Globalization;

namespace Freshet.Engine.Sources;

/// <summary>Lengths of time as Flink's options write them: 500 ms, 30s, 1 min, 2 h, 1 day; a number alone is ms.</summary>
internal static class Durations
{
    private static readonly (string[] Names, long Micros)[] Units =
    [
        (["ms", "milli", "millis", "millisecond", "milliseconds"], 1000),
        (["s", "sec", "secs", "second", "seconds"], 1_000_000),
        (["m", "min", "minute", "minutes"], 60_000_000),
        (["h", "hour", "hours"], 3_600_000_000),
        (["d", "day", "days"], 86_400_000_000),
    ];

    public static bool TryParse(string text, out long micros)
    {
        micros = 0;
        var trimmed = text.Trim();
        var digits = trimmed.TakeWhile(char.IsAsciiDigit).Count();
        if (digits == 0 || !long.TryParse(trimmed.AsSpan(0, digits), CultureInfo.InvariantCulture, out var number)) return false;
        var unit = trimmed[digits..].Trim().ToLowerInvariant();
        if (unit.Length == 0) unit = "ms";
        foreach (var (names, length) in Units)
        {
            if (!names.Contains(unit)) continue;
            micros = number * length;
            return true;
        }

        return false;
    }
}
