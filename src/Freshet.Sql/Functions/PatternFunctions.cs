using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Patterns;
using Freshet.Kernels.Rows;
using static Freshet.Sql.Functions.ResultTypes;

namespace Freshet.Sql.Functions;

/// <summary>Functions of regular expressions, in Java's syntax and in linear time.</summary>
internal static class PatternFunctions
{
    public static IEnumerable<ScalarFunction> All =>
    [
        Pattern("REGEXP", "STRING, STRING", SqlType.Boolean, RowLoop.Of<HasMatch>(), "Whether a part of the text matches.", ("REGEXP('abc-def', '(\\d+)')", "FALSE"), ("REGEXP('abc-123', '(\\d+)')", "TRUE")),
        Pattern("REGEXP_EXTRACT", "STRING, STRING [, INTEGER]", SqlType.String, RowLoop.Of<ExtractMatch>(), "The first match, or a group of it.", ("REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 2)", "bar"), ("REGEXP_EXTRACT('foothebar', 'foo([\\w]+)', 1)", "thebar")) with { Nulls = NullRule.Always },
        Pattern("REGEXP_EXTRACT_ALL", "STRING, STRING [, INTEGER]", SqlType.Array(SqlType.String), RowLoop.Of<ExtractAll>(), "A group (the first one without a number) of every match, as an array.", ("REGEXP_EXTRACT_ALL('100-200, 300-400', '(\\d+)-(\\d+)', 2)[2]", "400")) with { Nulls = NullRule.Always },
        Pattern("REGEXP_REPLACE", "STRING, STRING, STRING", SqlType.String, RowLoop.Of<ReplaceMatches>(), "Every match replaced by a text.", ("REGEXP_REPLACE('foobar', 'oo|ar', 'abc')", "fabcbabc")),
        Pattern("REGEXP_COUNT", "STRING, STRING", SqlType.Int, RowLoop.Of<CountMatches>(), "The number of matches.", ("REGEXP_COUNT('abcabcabc', 'abcab')", "1")) with { Nulls = NullRule.Always },
        Pattern("REGEXP_INSTR", "STRING, STRING", SqlType.Int, RowLoop.Of<PlaceOfMatch>(), "Where the first match begins, from 1; 0 where there is none.", ("REGEXP_INSTR('hello world! Hello everyone!', 'Hello')", "14")) with { Nulls = NullRule.Always },
        Pattern("REGEXP_SUBSTR", "STRING, STRING", SqlType.String, RowLoop.Of<ExtractMatch>(), "The first match.", ("REGEXP_SUBSTR('100-200, 300-400', '(\\d+)-(\\d+)$')", "300-400")) with { Nulls = NullRule.Always },
    ];

    private static ScalarFunction Pattern(string name, string signature, SqlType type, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        FunctionCatalogue.Function("Regular expressions", name, signature, Always(type), kernel, sentence, examples) with
        {
            Refuse = (argument, text) => argument == 1 ? JavaPattern.Refuse(text, name, name is "REGEXP" or "REGEXP_EXTRACT" or "REGEXP_REPLACE") : null,
        };
}
