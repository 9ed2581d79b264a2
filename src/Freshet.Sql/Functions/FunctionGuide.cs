using System.Text;

namespace Freshet.Sql.Functions;

/// <summary>The page of the guide that lists all scalar functions, written from their declarations.</summary>
public static class FunctionGuide
{
    private const string Introduction = """
        # Functions

        <!-- Written by `freshet functions --markdown`; a test compares. -->

        The scalar functions of Flink SQL, with Flink's results and types. Every example is a test. A call is chosen by the number and
        the types of its arguments, and nothing is cast to fit but NULL and VARIANT; a call that fits none is refused with the
        signatures. STRING stands for CHAR and VARCHAR, INTEGER for TINYINT to BIGINT, NUMBER for every number (as DOUBLE: computed as one),
        TIME for dates, times and timestamps, and `...` for more arguments of that kind. The result is NULL where an argument is, if nothing else is said.

        Regular expressions are Java's and run in time linear in the text; what has no such form (references to groups, looking ahead and
        behind, atomic groups) is refused. RAND, RAND_INTEGER and UUID give every row its own value, the same in every replay.

        """;

    public static string Markdown()
    {
        var text = new StringBuilder(Introduction.ReplaceLineEndings("\n"));
        var functions = FunctionCatalogue.All.ToList();
        foreach (var theme in functions.Select(f => f.Theme).Concat(SpecialForms.All.Select(f => f.Theme)).Distinct())
        {
            text.Append("\n## ").Append(theme).Append("\n\n| call | gives | example |\n|---|---|---|\n");
            var lines = functions.Where(f => f.Theme == theme).Select(Line)
                .Concat(SpecialForms.All.Where(f => f.Theme == theme).Select(f => Line(f.Name, [f.Written], f.Sentence, f.Examples)));
            foreach (var line in lines.OrderBy(l => l, StringComparer.Ordinal)) text.Append(line);
        }

        return text.ToString();
    }

    private static string Line(ScalarFunction function)
    {
        var sentence = function.Names.Length == 1 ? function.Sentence : $"{function.Sentence} Also {string.Join(", ", function.Names.Skip(1))}.";
        return Line(function.Name, function.Calls, sentence, function.Examples);
    }

    private static string Line(string name, IEnumerable<string> calls, string sentence, IReadOnlyList<Example> examples) =>
        $"| <a id=\"{Anchor(name)}\"></a>{string.Join("<br>", calls.Select(Code))} | {Escape(sentence)} | {string.Join("<br>", examples.Select(e => $"{Code(e.Sql)} → {Code(e.Result)}"))} |\n";

    private static string Anchor(string name) => name.ToLowerInvariant().Replace(' ', '-');

    private static string Code(string text) => text.Length == 0 ? "(empty)" : text.Contains('`', StringComparison.Ordinal) ? $"`` {Escape(text)} ``" : $"`{Escape(text)}`";

    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
