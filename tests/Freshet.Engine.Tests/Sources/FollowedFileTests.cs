using System.IO.Compression;
using System.Text;
using Freshet.Columns;
using Freshet.Log;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Testing.Disks;

namespace Freshet.Engine.Tests.Sources;

/// <summary>Files that a project follows: what is added arrives once, whatever has grown between two starts.</summary>
public sealed class FollowedFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freshet-followed-").FullName;
    private readonly SimulatedDisk _disk = new(new Random(1));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Lines_added_to_known_and_new_files_arrive_once_and_keep_their_order_over_restarts()
    {
        Write("b.csv", "id,name\n1,one\n2,t");
        using (var log = LogStore.Open(_disk, "/data"))
        using (var pipeline = Start(log))
        {
            await ExpectAsync(pipeline, "1 one");
            // A query of its own, which ends, reads what is there now.
            Assert.Equal(["one"], Text(pipeline, "SELECT name FROM added"));
            Append("b.csv", "wo\n");
            await ExpectAsync(pipeline, "1 one", "2 two");
            Write("a.csv", "id,name\n3,three\n");
            await ExpectAsync(pipeline, "1 one", "2 two", "3 three");
            Append("b.csv", "4,\"four\nlines\"\n");
            await ExpectAsync(pipeline, "1 one", "2 two", "3 three", "4 four\nlines");
            Assert.Equal("4", Text(pipeline, "SELECT id FROM newest").Single());
        }

        Append("a.csv", "5,five\n");
        WriteGzip("c.csv.gz", "id,name\n6,six\n");
        for (var start = 0; start < 2; start++)
        {
            using var log = LogStore.Open(_disk, "/data");
            using var pipeline = Start(log);
            await ExpectAsync(pipeline, "1 one", "2 two", "3 three", "4 four\nlines", "5 five", "6 six");
            Assert.Equal("6", Text(pipeline, "SELECT id FROM newest").Single());
            Assert.Null(pipeline.Sources.Single().Problem);
        }
    }

    [Fact]
    public async Task A_line_that_cannot_be_read_is_left_out_counted_and_named()
    {
        Write("a.csv", "id,name\n1,one\nx,two\n3,three\n");
        using var log = LogStore.Open(_disk, "/data");
        using var pipeline = Start(log);
        await ExpectAsync(pipeline, "1 one", "3 three");
        var source = pipeline.Sources.Single();
        Assert.Equal(1, source.Errors);
        Assert.Equal("row 2, column id: a.csv: Line 3, column id: the value cannot be read as BIGINT. The value is 'x'.", source.LastError);
    }

    [Fact]
    public async Task A_file_that_shrinks_is_left_aside_and_named_and_the_next_start_refuses_it()
    {
        Write("a.csv", "id,name\n1,one\n2,two\n");
        using (var log = LogStore.Open(_disk, "/data"))
        using (var pipeline = Start(log))
        {
            await ExpectAsync(pipeline, "1 one", "2 two");
            using (var file = File.OpenWrite(Path.Combine(_folder, "a.csv"))) file.SetLength(8);
            await UntilAsync(() => pipeline.Sources.Single().Problem is not null, pipeline);
            Assert.Contains("a.csv has 8 bytes after 20 had been read", pipeline.Sources.Single().Problem, StringComparison.Ordinal);
            Write("b.csv", "id,name\n3,three\n");
            await ExpectAsync(pipeline, "1 one", "2 two", "3 three");
        }

        using var again = LogStore.Open(_disk, "/data");
        var refused = Assert.Throws<EngineException>(() => Start(again));
        Assert.Contains("a.csv of table added is not as it was", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interval_that_is_no_length_of_time_is_refused()
    {
        using var log = LogStore.Open(_disk, "/data");
        var error = Assert.Throws<SqlException>(() => Start(log, "soon"));
        Assert.Contains("'source.monitor-interval' = 'soon'", error.Message, StringComparison.Ordinal);
    }

    private Pipeline Start(LogStore log, string interval = "20 ms") => Pipeline.Start(
        log,
        [new SourceText("test.sql", $"""
            CREATE TABLE added (id BIGINT, name STRING) WITH ('connector' = 'filesystem', 'path' = '{_folder}', 'format' = 'csv', 'csv.ignore-first-line' = 'true', 'source.monitor-interval' = '{interval}');
            CREATE MATERIALIZED VIEW rows_seen AS SELECT id, name FROM added;
            CREATE MATERIALIZED VIEW newest AS SELECT LAST_VALUE(id) AS id FROM added;
            """)],
        new PipelineOptions { Workers = 1 });

    private static Task ExpectAsync(Pipeline pipeline, params string[] rows) =>
        UntilAsync(() => Text(pipeline, "SELECT CONCAT(CAST(id AS STRING), ' ', name) FROM rows_seen").Order(StringComparer.Ordinal).SequenceEqual(rows), pipeline);

    /// <summary>Polls; the time allowed is far beyond what any machine needs.</summary>
    private static async Task UntilAsync(Func<bool> holds, Pipeline pipeline)
    {
        for (var i = 0; i < 3000; i++)
        {
            if (pipeline.Failure.IsCompleted) await pipeline.Failure;
            if (holds()) return;
            await Task.Delay(10);
        }

        Assert.Fail("It never came: " + string.Join(", ", Text(pipeline, "SELECT name FROM rows_seen")) + " " + pipeline.Sources.Single());
    }

    private static unsafe List<string> Text(Pipeline pipeline, string sql)
    {
        using var query = pipeline.Query(sql);
        var rows = new List<string>();
        while (query.Next() is { } batch)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch.RowAt(i);
                rows.Add(batch.Columns[0].Kind == Freshet.Columns.Types.PhysicalKind.View
                    ? Encoding.UTF8.GetString(StringView.Span(batch.Columns[0].As<StringView>() + row))
                    : batch.Columns[0].As<long>()[row].ToString(System.Globalization.CultureInfo.InvariantCulture));
            }

            batch.Release();
        }

        return rows;
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    private void Append(string name, string text) => File.AppendAllText(Path.Combine(_folder, name), text);

    private void WriteGzip(string name, string text)
    {
        // As a whole, under a name that is followed only when it is complete.
        var hidden = Path.Combine(_folder, "." + name);
        using (var stream = new GZipStream(File.Create(hidden), CompressionLevel.Fastest)) stream.Write(Encoding.UTF8.GetBytes(text));
        File.Move(hidden, Path.Combine(_folder, name));
    }
}
