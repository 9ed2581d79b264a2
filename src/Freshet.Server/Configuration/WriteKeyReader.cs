using System.Globalization;

namespace Freshet.Server.Configuration;

/// <summary>
/// The entries <c>keys[0]</c>, <c>keys[0].source</c> ... of freshet.json as write keys. A bare string is a browser's key of
/// the source "default".
/// </summary>
internal static class WriteKeyReader
{
    private static readonly string[] Names = ["key", "source", "kind", "eventsPerSecond", "newIdentifiersPerSecond", "mayJoin"];

    /// <summary>A browser's key, as a bare string, the environment and <c>--write-key</c> give it.</summary>
    public static WriteKeySettings Browser(string key) => new(key, "default", WriteKeyKind.Browser, null);

    public static List<WriteKeySettings> Read(IEnumerable<ProjectFileEntry> entries)
    {
        var keys = new List<WriteKeySettings>();
        foreach (var group in entries.GroupBy(e => e.Path[..(e.Path.IndexOf(']', StringComparison.Ordinal) + 1)]))
        {
            var line = group.First().Line;
            var bare = group.FirstOrDefault(e => e.Path == group.Key);
            keys.Add(bare.Path is not null ? Browser(bare.Value) : Structured(group, group.Key, line));
            var key = keys[^1].Key;
            if (key.Length is 0 or > 256 || key.Contains(':', StringComparison.Ordinal))
                throw ProjectFile.Invalid($"the key of \"{group.Key}\" must have 1 to 256 characters and no colon", line);
            if (keys.Take(keys.Count - 1).Any(k => k.Key == key))
                throw ProjectFile.Invalid($"\"{group.Key}\" repeats a key given before; keep one", line);
        }

        return keys;
    }

    private static WriteKeySettings Structured(IEnumerable<ProjectFileEntry> entries, string path, int line)
    {
        var result = Browser("");
        foreach (var entry in entries)
        {
            var name = entry.Path[path.Length..].TrimStart('.');
            result = name switch
            {
                "key" => result with { Key = entry.Value },
                "source" => result with { Source = entry.Value },
                "kind" => result with { Kind = Kind(entry) },
                "eventsPerSecond" => result with { EventsPerSecond = Rate(entry) },
                "newIdentifiersPerSecond" => result with { NewIdentifiersPerSecond = Rate(entry) },
                "mayJoin" => result with { MayJoin = Truth(entry) },
                _ => throw ProjectFile.Invalid($"unknown setting \"{entry.Path}\"; {NearestName.Hint(name, Names)}", entry.Line),
            };
        }

        if (result.Key.Length == 0) throw ProjectFile.Invalid($"\"{path}\" has no \"key\"; give the write key that clients send", line);
        if (result.Source.Length is 0 or > 100) throw ProjectFile.Invalid($"\"{path}.source\" must have 1 to 100 characters", line);
        return result;
    }

    private static WriteKeyKind Kind(ProjectFileEntry entry) => entry.Value switch
    {
        "server" => WriteKeyKind.Server,
        "browser" => WriteKeyKind.Browser,
        _ => throw ProjectFile.Invalid($"\"{entry.Path}\" is \"{entry.Value}\"; {NearestName.Hint(entry.Value, ["server", "browser"])}", entry.Line),
    };

    private static bool Truth(ProjectFileEntry entry) =>
        bool.TryParse(entry.Value, out var truth) ? truth : throw ProjectFile.Invalid($"\"{entry.Path}\" must be true or false", entry.Line);

    private static long Rate(ProjectFileEntry entry) =>
        long.TryParse(entry.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var rate) && rate > 0
            ? rate
            : throw ProjectFile.Invalid($"\"{entry.Path}\" must be a whole number above 0", entry.Line);
}
