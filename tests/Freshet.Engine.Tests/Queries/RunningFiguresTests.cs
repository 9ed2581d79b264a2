using System.Globalization;
using System.Text;
using Freshet.Columns;
using Freshet.Engine.Views;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Syntax.Text;
using Freshet.Testing.Disks;

namespace Freshet.Engine.Tests.Queries;

/// <summary>EXPLAIN over a running pipeline: what its operators have done, and what its windows wait for.</summary>
public sealed class RunningFiguresTests
{
    private const string Project = """
        CREATE TABLE others (id STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'log', 'format' = 'json');
        CREATE MATERIALIZED VIEW per_minute AS
          SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
        CREATE MATERIALIZED VIEW counted AS SELECT user_id, COUNT(*) AS n FROM events GROUP BY user_id;
        CREATE MATERIALIZED VIEW joined AS SELECT o.id FROM events e JOIN others o ON e.user_id = o.id AND o.ts BETWEEN CAST(e.event_time AS TIMESTAMP(3)) - INTERVAL '1' MINUTE AND CAST(e.event_time AS TIMESTAMP(3));
        """;

    [Fact]
    public async Task A_view_is_explained_with_what_its_operators_have_done()
    {
        await using var running = await StartAsync();
        var plan = running.Ask("EXPLAIN counted").Select(r => r[0]!.Trim(' ', '│')).ToList();
        Assert.Contains(plan, l => l.StartsWith("measured: 4 rows in, 6 rows out, ", StringComparison.Ordinal) && l.Contains("state of 2 rows and ", StringComparison.Ordinal));
        Assert.Contains("measured: 4 rows taken", plan);
        Assert.Contains(running.Ask("EXPLAIN SELECT * FROM counted WHERE n > 1"), r => r[0] == "View counted:");
    }

    [Fact]
    public async Task The_watermark_of_a_view_says_what_the_next_window_waits_for()
    {
        await using var running = await StartAsync();
        var row = Assert.Single(running.Ask("EXPLAIN WATERMARK FOR per_minute"));
        Assert.Equal("events|2026-01-01 00:01:20.000|2026-01-01 00:00:10.000", string.Join('|', row[..3]));
        Assert.NotNull(row[3]);
        Assert.Equal("|yes|2026-01-01 00:01:59.999|39.999 s", string.Join('|', row[4..]));
        Assert.Equal("nothing waits", Assert.Single(running.Ask("EXPLAIN WATERMARK FOR counted"))[5]);
    }

    [Fact]
    public async Task Late_rows_and_errors_say_whose_they_are()
    {
        await using var running = await StartAsync();
        var late = Assert.Single(running.Pipeline.Views, v => v.Rows == ServedRows.Late && v.Of == "per_minute");
        Assert.Equal(1, late.Table.Rows);
        Assert.All(running.Pipeline.Views.Where(v => v.Rows == ServedRows.Errors), v => Assert.Equal(v.Name, v.Of + "$errors"));
    }

    /// <summary>Four events, one by one: two in one minute, one in the next, and one that is late for the first.</summary>
    private static async Task<Running> StartAsync()
    {
        var log = LogStore.Open(new SimulatedDisk(new Random(1)), "/data", new LogOptions { ExtentBytes = 4096 });
        var pipeline = Pipeline.Start(log, [new SourceText("test.sql", Project)], new PipelineOptions { Workers = 2 });
        var events = log.OpenPartition("events");
        (string User, string Time)[] sent = [("a", "00:00:00"), ("b", "00:00:20"), ("a", "00:01:30"), ("a", "00:00:10")];
        for (var n = 0; n < sent.Length; n++)
        {
            var records = RecordSet.Rent();
            records.Add(1_000 + n, default, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"messageId":"id-{{n}}","type":"track","userId":"{{sent[n].User}}","receivedAt":"2026-01-01T00:02:00.000Z","timestamp":"2026-01-01T{{sent[n].Time}}.000Z"}""")));
            await pipeline.WhenVisibleAsync("events", (await log.AppendAsync(events, records)).Value);
        }

        return new Running(log, pipeline);
    }

    private sealed record Running(LogStore Log, Pipeline Pipeline) : IAsyncDisposable
    {
        public unsafe List<string?[]> Ask(string sql)
        {
            using var query = Pipeline.Query(sql);
            var rows = new List<string?[]>();
            while (query.Next() is { } batch)
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    var at = batch.RowAt(i);
                    rows.Add([.. batch.Columns.Select(c => c.IsNull(at) ? null : c.As<StringView>()[at].Text)]);
                }

                batch.Release();
            }

            return rows;
        }

        public ValueTask DisposeAsync()
        {
            Pipeline.Dispose();
            Log.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
