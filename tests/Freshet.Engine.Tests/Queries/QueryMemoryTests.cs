using System.Text;
using Freshet.Columns.Memory;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.State.Pages;
using Freshet.Syntax.Text;
using Freshet.Testing.Disks;

namespace Freshet.Engine.Tests.Queries;

/// <summary>
/// An ad-hoc query that fails, wherever it is then, gives back all native memory. The process's memory is counted, so no test runs beside; what
/// the threads of earlier tests still do is told apart by another attempt.
/// </summary>
[Collection("native memory")]
public sealed class QueryMemoryTests
{
    private const int Attempts = 5;

    private const string Ten = "(VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10))";

    private const string Many = $"{Ten} a(x), {Ten} b(x), {Ten} c(x), {Ten} d(x), {Ten} e(x)";

    [Theory]
    [InlineData("query_memory", $"SELECT DISTINCT a.x, b.x, c.x, d.x, e.x FROM {Many}")]
    [InlineData("query_memory", $"SELECT a.x, b.x, c.x, d.x, e.x FROM {Many} ORDER BY 1")]
    [InlineData("query_memory", $"SELECT a.x, COUNT(*) OVER (PARTITION BY a.x ORDER BY b.x) FROM {Many}")]
    [InlineData("bad_value", $"SELECT 1 / (a.x - b.x) FROM {Ten} a(x), {Ten} b(x)")]
    [InlineData("bad_value", "SELECT COUNT(*) FROM readings WHERE CAST(unit AS INT) = 1")]
    [InlineData("bad_value", "SELECT SUM(v) FROM readings")]
    public async Task A_query_that_fails_leaves_nothing(string code, string sql)
    {
        using var log = LogStore.Open(new SimulatedDisk(new Random(1)), "/data", new LogOptions { ExtentBytes = 4096 });
        using var pipeline = Pipeline.Start(log, [new SourceText("test.sql", "CREATE TABLE readings (unit STRING, v INT) WITH ('connector' = 'log');")], new PipelineOptions { Workers = 1, QueryBytesMax = 1 << 20 });
        var records = RecordSet.Rent();
        foreach (var value in new[] { """{"unit":"a longer text than fits","v":1}""", """{"unit":"b","v":"many"}""" }) records.Add(0, default, Encoding.UTF8.GetBytes(value));
        await log.AppendAsync(log.OpenPartition("readings"), records);
        long left;
        var attempts = 0;
        do
        {
            var before = NativePool.RentedBytes + StateMemory.UsedBytes;
            Assert.Equal(code, Assert.Throws<EngineException>(() => Run(pipeline, sql)).Code);
            left = NativePool.RentedBytes + StateMemory.UsedBytes - before;
        }
        while (left != 0 && ++attempts < Attempts);

        Assert.Equal(0, left);
    }

    private static void Run(Pipeline pipeline, string sql)
    {
        using var query = pipeline.Query(sql, CancellationToken.None);
        while (query.Next() is { } batch) batch.Release();
    }
}

/// <summary>Tests that count the process's native memory run alone.</summary>
[CollectionDefinition("native memory", DisableParallelization = true)]
public sealed class NativeMemoryCollection;
