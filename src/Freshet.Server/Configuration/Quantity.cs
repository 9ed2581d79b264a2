using System.Globalization;

namespace Freshet.Server.Configuration;

/// <summary>Durations ("500ms", "10s", "5m", "24h", "7d") and byte counts ("64KiB", "256MiB", "1GiB") as people write them.</summary>
internal static class Quantity
{
    private static readonly (string Suffix, double Milliseconds)[] Durations =
        [("ms", 1), ("min", 60_000), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    private static readonly (string Suffix, double Bytes)[] Sizes =
        [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1)];

    /// <summary>A duration; a bare 0 is allowed, any other number needs its unit.</summary>
    public static bool TryDuration(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (text == "0") return true;
        if (!TryUnits(text, Durations, out var ms) || ms > TimeSpan.FromDays(36500).TotalMilliseconds) return false;
        duration = TimeSpan.FromMilliseconds(ms);
        return true;
    }

    /// <summary>A count of bytes; a bare number is bytes.</summary>
    public static bool TryBytes(string text, out long bytes)
    {
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out bytes)) return true;
        if (!TryUnits(text, Sizes, out var value) || value > long.MaxValue / 2) return false;
        bytes = (long)value;
        return true;
    }

    private static bool TryUnits(string text, (string Suffix, double Factor)[] units, out double value)
    {
        value = 0;
        foreach (var (suffix, factor) in units)
        {
            if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) continue;
            var number = text.AsSpan(0, text.Length - suffix.Length).TrimEnd();
            if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var parsed)) continue;
            value = parsed * factor;
            return true;
        }

        return false;
    }
}
