using System.Globalization;
using System.Text;

namespace Freshet.Syntax.Tests.Parsing;

public sealed class ParseCorpusTests(ITestOutputHelper output)
{
    [Fact]
    public void Texts_that_the_planner_accepts_are_read() => Judge("planner", ParseCorpus.Planner(), 0.99);

    [Fact]
    public void Texts_that_the_parser_accepts_are_read() => Judge("accepted", [.. ParseCorpus.Parser().Where(c => c.Accept)], 0.97);

    [Fact]
    public void Texts_that_the_parser_rejects_are_rejected() => Judge("rejected", [.. ParseCorpus.Parser().Where(c => !c.Accept)], 0.95);

    private void Judge(string name, List<ParseCorpus.Case> cases, double least)
    {
        var wrong = new StringBuilder();
        var right = 0;
        foreach (var c in cases)
        {
            c.Parse(out var error);
            if (error is null == c.Accept) right++;
            else wrong.AppendLine(error ?? "accepted").AppendLine(c.Sql).AppendLine();
        }

        var share = (double)right / cases.Count;
        var figures = string.Create(CultureInfo.InvariantCulture, $"{name}: {right} of {cases.Count} ({share:P2})");
        output.WriteLine($"{figures}\n{wrong}");
        TestContext.Current.SendDiagnosticMessage(figures);
        Assert.True(share >= least, string.Create(CultureInfo.InvariantCulture, $"{figures}, at least {least:P0} are needed.\n{wrong}"));
    }
}
