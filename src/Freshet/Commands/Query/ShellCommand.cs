namespace Freshet.Commands.Query;

/// <summary>What the shell does itself, in the names that psql gave them.</summary>
/// <param name="Name">With its backslash.</param>
internal sealed record ShellCommand(string Name, string Argument, string Does)
{
    public static readonly ShellCommand[] All =
    [
        new(@"\d", "[name]", "tables and views; with a name, its columns"),
        new(@"\df", "[text]", "functions"),
        new(@"\watch", "[seconds]", "run the last query again and again, until Ctrl-C"),
        new(@"\i", "file", "run the statements of a file"),
        new(@"\x", "", "a row as lines, on or off"),
        new(@"\timing", "", "how long each statement takes, on or off"),
        new(@"\?", "", "this list"),
        new(@"\q", "", "leave; so does Ctrl-D"),
    ];

    /// <summary>The command and its argument; a null command where there is none of that name.</summary>
    public static (ShellCommand? Command, string Name, string Argument) Parse(string line)
    {
        var text = line.Trim().TrimEnd(';').TrimEnd();
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var name = space < 0 ? text : text[..space];
        return (All.FirstOrDefault(c => c.Name == name), name, space < 0 ? "" : text[space..].Trim());
    }
}
