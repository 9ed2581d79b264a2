using System.Globalization;
using System.Text;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;

namespace Freshet.Customers.Segments;

/// <summary>
/// SQL as of a given moment: the calls that read the clock become that moment, so that a query says what it will say then.
/// </summary>
internal static class ClockText
{
    private static readonly string[] Words = ["NOW", "CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "CURRENT_ROW_TIMESTAMP"];

    /// <summary>The text with the clock at a moment, µs since 1970.</summary>
    public static string At(string sql, long micros)
    {
        var text = new StringBuilder();
        var done = 0;
        foreach (var (start, end, word) in Calls(sql))
        {
            var moment = $"TO_TIMESTAMP_LTZ({(micros / 1000).ToString(CultureInfo.InvariantCulture)}, 3)";
            text.Append(sql, done, start - done).Append(word == "LOCALTIMESTAMP" ? $"CAST({moment} AS TIMESTAMP(3))" : moment);
            done = end;
        }

        return text.Append(sql, done, sql.Length - done).ToString();
    }

    public static bool IsIn(string sql) => Calls(sql).Any();

    /// <summary>The words of a text, for finding which objects it may read.</summary>
    public static IEnumerable<string> Names(string sql) => Lexer.Read(new SourceText("", sql)).Where(t => t.Kind is TokenKind.Word or TokenKind.QuotedName).Select(t => t.Text);

    private static IEnumerable<(int Start, int End, string Word)> Calls(string sql)
    {
        var tokens = Lexer.Read(new SourceText("", sql));
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Kind is not (TokenKind.Word or TokenKind.QuotedName) || Words.FirstOrDefault(w => w.Equals(tokens[i].Text, StringComparison.OrdinalIgnoreCase)) is not { } word) continue;
            var isCall = i + 2 < tokens.Count && tokens[i + 1].IsSymbol("(") && tokens[i + 2].IsSymbol(")");
            // NOW is a name of a column like any other, unless it is called.
            if (isCall) yield return (tokens[i].Span.Start, tokens[i + 2].Span.End, word);
            else if (tokens[i].Kind == TokenKind.Word && word is "CURRENT_TIMESTAMP" or "LOCALTIMESTAMP") yield return (tokens[i].Span.Start, tokens[i].Span.End, word);
        }
    }
}
