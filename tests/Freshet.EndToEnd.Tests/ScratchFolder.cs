namespace Freshet.EndToEnd.Tests;

/// <summary>A folder of a test's own, gone with it.</summary>
internal sealed class ScratchFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("freshet-").FullName;

    public string Data => System.IO.Path.Combine(Path, "data");

    /// <summary>Writes a project with these SQL files and gives its folder.</summary>
    public string Project(params ReadOnlySpan<string> scripts)
    {
        var project = System.IO.Path.Combine(Path, "project");
        Directory.CreateDirectory(System.IO.Path.Combine(project, "sql"));
        File.WriteAllText(System.IO.Path.Combine(project, "freshet.json"), """{ "keys": [{ "key": "test-key", "source": "test", "kind": "server" }] }""");
        for (var i = 0; i < scripts.Length; i++)
            File.WriteAllText(System.IO.Path.Combine(project, "sql", $"{i:00}.sql"), scripts[i]);
        return project;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
