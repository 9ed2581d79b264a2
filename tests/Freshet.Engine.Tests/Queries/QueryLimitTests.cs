using Freshet.Log;
using Freshet.Syntax.Text;
using Freshet.Testing.Disks;

namespace Freshet.Engine.Tests.Queries;

/// <summary>An ad-hoc query beyond its limits: an error, never a shorter answer, and nothing of it stays.</summary>
public sealed class QueryLimitTests
{
    private const string Ten = "(VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10))";

    /// <summary>10^5 rows that are kept before the first is given.</summary>
    private const string Kept = $"SELECT DISTINCT a.x, b.x, c.x, d.x, e.x FROM {Ten} a(x), {Ten} b(x), {Ten} c(x), {Ten} d(x), {Ten} e(x)";

    [Theory]
    [InlineData(Kept)]
    [InlineData($"SELECT a.x, b.x, c.x, d.x, e.x FROM {Ten} a(x), {Ten} b(x), {Ten} c(x), {Ten} d(x), {Ten} e(x) ORDER BY 1")]
    [InlineData($"SELECT a.x, b.x, c.x, d.x, e.x, f.x FROM {Ten} a(x), {Ten} b(x), {Ten} c(x), {Ten} d(x), {Ten} e(x), {Ten} f(x)")]
    public void A_query_that_holds_more_than_it_may_ends_with_an_error(string sql)
    {
        using var log = LogStore.Open(new SimulatedDisk(new Random(1)), "/data", new LogOptions { ExtentBytes = 4096 });
        using var pipeline = Pipeline.Start(log, [new SourceText("test.sql", "")], new PipelineOptions { Workers = 1, QueryBytesMax = 1 << 20 });
        var error = Assert.Throws<EngineException>(() => Rows(pipeline, sql));
        Assert.Equal("query_memory", error.Code);
        Assert.Contains("limits.queryBytes", error.Message, StringComparison.Ordinal);

        Assert.Equal(1, Rows(pipeline, $"SELECT COUNT(*) FROM {Ten} a(x), {Ten} b(x)"));
    }

    [Fact]
    public void A_query_within_its_limit_gives_all_its_rows()
    {
        using var log = LogStore.Open(new SimulatedDisk(new Random(1)), "/data", new LogOptions { ExtentBytes = 4096 });
        using var pipeline = Pipeline.Start(log, [new SourceText("test.sql", "")], new PipelineOptions { Workers = 1, QueryBytesMax = 64 << 20 });
        Assert.Equal(100_000, Rows(pipeline, Kept));
    }

    [Fact]
    public void A_query_is_broken_off_within_a_step()
    {
        using var log = LogStore.Open(new SimulatedDisk(new Random(1)), "/data", new LogOptions { ExtentBytes = 4096 });
        using var pipeline = Pipeline.Start(log, [new SourceText("test.sql", "")], new PipelineOptions { Workers = 1 });
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => Rows(pipeline, $"SELECT COUNT(*) FROM {Ten} a(x), {Ten} b(x), {Ten} c(x), {Ten} d(x), {Ten} e(x), {Ten} f(x)", stop.Token));
    }

    private static long Rows(Pipeline pipeline, string sql, CancellationToken cancellation = default)
    {
        using var query = pipeline.Query(sql, cancellation);
        var rows = 0L;
        while (query.Next() is { } batch)
        {
            rows += batch.Count;
            batch.Release();
        }

        return rows;
    }
}
