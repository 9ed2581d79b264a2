using System.Globalization;

namespace Freshet.Server.Configuration;

/// <summary>
/// One setting as data: its path in freshet.json, its default in the same spelling, what it means, and how its text is
/// taken over. The environment variable is the path in capitals: <c>events.watermarkDelay</c> is
/// <c>FRESHET_EVENTS_WATERMARK_DELAY</c>; a list is given there with commas.
/// </summary>
/// <param name="Apply">Takes the text over, or says what it should have been.</param>
internal sealed record Setting(string Path, string Default, string Help, Func<ProjectSettings, string, string?> Apply)
{
    /// <summary>A list: its path ends with [] and each element is applied by itself.</summary>
    public bool IsList => Path.EndsWith("[]", StringComparison.Ordinal);

    /// <summary>Its value is shown to nobody.</summary>
    public bool IsSecret => Path is "api.token" or "api.password" or "certificate.password";

    public string Environment { get; } = EnvironmentName(Path);

    private static string EnvironmentName(string path)
    {
        var name = new System.Text.StringBuilder("FRESHET_");
        foreach (var c in path.Replace("[]", "", StringComparison.Ordinal))
        {
            if (char.IsAsciiLetterUpper(c)) name.Append('_');
            name.Append(c == '.' ? '_' : char.ToUpperInvariant(c));
        }

        return name.ToString();
    }
}

/// <summary>Every setting there is. The guide's table and the tests read it too. Write keys are read by <see cref="WriteKeyReader"/>.</summary>
internal static class SettingCatalog
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        Text("listen", "127.0.0.1", "address to listen on; any other than loopback needs api.token or api.password, and a certificate or behindProxy", (s, v) => s.Listen = v),
        Integer("port", "7070", "port of the HTTP server; 0 takes a free one", 0, 65535, (s, v) => s.Port = (int)v),
        Text("data", "data", "data directory, relative to the project's folder", (s, v) => s.Data = v),
        Integer("workers", "0", "threads of the engine; 0 is one for each core", 0, 1024, (s, v) => s.Workers = (int)v),
        Flag("behindProxy", "false", "a proxy in front ends TLS", (s, v) => s.BehindProxy = v),
        Text("certificate.path", "", "TLS certificate, .pfx or .pem", (s, v) => s.CertificatePath = NullIfEmpty(v)),
        Text("certificate.keyPath", "", "private key of a .pem certificate", (s, v) => s.CertificateKeyPath = NullIfEmpty(v)),
        Text("certificate.password", "", "password of a .pfx certificate or of the key", (s, v) => s.CertificatePassword = NullIfEmpty(v)),
        Text("api.token", "", "Bearer token of /api and /metrics, at least 16 characters", (s, v) => s.ApiToken = NullIfEmpty(v)),
        Text("api.password", "", "password of the console's login, at least 12 characters; the token logs in too", (s, v) => s.ApiPassword = NullIfEmpty(v)),
        Text("api.origins[]", "", "origins of browsers that may call /api, e.g. https://console.example.com", (s, v) => s.ApiOrigins.Add(v.TrimEnd('/'))),
        Text("api.hosts[]", "", "host names by which /api may be called, beside loopback", (s, v) => s.ApiHosts.Add(v)),
        Text("profiles.expose[]", "", "traits and segments that a visitor's token shows of its profile", (s, v) => s.ProfilesExposed.Add(v)),
        new("profiles.anonymousTtl", "90d", "how long a profile without user_id, email, phone or external id stays without an event; empty is for ever", (s, v) =>
        {
            s.AnonymousTtl = null;
            if (v.Length == 0) return null;
            if (!Quantity.TryDuration(v, out var duration) || duration <= TimeSpan.Zero) return DurationExpected;
            s.AnonymousTtl = duration;
            return null;
        }),
        Bytes("limits.eventBytes", "32KiB", "largest event", 256, 1 << 20, (s, v) => s.EventBytesMax = (int)v),
        Bytes("limits.batchBytes", "500KiB", "largest batch, after decompression", 256, 16 << 20, (s, v) => s.BatchBytesMax = (int)v),
        Integer("limits.batchEvents", "2500", "most events of a batch", 1, 100_000, (s, v) => s.BatchEventsMax = (int)v),
        Integer("limits.depth", "64", "deepest nesting of an event", 2, 512, (s, v) => s.DepthMax = (int)v),
        Integer("limits.properties", "10000", "most member names in an event, at all levels", 16, 100_000, (s, v) => s.PropertiesMax = (int)v),
        Integer("limits.eventsPerSecond", "1000000", "events a second of each key that sets none itself", 1, long.MaxValue / 1000, (s, v) => s.EventsPerSecondMax = v),
        Integer("limits.newIdentifiersPerSecond", "10000", "people and devices not known yet that a browser's key may bring in a second, where api.token or api.password is set and the key sets none itself", 1, long.MaxValue / 1000, (s, v) => s.NewIdentifiersPerSecondMax = v),
        Integer("limits.connections", "10000", "open connections", 1, 1_000_000, (s, v) => s.ConnectionsMax = (int)v),
        Bytes("limits.pendingBytes", "64MiB", "bytes that wait for the disk; beyond it events are answered 503", 1 << 20, 1L << 40, (s, v) => s.PendingBytesMax = v),
        Duration("limits.queryTime", "30s", "longest ad-hoc query", (s, v) => s.QueryTimeMax = v),
        Bytes("limits.queryBytes", "256MiB", "memory of one ad-hoc query", 1 << 20, 1L << 40, (s, v) => s.QueryBytesMax = v),
        new("limits.stateBytes", "", "memory of all state; beyond it the engine stops and names the operator that keeps most; empty is no bound", (s, v) =>
        {
            if (v.Length == 0) return null;
            if (!Quantity.TryBytes(v, out var bytes) || bytes <= 0) return "a number of bytes such as \"10GiB\"";
            s.StateBytesMax = bytes;
            return null;
        }),
        Duration("events.watermarkDelay", "10s", "how far the watermark of events stays behind the highest event time", (s, v) => s.WatermarkDelay = v),
        Duration("events.dedupWindow", "24h", "how long a messageId is remembered", (s, v) => s.DedupWindow = v),
        Bytes("events.dedupMemory", "256MiB", "memory for remembered messageIds; when it is full the window shortens", 1 << 16, 1L << 40, (s, v) => s.DedupBytesMax = v),
        new("events.durability", "durable", "durable: answered when on disk; relaxed: answered when written, on disk within 100 ms", (s, v) =>
        {
            s.EventsAreRelaxed = v == "relaxed";
            return v is "durable" or "relaxed" ? null : "durable or relaxed";
        }),
        new("events.unplanned", "allow", "track events that no CREATE EVENT names: allow, warn (taken, with a warning in the answer) or block", (s, v) =>
        {
            s.UnplannedEvents = v switch { "warn" => UnplannedEvents.Warn, "block" => UnplannedEvents.Block, _ => UnplannedEvents.Allow };
            return v is "allow" or "warn" or "block" ? null : "allow, warn or block";
        }),
        new("events.retentionBytes", "", "how many bytes of events are kept at least; empty keeps all, as any project whose SQL reads events must", (s, v) =>
        {
            if (v.Length == 0) return null;
            if (!Quantity.TryBytes(v, out var bytes) || bytes <= 0) return "a number of bytes such as \"10GiB\"";
            s.EventsRetentionBytes = bytes;
            return null;
        }),
        new("events.retention", "", "how long events are kept; empty keeps all, as any project whose SQL reads events must", (s, v) =>
        {
            if (v.Length == 0) return null;
            if (!Quantity.TryDuration(v, out var duration)) return DurationExpected;
            s.EventsRetention = duration;
            return null;
        }),
    ];

    /// <summary>The names below a group ("" is the top level), for "did you mean".</summary>
    public static List<string> NamesUnder(string group)
    {
        var prefix = group.Length == 0 ? "" : group + ".";
        var names = All.Where(s => s.Path.StartsWith(prefix, StringComparison.Ordinal))
            .Select(s => s.Path[prefix.Length..].Split('.', '[')[0]).Distinct(StringComparer.Ordinal).ToList();
        if (group.Length == 0) names.Add("keys");
        return names;
    }

    private const string DurationExpected = "a duration such as \"500ms\", \"10s\", \"5m\", \"24h\" or \"7d\"";

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static Setting Text(string path, string initial, string help, Action<ProjectSettings, string> set) =>
        new(path, initial, help, (s, v) =>
        {
            set(s, v);
            return null;
        });

    private static Setting Integer(string path, string initial, string help, long min, long max, Action<ProjectSettings, long> set) =>
        new(path, initial, help, (s, v) =>
        {
            if (!long.TryParse(v, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) || number < min || number > max)
                return string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}");
            set(s, number);
            return null;
        });

    private static Setting Bytes(string path, string initial, string help, long min, long max, Action<ProjectSettings, long> set) =>
        new(path, initial, help, (s, v) =>
        {
            if (!Quantity.TryBytes(v, out var bytes) || bytes < min || bytes > max)
                return string.Create(CultureInfo.InvariantCulture, $"a number of bytes such as 32768, \"64KiB\" or \"1GiB\", from {min} to {max}");
            set(s, bytes);
            return null;
        });

    private static Setting Duration(string path, string initial, string help, Action<ProjectSettings, TimeSpan> set) =>
        new(path, initial, help, (s, v) =>
        {
            if (!Quantity.TryDuration(v, out var duration)) return DurationExpected;
            set(s, duration);
            return null;
        });

    private static Setting Flag(string path, string initial, string help, Action<ProjectSettings, bool> set) =>
        new(path, initial, help, (s, v) =>
        {
            if (!bool.TryParse(v, out var flag)) return "true or false";
            set(s, flag);
            return null;
        });
}
