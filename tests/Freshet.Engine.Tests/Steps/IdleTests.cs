using System.Text;
using Freshet.Columns;
using Freshet.Engine.Journals;
using Freshet.Engine.Steps;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Syntax.Text;
using Freshet.Testing.Disks;

namespace Freshet.Engine.Tests.Steps;

/// <summary>A table that becomes idle by the clock no longer holds back a union; a replay has idleness begin and end where it did.</summary>
public sealed class IdleTests
{
    private const string Project = """
        CREATE TABLE a (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'log', 'format' = 'json', 'scan.watermark.idle-timeout' = '1 h');
        CREATE TABLE b (id INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'log', 'format' = 'json', 'scan.watermark.idle-timeout' = '1 ms');
        CREATE VIEW ab AS SELECT id, ts FROM a UNION ALL SELECT id, ts FROM b;
        CREATE MATERIALIZED VIEW counts AS
          SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE ab, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task An_idle_table_holds_back_nothing_and_a_replay_gives_the_same(int workers)
    {
        using var log = LogStore.Open(new SimulatedDisk(new Random(1)), "/data", new LogOptions { ExtentBytes = 4096 });
        using (var pipeline = Start(log, workers))
        {
            await AppendAsync(log, pipeline, "b", "00:20");
            await AppendAsync(log, pipeline, "a", "00:10", "02:10");
            await UntilAsync(pipeline, "00:2");
            await AppendAsync(log, pipeline, "a", "03:10");
            await UntilAsync(pipeline, "00:2 02:1");
            // The first is behind what has been closed while b was idle; it would be in time if the rows of a above came in one step with it.
            await AppendAsync(log, pipeline, "b", "02:30", "03:30");
            await AppendAsync(log, pipeline, "a", "05:00");
            await UntilAsync(pipeline, "00:2 02:1 03:2");
            Assert.Equal("02:30", Late(pipeline));
        }

        Assert.Contains(JournalReader.Read(log.OpenPartition(StepLoop.JournalTopic)), e => e.Inputs.Any(i => i.Marks == InputMarks.Idle));
        using var again = Start(log, 3 - workers);
        Assert.Equal("00:2 02:1 03:2", Counts(again));
        Assert.Equal("02:30", Late(again));
    }

    private static Pipeline Start(LogStore log, int workers) => Pipeline.Start(log, [new SourceText("test.sql", Project)], new PipelineOptions { Workers = workers });

    private static async Task AppendAsync(LogStore log, Pipeline pipeline, string topic, params string[] times)
    {
        var records = RecordSet.Rent();
        foreach (var time in times) records.Add(1_000, default, Encoding.UTF8.GetBytes($$"""{"id":1,"ts":"2026-01-01 00:{{time}}"}"""));
        await pipeline.WhenVisibleAsync(topic, (await log.AppendAsync(log.OpenPartition(topic), records)).Value + times.Length - 1);
    }

    /// <summary>Waits for a view that only the clock can bring about.</summary>
    private static async Task UntilAsync(Pipeline pipeline, string counts)
    {
        for (var n = 0; n < 2000 && Counts(pipeline) != counts; n++) await Task.Delay(5);
        Assert.Equal(counts, Counts(pipeline));
    }

    private static string Counts(Pipeline pipeline) => Read(pipeline, "SELECT DATE_FORMAT(window_start, 'mm') || ':' || CAST(n AS STRING) AS c FROM counts");

    private static string Late(Pipeline pipeline) => Read(pipeline, "SELECT DATE_FORMAT(ts, 'mm:ss') AS c FROM `counts$late`");

    private static unsafe string Read(Pipeline pipeline, string sql)
    {
        using var query = pipeline.Query(sql);
        var rows = new List<string>();
        while (query.Next() is { } batch)
        {
            for (var i = 0; i < batch.Count; i++) rows.Add(batch.Columns[0].As<StringView>()[batch.Columns[0].IndexOf(batch.RowAt(i))].Text);
            batch.Release();
        }

        return string.Join(' ', rows.Order(StringComparer.Ordinal));
    }
}
