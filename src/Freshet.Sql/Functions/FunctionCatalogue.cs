using System.Collections.Immutable;
using Freshet.Kernels.Expressions;

namespace Freshet.Sql.Functions;

/// <summary>
/// The scalar functions, as data, a file for each theme. Functions with a form of their own (CAST, CASE, EXTRACT, JSON_VALUE ...)
/// are described by <see cref="SpecialForms"/> and bound by <see cref="Binding.SpecialFunctions"/>.
/// </summary>
public static class FunctionCatalogue
{
    private static readonly Dictionary<string, ScalarFunction> ByName = Index();

    /// <summary>All functions in order of theme and declaration.</summary>
    public static IEnumerable<ScalarFunction> All => Declarations();

    public static IEnumerable<string> Names => ByName.Keys;

    public static ScalarFunction? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>A declaration: names and signature as text, the first name is shown.</summary>
    internal static ScalarFunction Function(string theme, string names, string signature, ResultRule result, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples)
    {
        var list = ImmutableArray.CreateBuilder<Example>(examples.Length);
        foreach (var (sql, value) in examples) list.Add(new Example(sql, value));
        return new(theme, [.. names.Split(' ')], [new Signature(signature, result, kernel)], sentence, list.MoveToImmutable());
    }

    private static Dictionary<string, ScalarFunction> Index()
    {
        var index = new Dictionary<string, ScalarFunction>(StringComparer.Ordinal);
        foreach (var function in Declarations())
            foreach (var name in function.Names) index.Add(name, function);
        return index;
    }

    private static IEnumerable<ScalarFunction> Declarations() =>
    [
        .. TextFunctions.All,
        .. PatternFunctions.All,
        .. CodingFunctions.All,
        .. NumberFunctions.All,
        .. TimeFunctions.All,
        .. JsonFunctionList.All,
        .. CollectionFunctions.All,
        .. BitmapFunctions.All,
    ];
}
