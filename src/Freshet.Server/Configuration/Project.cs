namespace Freshet.Server.Configuration;

/// <summary>
/// Loads a project folder: defaults, then freshet.json, then FRESHET_ variables, then flags; the later wins.
/// Everything that can be wrong is refused here with the line and the remedy, before anything is opened.
/// </summary>
internal static class Project
{
    /// <param name="folder">The project's folder; freshet.json in it is required.</param>
    /// <param name="flags">Settings given on the command line, by path.</param>
    /// <param name="writeKeys">Keys given on the command line, added to the project's.</param>
    public static ProjectSettings Load(
        string folder,
        Func<string, string?> environment,
        IReadOnlyDictionary<string, string>? flags = null,
        IReadOnlyList<string>? writeKeys = null)
    {
        var path = Path.Combine(folder, ProjectFile.Name);
        if (!Directory.Exists(folder))
            throw new UserException("no_project", $"The project folder \"{folder}\" does not exist; create it with a {ProjectFile.Name} ({{}} is enough) and a folder sql.");
        if (!File.Exists(path))
            throw new UserException("no_project", $"\"{folder}\" has no {ProjectFile.Name}; create one, {{}} is enough.");

        var settings = new ProjectSettings { Folder = Path.GetFullPath(folder) };
        var entries = ProjectFile.Read(File.ReadAllBytes(path), environment);
        var given = Group(entries);
        foreach (var setting in SettingCatalog.All)
        {
            if (flags is not null && flags.TryGetValue(setting.Path, out var flag))
                Apply(setting, settings, [flag], "the command line", 0);
            else if (environment(setting.Environment) is { Length: > 0 } variable)
                Apply(setting, settings, setting.IsList ? variable.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [variable], setting.Environment, 0);
            else if (given.TryGetValue(setting.Path, out var values))
                Apply(setting, settings, values.Select(v => v.Value), ProjectFile.Name, values[0].Line);
            else if (!setting.IsList)
                Apply(setting, settings, [setting.Default], "default", 0);
            else
                settings.InForce.Add((setting, "", "default"));
        }

        settings.Keys.AddRange(WriteKeyReader.Read(entries.Where(e => IsKey(e) && e.Path != "keys[]")));
        foreach (var key in (environment("FRESHET_KEYS") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Concat(writeKeys ?? []))
            if (!settings.Keys.Any(k => k.Key == key)) settings.Keys.Add(WriteKeyReader.Browser(key));
        CheckListen(settings);
        return settings;
    }

    private static bool IsKey(ProjectFileEntry entry) => entry.Path.StartsWith("keys[", StringComparison.Ordinal);

    private static Dictionary<string, List<ProjectFileEntry>> Group(List<ProjectFileEntry> entries)
    {
        var known = SettingCatalog.All.Select(s => s.Path).ToHashSet(StringComparer.Ordinal);
        var given = new Dictionary<string, List<ProjectFileEntry>>(StringComparer.Ordinal);
        foreach (var entry in entries.Where(e => !IsKey(e)))
        {
            var path = Pattern(entry.Path);
            if (!known.Contains(path)) throw Unknown(entry);
            if (entry.IsEmptyList) continue;
            if (!given.TryGetValue(path, out var list)) given[path] = list = [];
            list.Add(entry);
        }

        return given;
    }

    /// <summary>"api.origins[2]" is an element of the list "api.origins[]".</summary>
    private static string Pattern(string path)
    {
        var open = path.IndexOf('[', StringComparison.Ordinal);
        if (open < 0) return path;
        var close = path.IndexOf(']', open);
        return path[..(open + 1)] + path[close..];
    }

    /// <summary>Names the first part of the path that is not known, or how the known one is written.</summary>
    private static UserException Unknown(ProjectFileEntry entry)
    {
        var group = "";
        foreach (var part in entry.Path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = part.Split('[')[0];
            var names = SettingCatalog.NamesUnder(group);
            var path = group.Length == 0 ? name : $"{group}.{name}";
            if (names.Count == 0) break;
            if (!names.Contains(name)) return ProjectFile.Invalid($"unknown setting \"{path}\"; {NearestName.Hint(name, names)}", entry.Line);
            group = path;
        }

        if (group == "keys") return ProjectFile.Invalid("\"keys\" must be an array of write keys", entry.Line);
        var shape = SettingCatalog.All.Any(s => s.Path == group + "[]") ? "an array" : SettingCatalog.All.Any(s => s.Path == group) ? "a single value" : "an object";
        if (shape == "an object" && entry.Path == group + ".") return ProjectFile.Invalid($"\"{group}\" is empty; remove it or give one of: {string.Join(", ", SettingCatalog.NamesUnder(group))}", entry.Line);
        return ProjectFile.Invalid($"\"{group}\" must be {shape}", entry.Line);
    }

    private static void Apply(Setting setting, ProjectSettings settings, IEnumerable<string> values, string from, int line)
    {
        var all = values.ToList();
        settings.InForce.Add((setting, string.Join(", ", all), from));
        foreach (var value in all)
        {
            if (setting.Apply(settings, value) is not { } expected) continue;
            var name = setting.Path.Replace("[]", "", StringComparison.Ordinal);
            throw new UserException("invalid_configuration", $"{from}{(line > 0 ? $":{line}" : "")}: \"{name}\" is \"{value}\" but must be {expected}.");
        }
    }

    /// <summary>Refuses to be reachable by strangers without authentication and encryption.</summary>
    private static void CheckListen(ProjectSettings settings)
    {
        if (settings.ApiToken is { Length: < 16 })
            throw new UserException("invalid_configuration", "\"api.token\" is shorter than 16 characters; take a long random one, e.g. from `openssl rand -hex 24`.");
        if (settings.ApiPassword is { Length: < 12 })
            throw new UserException("invalid_configuration", "\"api.password\" is shorter than 12 characters; take a longer one, or leave it out and log in with \"api.token\".");
        if (!TryAddress(settings.Listen, out var address))
            throw new UserException("invalid_configuration", $"\"listen\" is \"{settings.Listen}\" but must be an IP address such as 127.0.0.1 or 0.0.0.0.");
        if (settings.CertificatePath is { } certificate && !File.Exists(Path.Combine(settings.Folder, certificate)))
            throw new UserException("invalid_configuration", $"\"certificate.path\" names \"{certificate}\", which does not exist.");
        if (System.Net.IPAddress.IsLoopback(address)) return;
        if (!settings.NeedsLogin)
            throw new UserException("unsafe_listen", $"Listening on {settings.Listen} is refused without \"api.token\" or \"api.password\": set it (from a file or FRESHET_API_TOKEN), or listen on 127.0.0.1.");
        if (settings.CertificatePath is null && !settings.BehindProxy)
            throw new UserException("unsafe_listen", $"Listening on {settings.Listen} is refused without TLS: set \"certificate.path\", or \"behindProxy\": true where a proxy ends TLS.");
    }

    public static bool TryAddress(string listen, out System.Net.IPAddress address)
    {
        if (listen == "localhost") listen = "127.0.0.1";
        if (System.Net.IPAddress.TryParse(listen, out var parsed))
        {
            address = parsed;
            return true;
        }

        address = System.Net.IPAddress.None;
        return false;
    }
}
