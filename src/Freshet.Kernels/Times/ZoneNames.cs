using System.Collections.Concurrent;
using System.Text;

namespace Freshet.Kernels.Times;

/// <summary>Time zones by the names that Java knows: regions (<c>Europe/Berlin</c>), <c>UTC</c>, <c>GMT+8</c>, <c>GMT+08:00</c>. Any thread.</summary>
public static class ZoneNames
{
    private const int KnownMax = 1000;

    private static readonly ConcurrentDictionary<string, TimeZoneInfo?> Known = new(StringComparer.Ordinal);

    [ThreadStatic]
    private static byte[]? t_lastName;

    [ThreadStatic]
    private static TimeZoneInfo? t_lastZone;

    /// <summary>The zone of a name, or null; neighbouring rows mostly ask for the same.</summary>
    internal static TimeZoneInfo? Find(ReadOnlySpan<byte> name)
    {
        if (t_lastName is { } last && name.SequenceEqual(last)) return t_lastZone;
        t_lastName = name.ToArray();
        return t_lastZone = Find(Encoding.UTF8.GetString(name));
    }

    public static bool IsKnown(string name) => Find(name) is not null;

    internal static TimeZoneInfo? Find(string name)
    {
        if (Known.TryGetValue(name, out var zone)) return zone;
        zone = Read(name);
        if (Known.Count < KnownMax) Known.TryAdd(name, zone);
        return zone;
    }

    private static TimeZoneInfo? Read(string name)
    {
        if (name is "UTC" or "GMT" or "Z" or "Etc/UTC") return TimeZoneInfo.Utc;
        if (name.StartsWith("GMT", StringComparison.Ordinal) && TryOffset(name.AsSpan(3), out var minutes))
            return TimeZoneInfo.CreateCustomTimeZone(name, TimeSpan.FromMinutes(minutes), name, name);
        return name.Length > 0 && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;
    }

    private static bool TryOffset(ReadOnlySpan<char> text, out int minutes)
    {
        minutes = 0;
        if (text.Length < 2 || text[0] is not ('+' or '-')) return false;
        var colon = text.IndexOf(':');
        var hours = text[1..(colon < 0 ? text.Length : colon)];
        var rest = colon < 0 ? default : text[(colon + 1)..];
        if (hours.Length > 2 || !int.TryParse(hours, out var h) || h > 18) return false;
        var m = 0;
        if (colon >= 0 && (rest.Length != 2 || !int.TryParse(rest, out m) || m > 59)) return false;
        minutes = (h * 60 + m) * (text[0] == '-' ? -1 : 1);
        return true;
    }
}
