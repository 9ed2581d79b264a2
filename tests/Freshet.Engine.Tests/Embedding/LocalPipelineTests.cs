using Freshet.Engine.Embedding;
using Freshet.Samples.Library;

namespace Freshet.Engine.Tests.Embedding;

public sealed class LocalPipelineTests
{
    private sealed record Reading(string? Sensor, DateTime Time, double? Value);

    [Fact]
    public void The_sample_says_what_changes_and_what_is_there()
    {
        var output = new StringWriter { NewLine = "\n" };
        OrdersSample.Run(output);
        Assert.Equal(
            """
            + a*** 2 19.75
            + b*** 1 3
            - b*** 1 3
            - a*** 2 19.75
            + a*** 3 20
            a*** has 3 orders of 20

            """.ReplaceLineEndings("\n"),
            string.Join('\n', output.ToString().Split('\n').Take(2).Order(StringComparer.Ordinal)) + "\n" + string.Join('\n', output.ToString().Split('\n').Skip(2).Take(3).OrderByDescending(l => l.StartsWith("- b", StringComparison.Ordinal)).ThenByDescending(l => l[0])) + "\n" + string.Join('\n', output.ToString().Split('\n').Skip(5)));
    }

    [Fact]
    public void Tuples_values_and_NULLs_go_in_and_out_and_windows_close_at_the_end()
    {
        using var pipeline = new LocalPipeline(
            """
            CREATE TABLE readings (sensor STRING, `time` TIMESTAMP(3), value DOUBLE, note STRING, WATERMARK FOR `time` AS `time`);
            CREATE MATERIALIZED VIEW means AS
            SELECT sensor, window_end, AVG(value) AS mean FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(`time`), INTERVAL '1' MINUTE)) GROUP BY sensor, window_start, window_end;
            CREATE MATERIALIZED VIEW notes AS SELECT note FROM readings;
            """,
            new PipelineOptions { Workers = 2 });
        var start = new DateTime(2026, 1, 1);
        pipeline.Insert("readings", new Reading("a", start, 1), new Reading("a", start.AddSeconds(5), 2), new Reading(null, start.AddSeconds(70), null));
        pipeline.Step();
        Assert.Equal([("a", start.AddMinutes(1), (double?)1.5)], pipeline.Read<(string?, DateTime, double?)>("means"));
        pipeline.End();
        Assert.Contains((null, start.AddMinutes(2), (double?)null), pipeline.Read<(string?, DateTime, double?)>("means"));
        Assert.Equal([null, null, null], pipeline.Read<string?>("notes"));
    }

    [Fact]
    public void What_does_not_fit_is_said_with_the_nearest_name()
    {
        using var pipeline = new LocalPipeline("CREATE TABLE t (a INT); CREATE MATERIALIZED VIEW v AS SELECT a FROM t;", new PipelineOptions { Workers = 1 });
        Assert.Contains("Did you mean v?", Assert.Throws<EngineException>(() => pipeline.Read<int>("w")).Message, StringComparison.Ordinal);
        Assert.Contains("is no column of the table t", Assert.Throws<EngineException>(() => pipeline.Insert("t", new Reading(null, default, null))).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be taken back", Assert.Throws<EngineException>(() => pipeline.Delete("t", 1)).Message, StringComparison.Ordinal);
        Assert.Contains("which String cannot hold", Assert.Throws<EngineException>(() => pipeline.Read<string>("v")).Message, StringComparison.Ordinal);
        pipeline.Insert("t", 1, 2);
        pipeline.Step();
        Assert.Equal([1, 2], pipeline.Read<int>("v").Order());
    }
}
