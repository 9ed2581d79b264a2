using System.Globalization;

namespace Freshet.Testing.Tests.Scripts;

/// <summary>Aggregations over rows that leave by the clock keep parts where many rows leave at one moment, and give what they give row by row.</summary>
public sealed class TemporalPaneTests
{
    private const string Calls = "SUM(v) AS total, COUNT(*) AS n, MIN(v) AS least, MAX(s) AS most, COUNT(DISTINCT s) AS d";
    private const string When = "FROM t WHERE FLOOR(ts TO MINUTE) > NOW() - INTERVAL '10' MINUTE GROUP BY k";

    private static readonly string Views = $"""
        CREATE TABLE t (k STRING, v INT, s STRING, ts TIMESTAMP_LTZ(3));
        CREATE MATERIALIZED VIEW parts AS SELECT k, {Calls} {When};
        CREATE MATERIALIZED VIEW whole AS SELECT k, total, n, least, most, d FROM (SELECT k, {Calls}, AVG(v) AS a {When});
        """;

    [Fact]
    public void Parts_give_what_rows_give_whatever_comes_and_whenever()
    {
        for (var round = 0; round < 12; round++)
        {
            var seed = unchecked(Seeds.Next() + round);
            var random = new Random(seed);
            var takesBack = round % 2 == 1;
            using var pipeline = new TestPipeline(1 + (round % 3), takesBack ? ["t"] : null);
            pipeline.Declare("test", Views);
            var minute = 20_000_000L;
            var held = new List<string>();
            for (var step = 0; step < 60; step++)
            {
                minute += random.Next(5) == 0 ? random.Next(8) : 0;
                pipeline.ClockMicros = (minute * 60_000_000) + random.Next(60_000_000);
                var rows = new List<(string, long)>();
                for (var n = random.Next(8); n > 0; n--)
                {
                    if (takesBack && held.Count > 0 && random.Next(3) == 0)
                    {
                        var at = random.Next(held.Count);
                        rows.Add((held[at], -1));
                        held.RemoveAt(at);
                        continue;
                    }

                    var time = random.Next(12) == 0 ? "CAST(NULL AS TIMESTAMP_LTZ(3))" : string.Create(CultureInfo.InvariantCulture, $"TO_TIMESTAMP_LTZ({((minute * 60) - random.Next(-60, 900)) * 1000}, 3)");
                    var row = string.Create(CultureInfo.InvariantCulture, $"'{"abc"[random.Next(3)]}', {(random.Next(8) == 0 ? "NULL" : random.Next(-5, 9).ToString(CultureInfo.InvariantCulture))}, 'a text of some length {random.Next(4)}', {time}");
                    rows.Add((row, 1));
                    held.Add(row);
                }

                if (rows.Count > 0) pipeline.Insert("t", rows);
                pipeline.Step(random.Next(2) == 0 ? 1 : int.MaxValue);
                Assert.True(pipeline.Rows("parts").OrderBy(r => r.Key, StringComparer.Ordinal).SequenceEqual(pipeline.Rows("whole").OrderBy(r => r.Key, StringComparer.Ordinal)), $"seed {seed}, step {step}");
            }

            pipeline.ClockMicros = (minute + 1000) * 60_000_000;
            pipeline.Step();
            Assert.Empty(pipeline.Rows("parts"));
            Assert.Equal(0, pipeline.StateRows);
        }
    }

    [Fact]
    public void What_is_kept_goes_by_the_moments_and_not_by_the_rows()
    {
        using var pipeline = new TestPipeline();
        pipeline.Declare("test", "CREATE TABLE t (k STRING, v INT, ts TIMESTAMP_LTZ(3)); CREATE MATERIALIZED VIEW sums AS SELECT k, SUM(v) AS total FROM t WHERE FLOOR(ts TO HOUR) > NOW() - INTERVAL '30' DAY GROUP BY k;");
        const long Hour = 3_600_000_000;
        var most = 0L;
        for (var hour = 500_000L; hour < 500_000 + (40 * 24); hour++)
        {
            pipeline.ClockMicros = hour * Hour;
            pipeline.Insert("t", [.. Enumerable.Range(0, 10).Select(i => (string.Create(CultureInfo.InvariantCulture, $"'a', {i}, TO_TIMESTAMP_LTZ({hour * 3_600_000 + i}, 3)"), 1L))]);
            pipeline.Step();
            most = Math.Max(most, pipeline.StateRows);
        }

        // A part for each hour of thirty days, and the sum; the rows are ten times as many.
        Assert.InRange(most, 30 * 24, (30 * 24) + 3);
        Assert.Equal(["a | 32400"], pipeline.Rows("sums").Keys);
    }

    [Fact]
    public void After_a_long_pause_a_step_lets_a_bounded_number_of_parts_leave()
    {
        using var pipeline = new TestPipeline();
        pipeline.Declare("test", "CREATE TABLE t (k INT, ts TIMESTAMP_LTZ(3)); CREATE MATERIALIZED VIEW counts AS SELECT k, COUNT(*) AS n FROM t WHERE FLOOR(ts TO SECOND) > NOW() - INTERVAL '1' HOUR GROUP BY k;");
        pipeline.ClockMicros = 1_700_000_000_000_000;
        pipeline.Insert("t", [.. Enumerable.Range(0, 1000).Select(i => (string.Create(CultureInfo.InvariantCulture, $"{i % 3}, TO_TIMESTAMP_LTZ({1_700_000_000_000 - (i * 1000)}, 3)"), 1L))]);
        pipeline.Step();
        var steps = pipeline.StepsTaken;
        pipeline.ClockMicros += 86_400_000_000;
        pipeline.Step(rowsAtOnce: 100);
        Assert.InRange(pipeline.StepsTaken - steps, 9, 12);
        Assert.Empty(pipeline.Rows("counts"));
        Assert.Equal(0, pipeline.StateRows);
    }
}
