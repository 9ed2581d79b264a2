using Freshet.Testing.Scripts;

namespace Freshet.Testing.Tests;

/// <summary>Every script of tests/sql, in every mode.</summary>
public sealed class SqlScriptTests
{
    internal static readonly string Root = RootOf();

    public static TheoryData<string> Files => [.. ScriptRunner.FilesOf(Root).Select(f => Path.GetRelativePath(Root, f))];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_script_gives_what_it_says_in_every_mode(string file) =>
        Assert.Equal("", string.Join("\n", ScriptRunner.RunFile(Path.Combine(Root, file)).Select(f => f.ToString())));

    private static string RootOf()
    {
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(at.FullName, "Freshet.slnx"))) at = at.Parent!;
        return Path.Combine(at.FullName, "tests", "sql");
    }
}
