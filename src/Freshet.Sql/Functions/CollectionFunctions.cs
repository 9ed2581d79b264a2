using Freshet.Columns.Expressions;
using Freshet.Columns.Json.Kernels;
using Freshet.Columns.Types;
using static Freshet.Sql.Functions.ResultTypes;

namespace Freshet.Sql.Functions;

/// <summary>Functions of arrays and maps.</summary>
internal static class CollectionFunctions
{
    public static IEnumerable<ScalarFunction> All =>
    [
        Collection("CARDINALITY", "ARRAY", Always(SqlType.Int), CollectionKernels.Cardinality, "The number of elements of an array or map.", ("CARDINALITY(ARRAY[1, 2])", "2")).Or("MAP", CollectionKernels.Cardinality),
    ];

    private static ScalarFunction Collection(string names, string signature, ResultRule result, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        FunctionCatalogue.Function("Collections", names, signature, result, kernel, sentence, examples);
}
