using System.Globalization;
using System.Text;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Engine.Queries;
using Freshet.Log;
using Freshet.Log.Records;
using Freshet.Storage;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Testing.Disks;

namespace Freshet.Engine.Tests.Steps;

/// <summary>Results that change, written into topics and read back: by key, and in formats of changes.</summary>
public sealed class TopicChangesTests
{
    private static readonly LogOptions Small = new() { ExtentBytes = 4096 };

    /// <summary>The events of a user that have come least often: a result that loses rows and gets them again.</summary>
    private const string Result = "SELECT user_id, COUNT(*) AS n, MAX(sequence) AS last_seen FROM events GROUP BY user_id HAVING MOD(COUNT(*), 3) <> 0";

    public static TheoryData<string, string> Topics => new()
    {
        { ", PRIMARY KEY (user_id) NOT ENFORCED", "'changelog' = 'upsert'" },
        { "", "'format' = 'debezium-json'" },
        { ", PRIMARY KEY (user_id) NOT ENFORCED", "'format' = 'debezium-json'" },
        { "", "'format' = 'canal-json'" },
        { ", PRIMARY KEY (user_id) NOT ENFORCED", "'format' = 'maxwell-json'" },
        { "", "'format' = 'json', 'json.op-field' = 'op'" },
        { ", PRIMARY KEY (user_id) NOT ENFORCED", "'json.op-field' = 'op'" },
    };

    private static string Project(string key, string options, string query = Result) => $"""
        CREATE TABLE kept (user_id STRING, n BIGINT, last_seen BIGINT{key}) WITH ('connector' = 'log', {options});
        INSERT INTO kept {query};
        CREATE MATERIALIZED VIEW straight AS {query};
        CREATE MATERIALIZED VIEW through AS SELECT * FROM kept;
        """;

    [Theory]
    [MemberData(nameof(Topics))]
    public async Task A_result_that_changes_is_read_back_as_it_is_over_faults_kills_and_power_losses(string key, string options)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        var disk = new SimulatedDisk(new Random(seed));
        var sql = Project(key, options);
        for (var life = 0; life < 8; life++)
        {
            if (life % 3 == 1) disk.FailAt(random.Next(20, 120), StorageError.Io, andAllLater: true);
            await LifeAsync(disk, sql, random);
            disk.Heal();
            if (life % 2 == 0) disk.Kill();
            else disk.LosePower();
        }

        using var log = LogStore.Open(disk, "/data", Small);
        using var pipeline = Start(log, sql, 2);
        await UntilSameAsync(log, pipeline, $"seed {seed}");
        Assert.Equal(Rows(pipeline, "SELECT * FROM straight"), Rows(pipeline, "SELECT * FROM kept"));
    }

    [Fact]
    public async Task A_topic_of_upserts_has_the_key_and_the_row_and_no_value_where_the_row_is_gone()
    {
        var disk = new SimulatedDisk(new Random(1));
        using var log = LogStore.Open(disk, "/data", Small);
        using var pipeline = Start(log, Project(", PRIMARY KEY (user_id) NOT ENFORCED", "'changelog' = 'upsert'", "SELECT user_id, COUNT(*) AS n, MAX(sequence) AS last_seen FROM events GROUP BY user_id HAVING COUNT(*) <> 2"), 1);
        for (var n = 0; n < 3; n++) await pipeline.WhenVisibleAsync("events", (await AppendAsync(log, "a")).Value);
        Assert.Equal(
            ["{\"user_id\":\"a\"} {\"user_id\":\"a\",\"n\":1,\"last_seen\":0}", "{\"user_id\":\"a\"} -", "{\"user_id\":\"a\"} {\"user_id\":\"a\",\"n\":3,\"last_seen\":2}"],
            Records(log, "kept"));
    }

    [Fact]
    public async Task A_record_says_where_it_stands_and_when_it_came()
    {
        const string Sql = """
            CREATE TABLE written (id STRING, at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp') WITH ('connector' = 'log', 'topic' = 't');
            CREATE TABLE seen (
              `topic` STRING METADATA VIRTUAL, id STRING, p BIGINT METADATA FROM 'partition', o INT METADATA FROM 'offset', at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
              kind STRING METADATA FROM 'timestamp-type', `headers` MAP<STRING, BYTES> METADATA, epoch INT METADATA FROM 'leader-epoch', twice AS o * 2,
              WATERMARK FOR at AS at - INTERVAL '1' SECOND) WITH ('connector' = 'log', 'topic' = 't');
            INSERT INTO written SELECT user_id, event_time FROM events;
            CREATE MATERIALIZED VIEW v AS SELECT * FROM seen;
            CREATE MATERIALIZED VIEW per_minute AS SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE seen, DESCRIPTOR(at), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
            """;
        var disk = new SimulatedDisk(new Random(1));
        using var log = LogStore.Open(disk, "/data", Small);
        using var pipeline = Start(log, Sql, 1);
        await pipeline.WhenVisibleAsync("events", (await AppendAsync(log, "a")).Value);
        await pipeline.WhenVisibleAsync("events", (await AppendAsync(log, "b", minute: 2)).Value);
        await pipeline.WhenVisibleAsync("t", 1);
        Assert.Equal(
            [
                "{\"topic\":\"t\",\"id\":\"a\",\"p\":0,\"o\":0,\"at\":\"2026-01-01T00:00:00Z\",\"kind\":\"CreateTime\",\"headers\":{},\"epoch\":null,\"twice\":0}",
                "{\"topic\":\"t\",\"id\":\"b\",\"p\":0,\"o\":1,\"at\":\"2026-01-01T00:02:00Z\",\"kind\":\"CreateTime\",\"headers\":{},\"epoch\":null,\"twice\":2}",
            ],
            Rows(pipeline, "SELECT * FROM v"));
        Assert.Equal(["{\"window_start\":\"2026-01-01T00:00:00\",\"n\":1}"], Rows(pipeline, "SELECT * FROM per_minute"));
    }

    [Fact]
    public async Task Two_tables_over_one_topic_both_read_all_of_it_over_restarts()
    {
        const string Sql = """
            CREATE TABLE ids (user_id STRING, n BIGINT) WITH ('connector' = 'log', 'topic' = 't');
            CREATE TABLE timed (n BIGINT, at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL, WATERMARK FOR at AS at) WITH ('connector' = 'log', 'topic' = 't');
            INSERT INTO ids SELECT user_id, sequence FROM events;
            CREATE MATERIALIZED VIEW joined AS SELECT i.user_id, t.n FROM ids i JOIN timed t ON i.n = t.n;
            """;
        var disk = new SimulatedDisk(new Random(1));
        for (var life = 1; life <= 3; life++)
        {
            using (var log = LogStore.Open(disk, "/data", Small))
            using (var pipeline = Start(log, Sql, life))
            {
                for (var n = 0; n < 4; n++) await pipeline.WhenVisibleAsync("events", (await AppendAsync(log, "u" + n)).Value);
                await pipeline.WhenVisibleAsync("t", life * 4 - 1).WaitAsync(TimeSpan.FromSeconds(30));
                Assert.Equal(life * 4, Rows(pipeline, "SELECT * FROM joined").Count);
                Assert.Equal([$$"""{"n":{{life * 4}}}"""], Rows(pipeline, "SELECT COUNT(*) AS n FROM ids i JOIN timed t ON i.n = t.n"));
            }

            disk.Kill();
        }
    }

    /// <summary>A record that cannot be read is no row: not one of NULLs, which a count would see.</summary>
    [Theory]
    [InlineData("", 2, 1, 2)]
    [InlineData(", 'json.ignore-parse-errors' = 'true'", 3, 1, 0)]
    [InlineData(", 'json.op-field' = 'op'", 2, 1, 2)]
    [InlineData(", 'json.op-field' = 'op', 'json.ignore-parse-errors' = 'true'", 3, 1, 0)]
    public async Task A_record_that_cannot_be_read_is_left_out_and_a_wrong_value_is_NULL_only_where_errors_are_ignored(string options, long rows, long least, long errors)
    {
        var disk = new SimulatedDisk(new Random(1));
        using var log = LogStore.Open(disk, "/data", Small);
        using var pipeline = Start(log, $"""
            CREATE TABLE t (id STRING, n BIGINT) WITH ('connector' = 'log'{options});
            CREATE MATERIALIZED VIEW counted AS SELECT COUNT(*) AS all_rows, COUNT(n) AS numbers, MIN(n) AS least FROM t;
            """, 1);
        var records = RecordSet.Rent();
        foreach (var value in new[] { """{"id":"a","n":1,"op":"+I"}""", "no JSON", """{"id":"b","n":2,"op":"+I"}""", """{"id":"c","n":"x","op":"+I"}""" })
            records.Add(1_000, default, Encoding.UTF8.GetBytes(value));
        await log.AppendAsync(log.OpenPartition("t"), records);
        await pipeline.WhenVisibleAsync("t", 3);
        Assert.Equal([$$"""{"all_rows":{{rows}},"numbers":2,"least":{{least}}}"""], Rows(pipeline, "SELECT * FROM counted"));
        Assert.Equal(errors, pipeline.Sources.Single(s => s.Name == "t").Errors);
    }

    [Fact]
    public void Each_run_of_a_script_writes_its_rows_into_a_topic()
    {
        var disk = new SimulatedDisk(new Random(1));
        using var log = LogStore.Open(disk, "/data", Small);
        const string Sql = "CREATE TABLE t (a BIGINT, PRIMARY KEY (a) NOT ENFORCED) WITH ('connector' = 'log'{0}); INSERT INTO t SELECT COUNT(*) FROM (VALUES (1), (2)) AS v (a);";
        for (var run = 0; run < 3; run++)
        {
            var (script, _) = Script.Start([new SourceText("test.sql", Sql.Replace("{0}", run == 2 ? ", 'changelog' = 'upsert'" : "", StringComparison.Ordinal))], new PipelineOptions { Workers = 1 }, log);
            using (script) script.Complete();
        }

        Assert.Equal([" {\"a\":2}", " {\"a\":2}", "{\"a\":2} {\"a\":2}"], Records(log, "t"));
    }

    [Theory]
    [InlineData("CREATE TABLE t (a INT) WITH ('connector' = 'log', 'changelog' = 'upsert')", "'changelog' = 'upsert' needs a PRIMARY KEY")]
    [InlineData("CREATE TABLE t (a INT, PRIMARY KEY (a) NOT ENFORCED) WITH ('connector' = 'log', 'changelog' = 'upsrt')", "'changelog' = 'upsrt' is unknown")]
    [InlineData("CREATE TABLE t (a INT, PRIMARY KEY (a) NOT ENFORCED) WITH ('connector' = 'log', 'changelog' = 'upsert', 'format' = 'canal-json')", "goes with 'format' = 'json' alone")]
    [InlineData("CREATE TABLE t (a INT) WITH ('connector' = 'log', 'format' = 'debezum-json')", "Did you mean debezium-json?")]
    [InlineData("CREATE TABLE t (a INT, o BIGINT METADATA FROM 'ofset') WITH ('connector' = 'log')", "Did you mean offset?")]
    [InlineData("CREATE TABLE t (a INT, o DATE METADATA FROM 'partition') WITH ('connector' = 'log')", "which is INT and cannot be DATE")]
    [InlineData("CREATE TABLE t (a STRING, `offset` BIGINT METADATA) WITH ('connector' = 'log'); INSERT INTO t SELECT user_id, sequence FROM events", "declare it VIRTUAL")]
    [InlineData("CREATE TABLE t (a STRING, n BIGINT) WITH ('connector' = 'log'); INSERT INTO t SELECT user_id, COUNT(*) FROM events GROUP BY user_id", "Declare the topic with a PRIMARY KEY and 'changelog' = 'upsert'")]
    [InlineData("CREATE TABLE t (a STRING, n BIGINT, PRIMARY KEY (n) NOT ENFORCED) WITH ('connector' = 'log', 'changelog' = 'upsert'); INSERT INTO t SELECT user_id, COUNT(*) FROM events GROUP BY user_id", "ON CONFLICT")]
    public void What_a_topic_cannot_do_is_refused_with_the_remedy(string sql, string expected)
    {
        var error = Assert.Throws<SqlException>(() => Pipeline.Bind([new SourceText("test.sql", sql)], new PipelineOptions()));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static Pipeline Start(LogStore log, string sql, int workers) => Pipeline.Start(log, [new SourceText("test.sql", sql)], new PipelineOptions { Workers = workers });

    /// <summary>One life: starts and appends events, as far as the disk lets it.</summary>
    private static async Task LifeAsync(SimulatedDisk disk, string sql, Random random)
    {
        LogStore? log = null;
        Pipeline? pipeline = null;
        try
        {
            log = LogStore.Open(disk, "/data", Small);
            pipeline = Start(log, sql, random.Next(1, 4));
            for (var n = random.Next(1, 20); n > 0; n--)
            {
                var offset = await AppendAsync(log, "u" + random.Next(4));
                if (random.Next(3) == 0) await pipeline.WhenVisibleAsync("events", offset.Value);
            }
        }
        catch (Exception e) when (e is StorageException { Error: StorageError.Io } or InvalidOperationException)
        {
            // The disk has failed; the next life begins from what is there.
        }
        finally
        {
            pipeline?.Dispose();
            log?.Dispose();
        }
    }

    private static async Task UntilSameAsync(LogStore log, Pipeline pipeline, string what)
    {
        for (var i = 0; i < 6; i++) await pipeline.WhenVisibleAsync("events", (await AppendAsync(log, "u" + i % 4)).Value);
        await pipeline.WhenVisibleAsync("kept", log.OpenPartition("kept").NextOffset.Value - 1).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(Rows(pipeline, "SELECT * FROM straight").SequenceEqual(Rows(pipeline, "SELECT * FROM through")), what);
    }

    private static async Task<LogOffset> AppendAsync(LogStore log, string user, int minute = 0)
    {
        var records = RecordSet.Rent();
        records.Add(1_000, default, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$"""{"messageId":"id","userId":"{{user}}","type":"track","receivedAt":"2026-01-01T00:0{{minute}}:00.000Z","timestamp":"2026-01-01T00:0{{minute}}:00.000Z"}""")));
        return await log.AppendAsync(log.OpenPartition("events"), records);
    }

    private static List<string> Rows(Pipeline pipeline, string sql)
    {
        using var query = pipeline.Query(sql);
        var writer = new JsonLineWriter(query.Schema, JsonTimeFormat.Iso8601);
        var buffer = new Utf8Buffer();
        while (query.Next() is { } batch)
        {
            for (var i = 0; i < batch.Count; i++) writer.WriteRow(batch.Columns, batch.RowAt(i), buffer);
            batch.Release();
        }

        return [.. Encoding.UTF8.GetString(buffer.Written).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    private static List<string> Records(LogStore log, string topic)
    {
        var partition = log.OpenPartition(topic);
        var records = new List<string>();
        var cursor = new PartitionCursor(partition, partition.StartOffset);
        while (cursor.TryNext(out var batches))
        {
            var reader = new RecordBatchReader(batches);
            while (reader.TryNext(out var record)) records.Add($"{Encoding.UTF8.GetString(record.Key)} {(record.HasValue ? Encoding.UTF8.GetString(record.Value) : "-")}");
        }

        return records;
    }
}
