using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Collections;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;
using Freshet.Kernels.Rows;
using static Freshet.Sql.Functions.ResultTypes;

namespace Freshet.Sql.Functions;

/// <summary>Functions of arrays and maps.</summary>
internal static class CollectionFunctions
{
    public static IEnumerable<ScalarFunction> All => [.. Arrays(), .. Sets(), .. Orders(), .. Maps()];

    private static IEnumerable<ScalarFunction> Arrays() =>
    [
        Collection("CARDINALITY", "ARRAY", Always(SqlType.Int), CollectionKernels.Cardinality, "The number of elements of an array or map.", ("CARDINALITY(ARRAY[1, 2])", "2")).Or("MAP", CollectionKernels.Cardinality),
        Collection("ELEMENT", "ARRAY", Only, RowLoop.Of<OnlyElement>(), "The only element of an array; NULL of an empty one, an error of one with more.", ("ELEMENT(ARRAY[7])", "7")) with { Nulls = NullRule.OfType, CanFail = true },
        WithElement("ARRAY_APPEND", ArrayWithElement, RowLoop.Of(new AddElement(true)), "The array with a further element at its end.", ("ARRAY_JOIN(ARRAY_APPEND(ARRAY['a', 'b'], 'c'), ',')", "a,b,c")),
        WithElement("ARRAY_PREPEND", ArrayWithElement, RowLoop.Of(new AddElement(false)), "The array with a further element at its beginning.", ("ARRAY_JOIN(ARRAY_PREPEND(ARRAY['a', 'b'], 'c'), ',')", "c,a,b")),
        WithElement("ARRAY_CONTAINS", NullableAsFirst(SqlType.Boolean), RowLoop.Of<ContainsElement>(), "Whether a value, or NULL, is an element.", ("ARRAY_CONTAINS(ARRAY[1, 2, 3], 2)", "TRUE")),
        WithElement("ARRAY_POSITION", Always(SqlType.Int), RowLoop.Of<PositionOfElement>(), "Where a value is among the elements, from 1; 0 where it is not.", ("ARRAY_POSITION(ARRAY[1, 2, 2], 2)", "2")) with { Nulls = NullRule.OfArguments },
        WithElement("ARRAY_REMOVE", First, RowLoop.Of<RemoveElement>(), "The array without a value.", ("CARDINALITY(ARRAY_REMOVE(ARRAY[1, 2, 2], 2))", "1")),
        Collection("ARRAY_REVERSE", "ARRAY", First, RowLoop.Of<ReverseArray>(), "The elements from last to first.", ("ARRAY_JOIN(ARRAY_REVERSE(ARRAY['a', 'b']), ',')", "b,a")),
        Collection("ARRAY_SLICE", "ARRAY, INTEGER [, INTEGER]", First, RowLoop.Of<SliceArray>(), "The elements from a start to an end, both from 1, or from the end where negative.", ("ARRAY_JOIN(ARRAY_SLICE(ARRAY['a', 'b', 'c'], -2), ',')", "b,c"), ("ARRAY_JOIN(ARRAY_SLICE(ARRAY['a', 'b', 'c'], 1, 2), ',')", "a,b")),
        Collection("ARRAY_JOIN", "ARRAY, STRING [, STRING]", Always(SqlType.String), RowLoop.Of<JoinArray>(), "Texts with a separator between them; NULLs are left out, or written as the third argument.", ElementsAreTexts, ("ARRAY_JOIN(ARRAY['a', CAST(NULL AS STRING), 'b'], '+', '?')", "a+?+b")),
        Collection("SPLIT", "STRING, STRING", Always(SqlType.Array(SqlType.String)), RowLoop.Of<SplitText>(), "The parts of a text as an array; an empty separator parts its characters.", ("SPLIT('a,b,,c', ',')[4]", "c")),
    ];

    private static IEnumerable<ScalarFunction> Sets() =>
    [
        Collection("ARRAY_CONCAT", "ARRAY...", First, RowLoop.Of<ConcatArrays>(), "All elements of several arrays.", AllCommon, ("CARDINALITY(ARRAY_CONCAT(ARRAY[1], ARRAY[2, 3]))", "3")),
        Collection("ARRAY_DISTINCT", "ARRAY", First, RowLoop.Of(new ArraySet(SetKind.Distinct)), "Each element once.", ("ARRAY_JOIN(ARRAY_DISTINCT(ARRAY['a', 'b', 'a']), ',')", "a,b")),
        Collection("ARRAY_UNION", "ARRAY, ARRAY", First, RowLoop.Of(new ArraySet(SetKind.Union)), "The elements of both arrays, each once.", AllCommon, ("ARRAY_JOIN(ARRAY_UNION(ARRAY['a', 'b', 'a'], ARRAY['c', 'a']), ',')", "a,b,c")),
        Collection("ARRAY_EXCEPT", "ARRAY, ARRAY", First, RowLoop.Of(new ArraySet(SetKind.Except)), "The elements of the first array that are not in the second, each once.", AllCommon, ("ARRAY_JOIN(ARRAY_EXCEPT(ARRAY['a', 'b', 'a', 'c'], ARRAY['c']), ',')", "a,b")),
        Collection("ARRAY_INTERSECT", "ARRAY, ARRAY", First, RowLoop.Of(new ArraySet(SetKind.Intersect)), "The elements of both arrays, each once.", AllCommon, ("ARRAY_JOIN(ARRAY_INTERSECT(ARRAY['a', 'b', 'a'], ARRAY['c', 'a']), ',')", "a")),
    ];

    private static IEnumerable<ScalarFunction> Orders() =>
    [
        Collection("ARRAY_MAX", "ARRAY", Element, RowLoop.Of(new ExtremeElement(true)), "The largest element; NULL where there is none.", ElementsHaveOrder, ("ARRAY_MAX(ARRAY[1, 3, 2])", "3")) with { Nulls = NullRule.Always },
        Collection("ARRAY_MIN", "ARRAY", Element, RowLoop.Of(new ExtremeElement(false)), "The smallest element; NULL where there is none.", ElementsHaveOrder, ("ARRAY_MIN(ARRAY['b', 'a'])", "a")) with { Nulls = NullRule.Always },
        Collection("ARRAY_SORT", "ARRAY [, BOOLEAN [, BOOLEAN]]", First, RowLoop.Of<SortArray>(), "The elements in order: ascending without a second argument or where it is TRUE; NULLs first where the third is TRUE, and without one where the order is ascending.", ElementsHaveOrder, ("ARRAY_JOIN(ARRAY_SORT(ARRAY['b', 'a', 'c'], FALSE), ',')", "c,b,a")),
    ];

    private static IEnumerable<ScalarFunction> Maps() =>
    [
        Collection("MAP_KEYS", "MAP", static t => SqlType.Array(t[0].Fields[0].Type), RowLoop.Of(new PartsOfMap(MapPart.Keys)), "The keys as an array.", ("ARRAY_JOIN(MAP_KEYS(MAP['a', 1, 'b', 2]), ',')", "a,b")),
        Collection("MAP_VALUES", "MAP", static t => SqlType.Array(t[0].Fields[1].Type), RowLoop.Of(new PartsOfMap(MapPart.Values)), "The values as an array.", ("MAP_VALUES(MAP['a', 1, 'b', 2])[2]", "2")),
        Collection("MAP_ENTRIES", "MAP", static t => SqlType.Array(SqlType.Row(t[0].Fields)), RowLoop.Of(new PartsOfMap(MapPart.Entries)), "The keys and values as an array of ROW<key, value>.", ("MAP_ENTRIES(MAP['a', 1])[1].`value`", "1")),
        Collection("MAP_FROM_ARRAYS", "ARRAY, ARRAY", static t => SqlType.Map(t[0].Fields[0].Type, t[1].Fields[0].Type), RowLoop.Of<MapFromArrays>(), "A map of keys and values; of equal keys the last counts.", ("MAP_FROM_ARRAYS(ARRAY['a', 'b'], ARRAY[1, 2])['b']", "2")) with { CanFail = true, Nulls = NullRule.OfArguments },
        Collection("MAP_UNION", "MAP...", First, RowLoop.Of<UnionOfMaps>(), "All entries of several maps; of equal keys the last counts.", AllCommon, ("MAP_UNION(MAP['a', 1], MAP['b', 2], MAP['a', 3])['a']", "3")),
    ];

    private static SqlType Only(ImmutableArray<SqlType> types) => Element(types).WithNullable(Element(types).IsNullable || types[0].IsNullable);

    private static ScalarFunction Collection(string name, string signature, ResultRule result, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        FunctionCatalogue.Function("Collections", name, signature, result, kernel, sentence, examples);

    private static ScalarFunction Collection(string name, string signature, ResultRule result, ScalarKernel kernel, string sentence, AgreementRule agree, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        Collection(name, signature, result, kernel, sentence, examples) with { Signatures = [new Signature(signature, result, kernel, agree)] };

    private static ScalarFunction WithElement(string name, ResultRule result, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        Collection(name, "ARRAY, ANY", result, kernel, sentence, SecondIsElement, examples) with { Nulls = NullRule.OfType };
}
