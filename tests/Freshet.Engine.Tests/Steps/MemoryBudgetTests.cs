using Freshet.Engine.Queries;
using Freshet.Syntax.Text;

namespace Freshet.Engine.Tests.Steps;

public sealed class MemoryBudgetTests
{
    private static readonly SourceText[] Sql =
    [
        new SourceText("test.sql", """
            CREATE TABLE bids (bidder BIGINT, price BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '2000', 'fields.bidder.min' = '1', 'fields.bidder.max' = '5');
            CREATE TABLE answer (bidder BIGINT, price BIGINT) WITH ('connector' = 'blackhole');
            INSERT INTO answer SELECT bidder, price FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder ORDER BY price) AS n FROM bids) WHERE n <= 3;
            """),
    ];

    [Fact]
    public void State_beyond_the_budget_ends_the_run_and_names_the_operator_that_keeps_most()
    {
        var error = Assert.Throws<EngineException>(() => Complete(new PipelineOptions { Workers = 1, StateBytesMax = 1 }));
        Assert.Equal("memory_budget", error.Code);
        Assert.Contains("is kept by 'Top 3 by bidder order price'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void State_within_the_budget_is_not_looked_at_further()
    {
        Complete(new PipelineOptions { Workers = 1, StateBytesMax = 1L << 40 });
        Complete(new PipelineOptions { Workers = 1 });
    }

    private static void Complete(PipelineOptions options)
    {
        using var run = Script.Start(Sql, options).Run;
        run.Complete();
    }
}
