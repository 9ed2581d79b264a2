using Freshet.Storage;

namespace Freshet.Testing.Disks;

/// <summary>
/// The directories of a <see cref="SimulatedDisk"/>: names as programs see them, as they lie on the medium, and for each directory
/// the changes that no sync of it has covered. A loss of power keeps the first of them, any number, in their order.
/// </summary>
internal sealed class SimulatedNames
{
    private readonly Dictionary<string, SimulatedContent?> _seen = [];
    private readonly Dictionary<string, SimulatedContent?> _durable = [];
    private readonly Dictionary<string, List<Change>> _unsynced = [];

    /// <summary>A name that appears (a directory has no content) or, with <paramref name="Gone"/>, goes.</summary>
    private sealed record Change(string Path, SimulatedContent? Content, bool Gone);

    public long TotalBytes => _seen.Values.Sum(c => c?.Length ?? 0);

    public bool Exists(string path) => _seen.ContainsKey(path);

    public SimulatedContent File(string path) =>
        _seen.GetValueOrDefault(path) ?? throw new StorageException(StorageError.NotFound, $"Cannot open {path}: It does not exist.");

    public SimulatedContent Open(string path, bool create)
    {
        if (_seen.TryGetValue(path, out var known) && known is not null) return known;
        if (!create) return File(path);
        CheckParent(path);
        var content = new SimulatedContent();
        Add(path, new Change(path, content, false));
        return content;
    }

    public IReadOnlyList<string> List(string directory) =>
        [.. _seen.Keys.Where(p => Path.GetDirectoryName(p) == directory).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];

    public void CreateDirectory(string directory)
    {
        if (_seen.ContainsKey(directory)) return;
        if (Path.GetDirectoryName(directory) is { Length: > 1 } parent) CreateDirectory(parent);
        Add(directory, new Change(directory, null, false));
    }

    public void Rename(string from, string to)
    {
        var content = File(from);
        CheckParent(to);
        Add(from, new Change(to, content, false), new Change(from, null, true));
    }

    public void Delete(string path)
    {
        _ = File(path);
        Add(path, new Change(path, null, true));
    }

    public void Sync(string directory)
    {
        if (!_unsynced.Remove(directory, out var changes)) return;
        foreach (var change in changes) Apply(_durable, change);
    }

    public void LosePower(Random random)
    {
        // Shorter paths first, so that what a lost directory held is lost with it.
        foreach (var directory in _unsynced.Keys.OrderBy(d => d.Length).ThenBy(d => d, StringComparer.Ordinal).ToList())
        {
            var changes = _unsynced[directory];
            foreach (var change in changes.Take(random.Next(changes.Count + 1))) Apply(_durable, change);
        }

        _unsynced.Clear();
        _seen.Clear();
        foreach (var (path, content) in _durable.OrderBy(p => p.Key.Length).ThenBy(p => p.Key, StringComparer.Ordinal).ToList())
        {
            if (Path.GetDirectoryName(path) is { Length: > 1 } parent && !_seen.ContainsKey(parent)) _durable.Remove(path);
            else _seen.Add(path, content);
            content?.LosePower(random);
        }
    }

    private void CheckParent(string path)
    {
        if (Path.GetDirectoryName(path) is { Length: > 1 } parent && !_seen.ContainsKey(parent))
            throw new StorageException(StorageError.NotFound, $"Cannot open {path}: the directory {parent} does not exist.");
    }

    private void Add(string path, params ReadOnlySpan<Change> changes)
    {
        var directory = Path.GetDirectoryName(path) ?? "";
        if (!_unsynced.TryGetValue(directory, out var list)) _unsynced.Add(directory, list = []);
        foreach (var change in changes)
        {
            list.Add(change);
            Apply(_seen, change);
        }
    }

    private static void Apply(Dictionary<string, SimulatedContent?> names, Change change)
    {
        if (change.Gone) names.Remove(change.Path);
        else names[change.Path] = change.Content;
    }
}
