using System.Globalization;

namespace Freshet.Columns.Formats;

/// <summary>Time zones by name as Java knows them: regions (Europe/Berlin), UTC, and offsets (GMT+8, GMT-08:00, UTC+01:00, +01:00).</summary>
public static class TimeZoneName
{
    public static bool TryFind(string name, out TimeZoneInfo zone)
    {
        if (TryOffset(name, out zone)) return true;
        if (TimeZoneInfo.TryFindSystemTimeZoneById(name, out var found)) zone = found;
        return found is not null;
    }

    private static bool TryOffset(string name, out TimeZoneInfo zone)
    {
        zone = TimeZoneInfo.Utc;
        var text = name.AsSpan();
        if (text.StartsWith("GMT", StringComparison.Ordinal) || text.StartsWith("UTC", StringComparison.Ordinal)) text = text[3..];
        else if (text.StartsWith("UT", StringComparison.Ordinal)) text = text[2..];
        if (text.IsEmpty || name == "Z") return true;
        if (text[0] is not ('+' or '-')) return false;
        var colon = text.IndexOf(':');
        var hours = colon < 0 ? text[1..] : text[1..colon];
        var minutes = colon < 0 ? "0" : text[(colon + 1)..];
        if (!int.TryParse(hours, NumberStyles.None, CultureInfo.InvariantCulture, out var h) || !int.TryParse(minutes, NumberStyles.None, CultureInfo.InvariantCulture, out var m) || h > 18 || m > 59) return false;
        var offset = new TimeSpan(h, m, 0);
        if (offset > TimeSpan.FromHours(14)) return false;
        zone = TimeZoneInfo.CreateCustomTimeZone(name, text[0] == '-' ? -offset : offset, name, name);
        return true;
    }
}
