using System.Text.Json;

namespace Freshet.Commands.Terminal;

/// <summary>
/// What was entered, kept in a file over sessions: one JSON text a line, so that a statement of several lines is one entry.
/// A file that cannot be read or written is a history that is not kept.
/// </summary>
internal sealed class LineHistory
{
    private const int EntriesMax = 1000;

    private readonly string? _path;
    private readonly List<string> _entries = [];
    private string _draft = "";
    private int _place;

    /// <param name="path">The file; null keeps nothing.</param>
    public LineHistory(string? path)
    {
        _path = path;
        try
        {
            if (path is not null && File.Exists(path)) _entries.AddRange(File.ReadLines(path).Select(line => JsonSerializer.Deserialize<string>(line)!).TakeLast(EntriesMax));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            _path = null;
        }

        _place = _entries.Count;
    }

    /// <summary>Where a user's history lies: below XDG_STATE_HOME.</summary>
    public static string UserPath
    {
        get
        {
            var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } set ? set : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
            return Path.Combine(state, "freshet", "sql_history");
        }
    }

    public void Add(string entry)
    {
        if (entry.Trim().Length > 0 && (_entries.Count == 0 || _entries[^1] != entry))
        {
            _entries.Add(entry);
            Keep(entry);
        }

        _place = _entries.Count;
    }

    /// <summary>The entry before the one shown; null at the first. What is being written is kept as the last.</summary>
    public string? Previous(string shown)
    {
        if (_place == 0) return null;
        if (_place == _entries.Count) _draft = shown;
        return _entries[--_place];
    }

    /// <summary>The entry after the one shown; null at the last.</summary>
    public string? Next()
    {
        if (_place == _entries.Count) return null;
        return ++_place == _entries.Count ? _draft : _entries[_place];
    }

    private void Keep(string entry)
    {
        if (_path is null) return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            if (_entries.Count > 2 * EntriesMax)
            {
                _entries.RemoveRange(0, EntriesMax);
                File.WriteAllLines(_path, _entries.Select(e => JsonSerializer.Serialize(e)));
                return;
            }

            // What is entered here may hold people's data: the file is its owner's alone.
            var isNew = !File.Exists(_path);
            File.AppendAllLines(_path, [JsonSerializer.Serialize(entry)]);
            if (isNew && !OperatingSystem.IsWindows()) File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The statement itself matters more.
        }
    }
}
