using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Engine.Tests.Steps;

/// <summary>What is wrong with an option is said at the option.</summary>
public sealed class OptionPlaceTests
{
    [Theory]
    [InlineData("'connector' = 'filesystm', 'path' = 'x'", "test.sql:2:7: There is no connector 'filesystm'")]
    [InlineData("'connector' = 'filesystem', 'path' = 'x',\n 'fromat' = 'csv'", "test.sql:3:2: The connector 'filesystem' has no option 'fromat'. Did you mean format?")]
    [InlineData("'path' = 'x'", "test.sql:1:1: Table t has no 'connector' option")]
    public void A_misspelt_option_is_found_where_it_stands(string options, string message)
    {
        var error = Assert.Throws<SqlException>(() => Pipeline.Bind([new SourceText("test.sql", $"CREATE TABLE t (id INT)\nWITH ({options});")], new PipelineOptions()));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }
}
