using System.Text;
using Freshet.Columns;
using Freshet.Engine.Queries;
using Freshet.Sql.Functions;
using Freshet.Syntax.Text;

namespace Freshet.Engine.Tests.Queries;

/// <summary>Every example of the function catalogue gives the result that it names.</summary>
public sealed class FunctionExampleTests
{
    public static TheoryData<string, string> Examples => [.. FunctionCatalogue.All.SelectMany(f => f.Examples).Concat(SpecialForms.All.SelectMany(f => f.Examples)).Select(e => (e.Sql, e.Result))];

    [Theory]
    [MemberData(nameof(Examples))]
    public unsafe void An_example_gives_its_result(string sql, string expected)
    {
        var (run, _) = Script.Start([new SourceText("example.sql", $"SELECT CAST({sql} AS STRING)")], new PipelineOptions { Workers = 1 });
        using (run)
        {
            var batch = run.Next(0)!;
            var text = batch.Columns[0].IsNull(0) ? "NULL" : Encoding.UTF8.GetString(StringView.Span(batch.Columns[0].As<StringView>() + batch.Columns[0].IndexOf(batch.RowAt(0))));
            batch.Release();
            Assert.Equal(expected, text);
        }
    }
}
