using Freshet.Conformance.Cases;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;

namespace Freshet.Conformance.Families;

/// <summary>Texts that the parser must read, or must reject.</summary>
internal static class ParseCases
{
    public static Verdict Run(Case test)
    {
        var accept = !test.Has("expect") || test.Text("expect") == "accept";
        // A caret on each side marks the place of the error.
        var sql = accept ? test.Text("sql") : test.Text("sql").Replace("^", "", StringComparison.Ordinal);
        var source = new SourceText(test.Name, sql);
        try
        {
            if (test.Text("kind") == "expr") SqlParser.ParseExpression(source);
            else SqlParser.ParseScript(source);
            return accept ? Verdict.Of(Outcome.Exact) : new Verdict(Outcome.Wrong, "it was read", [sql], [test.Text("unparsed_or_error")]);
        }
        catch (SqlException e)
        {
            return accept ? new Verdict(Outcome.Wrong, e.Message, [sql], []) : Verdict.Of(Outcome.Exact);
        }
    }
}
