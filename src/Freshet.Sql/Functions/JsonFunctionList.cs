using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;
using static Freshet.Sql.Functions.ResultTypes;

namespace Freshet.Sql.Functions;

/// <summary>Functions of JSON texts and VARIANT that are called like any other.</summary>
internal static class JsonFunctionList
{
    public static IEnumerable<ScalarFunction> All =>
    [
        Json("PARSE_JSON", "STRING [, BOOLEAN]", SqlType.Variant, JsonConstructors.Parse(isTry: false), "A JSON text as a VARIANT; of equal keys the last counts where the second argument is TRUE, else they are an error.", ("CAST(PARSE_JSON('{\"a\": 1}')['a'] AS INT)", "1")) with { CanFail = true },
        Json("TRY_PARSE_JSON", "STRING [, BOOLEAN]", SqlType.Variant, JsonConstructors.Parse(isTry: true), "A JSON text as a VARIANT; NULL where it is none.", ("TRY_PARSE_JSON('{') IS NULL", "TRUE")) with { Nulls = NullRule.Always },
        Json("JSON_STRING", "ANY", SqlType.String, JsonConstructors.String, "A value as JSON text.", ("JSON_STRING(TRUE)", "true")),
        Json("JSON_QUOTE", "STRING", SqlType.String, JsonConstructors.Quote, "A text as a JSON string.", ("JSON_QUOTE('\"null\"')", "\"\\\"null\\\"\"")),
        Json("JSON_UNQUOTE", "STRING", SqlType.String, JsonConstructors.Unquote, "The text of a JSON string.", ("JSON_UNQUOTE('\"a\"')", "a")),
    ];

    private static ScalarFunction Json(string names, string signature, SqlType type, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        FunctionCatalogue.Function("JSON", names, signature, Always(type), kernel, sentence, examples);
}
