using System.Collections.Immutable;
using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Tests;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.Tests;
using Freshet.Windows.Overs;

namespace Freshet.Windows.Tests.Overs;

public sealed unsafe class TimedOverTests
{
    /// <summary>Key, time, value, position.</summary>
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int128];

    private static readonly ImmutableArray<SqlType> Types = [SqlType.BigInt, SqlType.Timestamp(3), SqlType.BigInt, SqlType.Decimal(38, 0)];

    [Theory]
    [InlineData("unbounded")]
    [InlineData("rows")]
    [InlineData("range")]
    public void Any_cut_gives_the_result_of_a_naive_evaluation(string frame)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 15; turn++)
        {
            var rows = Input(random, 150);
            var expected = Naive(frame, rows);
            foreach (var seedOfCut in new[] { 1, 2, 3 })
            {
                var driver = new OperatorDriver(new TimedOverOperator(SpecOf(frame), 3));
                Feed(driver, new Random(seedOfCut), rows);
                Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}, cut {seedOfCut}\nmissing:\n{string.Join('\n', expected.Except(driver.Result))}\nfound:\n{string.Join('\n', driver.Result.Except(expected))}");
                if (frame == "range") Assert.Equal(0, driver.Operator.StateRows);
                driver.Operator.Dispose();
            }
        }
    }

    [Fact]
    public void Rows_are_let_out_in_order_of_time_when_the_watermark_has_passed_them()
    {
        var driver = new OperatorDriver(new TimedOverOperator(SpecOf("rows"), 3));
        Assert.Empty(driver.Step(5, (0, Batch((1, 10, 1, 0), (1, 8, 2, 1), (1, 9, 3, 2)))));
        Assert.Equal(["1|8|2|2 x+1", "1|9|3|5 x+1"], driver.Step(9));
        Assert.Equal(["1|10|1|6 x+1"], driver.Step(20));
        Assert.Equal(2, driver.Operator.StateRows);
    }

    private static OverSpec SpecOf(string frame)
    {
        var sum = new AggregateCall("s", AggregateKind.Sum, 2, SqlType.BigInt);
        var from = frame switch
        {
            "unbounded" => new FrameSide(true, 0, 0),
            "rows" => new FrameSide(false, -2, 0),
            _ => new FrameSide(false, -10, 0),
        };
        OverCall call = new(OverFunction.Aggregate, sum, -1, -1, -1, false, SqlType.BigInt);
        return new OverSpec(Types, [0], [new SortKey(1)], 3, frame != "rows", from, new FrameSide(false, 0, 0), [call], OverEmission.AtWatermark, true, [0, 1, 2, 4]);
    }

    private sealed record TimedRow(long Key, long Time, long Value, long Position, long Watermark);

    /// <summary>Rows mostly in order of time, with the watermark before each: 6 behind the greatest time so far.</summary>
    private static TimedRow[] Input(Random random, int count)
    {
        var rows = new TimedRow[count];
        long now = 0;
        var watermark = long.MinValue;
        for (var i = 0; i < count; i++)
        {
            var time = Math.Max(0, now + random.Next(-14, 5));
            rows[i] = new TimedRow(random.Next(3), time, random.Next(10), i, watermark);
            now = Math.Max(now, time);
            watermark = now - 6;
        }

        return rows;
    }

    private static void Feed(OperatorDriver driver, Random random, TimedRow[] rows)
    {
        for (var at = 0; at < rows.Length;)
        {
            var length = Math.Min(rows.Length - at, 1 + random.Next(random.Next(2) == 0 ? 3 : 80));
            var part = rows[at..(at + length)];
            // Batches of a step may come in any order.
            (int, Batch)[] batches = [.. part.Chunk(7).OrderBy(_ => random.Next()).Select(c => (0, Batch(c)))];
            at += length;
            driver.Step(at < rows.Length ? rows[at].Watermark : Operator.EndWatermark, batches);
        }
    }

    private static Batch Batch(params TimedRow[] rows)
    {
        var batch = Batch([.. rows.Select(r => (r.Key, r.Time, r.Value, r.Position))]);
        batch.RowWatermarks = batch.Memory.Allocate<long>(rows.Length);
        for (var i = 0; i < rows.Length; i++) batch.RowWatermarks[i] = rows[i].Watermark;
        return batch;
    }

    private static Batch Batch(params (long Key, long Time, long Value, long Position)[] rows) =>
        TestRows.Of(Kinds, [.. rows.Select(r => new object?[] { r.Key, r.Time, r.Value, (Int128)r.Position })]);

    private static List<string> Naive(string frame, TimedRow[] rows)
    {
        var accepted = new List<TimedRow>();
        foreach (var row in rows)
        {
            var isBehind = row.Time <= row.Watermark;
            var isLate = frame switch
            {
                "unbounded" => isBehind,
                "rows" => isBehind && accepted.Any(a => a.Key == row.Key && a.Time >= row.Time && a.Time <= row.Watermark),
                _ => isBehind && (row.Time <= row.Watermark - 5 || accepted.Any(a => a.Key == row.Key && a.Time >= row.Time && a.Time <= row.Watermark)),
            };
            if (!isLate) accepted.Add(row);
        }

        var result = new List<string>();
        foreach (var key in accepted.GroupBy(r => r.Key))
        {
            var ordered = key.OrderBy(r => r.Time).ThenBy(r => r.Position).ToList();
            for (var i = 0; i < ordered.Count; i++)
            {
                var row = ordered[i];
                var sum = frame switch
                {
                    "unbounded" => ordered.Where(r => r.Time <= row.Time).Sum(r => r.Value),
                    "rows" => ordered[Math.Max(0, i - 2)..(i + 1)].Sum(r => r.Value),
                    _ => ordered.Where(r => r.Time <= row.Time && r.Time >= row.Time - 10).Sum(r => r.Value),
                };
                result.Add($"{row.Key}|{row.Time}|{row.Value}|{sum}");
            }
        }

        return [.. result.GroupBy(r => r).Select(g => $"{g.Key} x+{g.Count()}").Order(StringComparer.Ordinal)];
    }
}
