using System.Globalization;
using System.Text;
using System.Text.Json;
using Freshet.Sql.Parsing;
using Freshet.Sql.Text;

namespace Freshet.Sql.Tests.Parsing;

/// <summary>
/// Texts that Flink accepts or rejects, read from the folder beside the repository. Skipped where it is absent.
/// The environment variable FRESHET_PARSE_REPORT names a file for the list of texts that are judged otherwise.
/// </summary>
public sealed class ParseCorpusTests(ITestOutputHelper output)
{
    private sealed record Case(string Test, string Kind, string Sql, bool Accept);

    [Fact]
    public void Texts_that_the_planner_accepts_are_read()
    {
        var cases = Read("planner_must_accept.json", "sql", accept: true);
        Judge("planner", cases, 0.97);
    }

    [Fact]
    public void Texts_that_the_parser_accepts_are_read()
    {
        var cases = Read("parser_accept_reject.json", null, accept: true);
        Judge("accepted", [.. cases.Where(c => c.Accept)], 0.97);
    }

    [Fact]
    public void Texts_that_the_parser_rejects_are_rejected()
    {
        var cases = Read("parser_accept_reject.json", null, accept: true);
        Judge("rejected", [.. cases.Where(c => !c.Accept)], 0.95);
    }

    private static List<Case> Read(string file, string? kind, bool accept)
    {
        var folder = Folder();
        Assert.SkipWhen(folder is null, "The folder shared/conformance/flink/parse-corpus is not beside the repository.");
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder!, file)));
        var cases = new List<Case>();
        foreach (var item in document.RootElement.EnumerateArray())
        {
            var isAccept = item.TryGetProperty("expect", out var expect) ? expect.GetString() == "accept" : accept;
            var sql = item.GetProperty("sql").GetString()!;
            // A caret on each side marks the place of the error.
            if (!isAccept) sql = sql.Replace("^", "", StringComparison.Ordinal);
            cases.Add(new Case(item.GetProperty("test").GetString()!, kind ?? item.GetProperty("kind").GetString()!, sql, isAccept));
        }

        return cases;
    }

    private void Judge(string name, List<Case> cases, double least)
    {
        var wrong = new StringBuilder();
        var right = 0;
        foreach (var c in cases)
        {
            string? error = null;
            try
            {
                var source = new SourceText(c.Test, c.Sql);
                if (c.Kind == "expr") SqlParser.ParseExpression(source);
                else SqlParser.ParseScript(source);
            }
            catch (SqlException e)
            {
                error = e.Message;
            }

            if (error is null == c.Accept) right++;
            else wrong.AppendLine(error ?? "accepted").AppendLine(c.Sql).AppendLine();
        }

        var share = (double)right / cases.Count;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {right} of {cases.Count} ({share:P2})"));
        output.WriteLine(wrong.ToString());
        if (Environment.GetEnvironmentVariable("FRESHET_PARSE_REPORT") is { } report) File.WriteAllText(report + "." + name, $"{right} of {cases.Count}\n{wrong}");
        Assert.True(share >= least, string.Create(CultureInfo.InvariantCulture, $"{name}: {right} of {cases.Count} ({share:P2}), at least {least:P0} are needed.\n{wrong}"));
    }

    private static string? Folder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (!File.Exists(Path.Combine(at.FullName, "Freshet.slnx"))) continue;
            var folder = Path.Combine(at.FullName, "..", "shared", "conformance", "flink", "parse-corpus");
            return Directory.Exists(folder) ? folder : null;
        }

        return null;
    }
}
