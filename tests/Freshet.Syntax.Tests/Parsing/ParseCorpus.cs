using System.Text.Json;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;

namespace Freshet.Syntax.Tests.Parsing;

/// <summary>Texts that Flink accepts or rejects, in shared/conformance/flink/parse-corpus beside the repository.</summary>
internal static class ParseCorpus
{
    public const string Missing = "The folder shared/conformance/flink/parse-corpus is not beside the repository.";

    /// <param name="IsExpression">The text is an expression, not a statement.</param>
    internal sealed record Case(string Test, bool IsExpression, string Sql, bool Accept)
    {
        /// <summary>The tree, or null with the error's message.</summary>
        public object? Parse(out string? error)
        {
            error = null;
            var source = new SourceText(Test, Sql);
            try
            {
                return IsExpression ? SqlParser.ParseExpression(source) : SqlParser.ParseScript(source);
            }
            catch (SqlException e)
            {
                error = e.Message;
                return null;
            }
        }
    }

    public static string? Folder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (!File.Exists(Path.Combine(at.FullName, "Freshet.slnx"))) continue;
            var folder = Path.Combine(at.FullName, "..", "shared", "conformance", "flink", "parse-corpus");
            return Directory.Exists(folder) ? folder : null;
        }

        return null;
    }

    /// <summary>Texts of Flink's planner tests: each is valid.</summary>
    public static List<Case> Planner() => Read("planner_must_accept.json");

    /// <summary>Texts of Flink's parser tests: valid and invalid ones.</summary>
    public static List<Case> Parser() => Read("parser_accept_reject.json");

    private static List<Case> Read(string file)
    {
        var folder = Folder();
        Assert.SkipWhen(folder is null, Missing);
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder!, file)));
        var cases = new List<Case>();
        foreach (var item in document.RootElement.EnumerateArray())
        {
            var accept = !item.TryGetProperty("expect", out var expect) || expect.GetString() == "accept";
            var sql = item.GetProperty("sql").GetString()!;
            // A caret on each side marks the place of the error.
            if (!accept) sql = sql.Replace("^", "", StringComparison.Ordinal);
            cases.Add(new Case(item.GetProperty("test").GetString()!, item.GetProperty("kind").GetString() == "expr", sql, accept));
        }

        return cases;
    }
}
