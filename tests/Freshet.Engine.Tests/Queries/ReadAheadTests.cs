using System.Globalization;
using System.Text;
using Freshet.Engine.Steps;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Syntax.Text;
using Freshet.Testing.Disks;

namespace Freshet.Engine.Tests.Queries;

/// <summary>A query over a topic decodes the next step's rows while a step runs: what it gives is what it gives without.</summary>
public sealed class ReadAheadTests
{
    private const int Events = 1000;

    [Theory]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(999)]
    [InlineData(65_536)]
    public async Task Every_row_is_read_once_however_many_a_step_takes(int stepRows)
    {
        using var log = await LogAsync();
        using var pipeline = Start(log, stepRows);
        Assert.Equal([$"{Events} | {Events * (Events - 1) / 2}"], Rows(pipeline, "SELECT COUNT(*), SUM(CAST(properties['v'] AS INT)) FROM events"));
        Assert.Equal(Enumerable.Range(0, Events).Select(i => $"m{i}").Order(StringComparer.Ordinal), Rows(pipeline, "SELECT message_id FROM events").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_query_that_is_left_early_leaves_nothing_that_is_still_decoded()
    {
        using var log = await LogAsync();
        using var pipeline = Start(log, 64);
        await pipeline.WhenVisibleAsync("events", Events - 1, TestContext.Current.CancellationToken);
        for (var i = 0; i < 20; i++)
        {
            using var query = pipeline.Query("SELECT message_id FROM events");
            query.Next()!.Release();
        }
    }

    private static async Task<LogStore> LogAsync()
    {
        var log = LogStore.Open(new SimulatedDisk(new Random(1)), "/data", new LogOptions { ExtentBytes = 4096 });
        var events = log.OpenPartition("events");
        for (var i = 0; i < Events;)
        {
            var set = RecordSet.Rent();
            for (var n = 0; n < 40; n++, i++)
                set.Add(1_700_000_000_000 + i, default, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"messageId":"m{{i}}","type":"track","event":"e","timestamp":"2023-11-14T22:13:20.000Z","properties":{"v":{{i}}} }""")));
            await log.AppendAsync(events, set);
        }

        return log;
    }

    private static Pipeline Start(LogStore log, int stepRows) =>
        Pipeline.Start(log, [new SourceText("test.sql", "CREATE MATERIALIZED VIEW v AS SELECT COUNT(*) AS n FROM events")], new PipelineOptions { Workers = 1, Budget = new StepBudget(stepRows, 1 << 20) });

    private static unsafe List<string> Rows(Pipeline pipeline, string sql)
    {
        pipeline.WhenVisibleAsync("events", Events - 1).GetAwaiter().GetResult();
        using var query = pipeline.Query(sql);
        var rows = new List<string>();
        while (query.Next() is { } batch)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch.RowAt(i);
                rows.Add(batch.Columns.Length == 1 ? batch.Columns[0].As<Freshet.Columns.StringView>()[batch.Columns[0].IndexOf(row)].Text : $"{batch.Columns[0].As<long>()[batch.Columns[0].IndexOf(row)]} | {batch.Columns[1].As<int>()[batch.Columns[1].IndexOf(row)]}");
            }

            batch.Release();
        }

        return rows;
    }
}
