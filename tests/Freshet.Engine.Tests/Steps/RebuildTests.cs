using System.Globalization;
using System.Text;
using Freshet.Columns;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Syntax.Text;
using Freshet.Testing.Disks;
using Record = Freshet.Log.Records.Record;

namespace Freshet.Engine.Tests.Steps;

/// <summary>Records of the past are emptied while a pipeline runs: after the rebuild its views are those of a pipeline that starts on that log, and it goes on.</summary>
public sealed class RebuildTests(ITestOutputHelper output)
{
    private const string Sql = """
        CREATE MATERIALIZED VIEW counted AS SELECT user_id, COUNT(*) AS n, MAX(CAST(properties['v'] AS INT)) AS most FROM events GROUP BY user_id;
        CREATE MATERIALIZED VIEW total AS SELECT COUNT(*) AS n, SUM(CAST(properties['v'] AS INT)) AS s FROM events;
        CREATE MATERIALIZED VIEW latest AS SELECT user_id, message_id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY sequence DESC) AS n FROM events) WHERE n = 1;
        CREATE MATERIALIZED VIEW per_minute AS SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
        CREATE TABLE copies (id STRING) WITH ('connector' = 'log');
        INSERT INTO copies SELECT message_id FROM events;
        """;

    [Fact]
    public async Task Views_are_those_of_a_start_on_the_log_as_it_is_then()
    {
        var seed = Seeds.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var disk = new SimulatedDisk(new Random(seed));
        var options = new LogOptions { ExtentBytes = 4096, SegmentBytes = 4000 };
        string[] served;
        using (var log = LogStore.Open(disk, "/data", options))
        using (var pipeline = Start(log))
        {
            var events = log.OpenPartition("events");
            var next = 0;
            for (var round = 0; round < 4; round++)
            {
                long last = 0;
                for (var i = random.Next(20, 60); i > 0; i--) last = await AppendAsync(log, events, next++, random);
                await pipeline.WhenVisibleAsync("events", last, TestContext.Current.CancellationToken);
                var gone = $"\"u{round}\"";
                log.Rewrite(events, events.NextOffset, (in Record record, out ReadOnlyMemory<byte> value) =>
                {
                    value = default;
                    return record.HasValue && Encoding.UTF8.GetString(record.Value).Contains(gone, StringComparison.Ordinal) ? RecordEdit.Empties : RecordEdit.Keeps;
                });
                var seen = new List<long>();
                using (pipeline.Follow(c => seen.Add(c.Of(pipeline.Views.First(v => v.Name == "total")).Sum(b => (long)b.Count))))
                {
                    var changed = pipeline.Rebuild();
                    Assert.Equal(2, changed["total"]);
                }

                Assert.Equal([2], seen);
                await pipeline.WhenVisibleAsync("events", await AppendAsync(log, events, next++, random, isOfLast: true), TestContext.Current.CancellationToken);
                Assert.DoesNotContain(Rows(pipeline, "counted"), r => r.Contains($"u{round} ", StringComparison.Ordinal) && round < 3);
            }

            served = All(pipeline);
            Assert.Equal(next, (int)log.OpenPartition("copies").NextOffset.Value);
        }

        using var again = LogStore.Open(disk, "/data", options);
        using var restarted = Start(again);
        Assert.Equal(All(restarted), served);
        Assert.NotEmpty(served);
    }

    private static Pipeline Start(LogStore log) => Pipeline.Start(log, [new SourceText("test.sql", Sql)], new PipelineOptions { Workers = 2 });

    private static async Task<long> AppendAsync(LogStore log, Partition events, int number, Random random, bool isOfLast = false)
    {
        var set = RecordSet.Rent();
        var time = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000 + number * 7);
        // The last of the users is never erased.
        set.Add(time.ToUnixTimeMilliseconds(), default, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"messageId":"m{{number}}","type":"track","userId":"u{{(isOfLast || number % 5 == 0 ? 4 : random.Next(5))}}","timestamp":"{{time:yyyy-MM-ddTHH:mm:ss.fffZ}}","properties":{"v":{{random.Next(100)}}} }""")));
        return (await log.AppendAsync(events, set)).Value;
    }

    private static string[] All(Pipeline pipeline) => [.. new[] { "counted", "total", "latest", "per_minute" }.SelectMany(v => Rows(pipeline, v).Select(r => v + ": " + r))];

    private static string[] Rows(Pipeline pipeline, string view)
    {
        using var query = pipeline.Query($"SELECT * FROM {view}");
        var rows = new List<string>();
        while (query.Next() is { } batch)
        {
            for (var i = 0; i < batch.Count; i++) rows.Add(string.Join(" | ", batch.Columns.Select((c, at) => Text(query.Schema, c, at, batch.RowAt(i)))));
            batch.Release();
        }

        return [.. rows.Order(StringComparer.Ordinal)];
    }

    private static unsafe string Text(Schema schema, Column column, int at, int row)
    {
        if (column.IsNull(row)) return "NULL";
        if (schema[at].Physical != Columns.Types.PhysicalKind.View) return schema[at].Physical == Columns.Types.PhysicalKind.Int32 ? column.As<int>()[column.IndexOf(row)].ToString(CultureInfo.InvariantCulture) : column.As<long>()[column.IndexOf(row)].ToString(CultureInfo.InvariantCulture);
        var view = column.As<StringView>()[column.IndexOf(row)];
        return Encoding.UTF8.GetString(StringView.Span(&view));
    }
}
