using Freshet.Sql.Functions;

namespace Freshet.Sql.Tests.Binding;

public sealed class FunctionExampleTests
{
    public static TheoryData<string, string> Examples => [.. FunctionCatalogue.All.SelectMany(f => f.Examples).Select(e => (e.Sql, e.Result))];

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_of_a_function_gives_its_result(string sql, string result) => Assert.Equal(result, Planned.ValueOf($"CAST({sql} AS STRING)"));
}
