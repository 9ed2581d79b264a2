using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Engine.Tests.Steps;

/// <summary>What is said of a project's SQL before anything runs.</summary>
public sealed class BindTests
{
    private const string Totals = "CREATE TABLE totals (user_id STRING, n BIGINT, PRIMARY KEY (user_id) NOT ENFORCED) WITH ('connector' = 'log');\n";

    [Theory]
    [InlineData("INSERT INTO totals SELECT user_id, COUNT(*) FROM events GROUP BY user_id;", "2:13: The query of INSERT INTO totals takes rows back, and a table of the connector 'log' that is declared like this can only add them. Declare the topic with 'changelog' = 'upsert'")]
    [InlineData("INSERT INTO totals SELECT user_id, sequence FROM events ON CONFLICT DO DEDUPLICATE;", "2:13: The query of INSERT INTO totals takes rows back")]
    [InlineData("SELECT 1;", "2:1: A project keeps results in views")]
    public void What_could_not_start_is_refused_at_its_place(string statement, string expected)
    {
        var refusal = Assert.Throws<SqlException>(() => Bind(Totals + statement));
        Assert.Contains(expected, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_topic_takes_all_versions_of_a_key()
    {
        var plan = Bind(Totals + "INSERT INTO totals SELECT user_id, sequence FROM events;").Inserts[0].Plan;
        Assert.True(plan.IsAppendOnly);
    }

    private static Sql.Binding.ScriptBinder Bind(string sql) => Pipeline.Bind([new SourceText("test.sql", sql)], new PipelineOptions());
}
