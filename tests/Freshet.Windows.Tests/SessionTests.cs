using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Tests;
using Freshet.Kernels.Expressions;
using Freshet.Tests;

namespace Freshet.Windows.Tests;

public sealed unsafe class SessionTests
{
    private const long Second = 1_000_000;
    private const long Gap = 5 * Second;

    private static readonly Schema Input = Schema.Of(("key", SqlType.String), ("ts", SqlType.Timestamp(3)), ("value", SqlType.BigInt));
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.View, PhysicalKind.Int64, PhysicalKind.Int64];

    [Fact]
    public void Rows_leave_with_the_bounds_of_their_session_when_it_closes()
    {
        var driver = Make(isAppendOnly: true);
        driver.Step(0, (0, TestRows.Of(Kinds, [["a", 1 * Second, 1], ["a", 9 * Second, 2], ["a", 5 * Second, 3], ["b", 2 * Second, 4]])));
        Assert.Equal(["b|2000000|4|2000000|7000000|6999000 x+1"], driver.Step(7 * Second - 1000));
        Assert.Equal(3, driver.Step(14 * Second).Count);
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Any_cut_gives_the_sessions_of_Flinks_way_row_by_row(bool isAppendOnly)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 40; turn++)
        {
            var rows = RandomInput(random, 200, isAppendOnly);
            var expected = isAppendOnly ? RowByRow(rows, out var late) : InOneGo(rows, out late);
            var driver = Make(isAppendOnly);
            for (var at = 0; at < rows.Count;)
            {
                var batches = new List<(int, Batch)>();
                for (var n = random.Next(3); n >= 0 && at < rows.Count; n--)
                {
                    var part = rows.Skip(at).Take(1 + random.Next(20)).ToList();
                    var batch = TestRows.Weighted(Kinds, [.. part.Select(r => (r.Values, r.Weight))]);
                    batch.RowWatermarks = batch.Memory.Allocate<long>(part.Count);
                    for (var i = 0; i < part.Count; i++) batch.RowWatermarks[i] = part[i].Before;
                    batches.Add((0, batch));
                    at += part.Count;
                }

                driver.Step(random.Next(2) == 0 ? rows[at - 1].After : Operator.NoWatermark, [.. batches]);
            }

            driver.Step(Operator.EndWatermark);
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}\n{string.Join('\n', expected.Except(driver.Result))}\nnot\n{string.Join('\n', driver.Result.Except(expected))}");
            Assert.Equal(late, driver.Side(1).Sum(l => long.Parse(l[(l.LastIndexOf('x') + 1)..], System.Globalization.CultureInfo.InvariantCulture)));
            Assert.Equal(0, driver.Operator.StateRows);
        }
    }

    [Fact]
    public void Aggregates_of_sessions_in_any_cut_are_those_of_their_rows()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 40; turn++)
        {
            var rows = RandomInput(random, 200, isAppendOnly: true);
            var expected = RowByRow(rows, out var late).Select(r => r.Split('|', ' ')).Select(r => (Group: $"{r[0]} {r[1]}|{r[4]}|{r[5]}|{r[6]}", Value: long.Parse(r[3], System.Globalization.CultureInfo.InvariantCulture), Weight: long.Parse(r[7][2..], System.Globalization.CultureInfo.InvariantCulture)))
                .GroupBy(r => r.Group).Select(g => $"{g.Key}|{g.Sum(r => r.Weight)}|{g.Sum(r => r.Value * r.Weight)}|{g.Max(r => r.Value)} x+1").Order(StringComparer.Ordinal).ToList();
            var driver = Grouped();
            for (var at = 0; at < rows.Count;)
            {
                var part = rows.Skip(at).Take(1 + random.Next(40)).ToList();
                var batch = TestRows.Weighted(Kinds, [.. part.Select(r => (r.Values, r.Weight))]);
                batch.RowWatermarks = batch.Memory.Allocate<long>(part.Count);
                for (var i = 0; i < part.Count; i++) batch.RowWatermarks[i] = part[i].Before;
                at += part.Count;
                driver.Step(random.Next(2) == 0 ? rows[at - 1].After : Operator.NoWatermark, (0, batch));
            }

            driver.Step(Operator.EndWatermark);
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}\n{string.Join('\n', expected.Except(driver.Result))}\nnot\n{string.Join('\n', driver.Result.Except(expected))}");
            Assert.Equal(late, driver.Side(1).Sum(l => long.Parse(l[(l.LastIndexOf('x') + 1)..], System.Globalization.CultureInfo.InvariantCulture)));
            Assert.Equal(0, driver.Operator.StateRows);
        }
    }

    [Fact]
    public void Sessions_that_a_row_joins_are_merged_with_what_the_same_batch_has_added_to_them()
    {
        var driver = Grouped();
        driver.Step(0, (0, TestRows.Of(Kinds, [["a", 1 * Second, 1], ["a", 9 * Second, 2], ["a", 9 * Second, 4], ["a", 5 * Second, 8], ["a", 10 * Second, 16], ["b", 30 * Second, 1]])));
        Assert.Equal(2, driver.Operator.StateRows);
        Assert.Equal(["a|1000000|15000000|14999000|5|31|16 x+1"], driver.Step(20 * Second));
        driver.Step(Operator.EndWatermark);
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void Of_late_rows_with_one_watermark_the_first_by_position_is_judged_first()
    {
        var input = new Schema([.. Input.Fields, new Field("order", SqlType.Decimal(38, 0).NotNull)]);
        PhysicalKind[] kinds = [.. Kinds, PhysicalKind.Int128];
        foreach (var isTurned in new[] { false, true })
        {
            var driver = new OperatorDriver(new SessionOperator(new SessionSpec(input, [0], 1, Gap, WindowClock.EventTime, true) { Order = 3 }, 5));
            // The row at 4 s would be part of the session of the row at 8 s, but came before it, when its own session was closed.
            object?[][] rows = [["a", 4 * Second, 1, (Int128)1], ["a", 8 * Second, 2, (Int128)2]];
            if (isTurned) Array.Reverse(rows);
            var batch = TestRows.Of(kinds, rows);
            batch.RowWatermarks = batch.Memory.Allocate<long>(2);
            batch.RowWatermarks[0] = batch.RowWatermarks[1] = 10 * Second;
            driver.Step(10 * Second, (0, batch));
            driver.Step(Operator.EndWatermark);
            Assert.StartsWith("a|4000000|1|", Assert.Single(driver.Side(1)), StringComparison.Ordinal);
            Assert.StartsWith("a|8000000|2|", Assert.Single(driver.Result), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_long_stream_keeps_only_open_sessions()
    {
        var driver = Make(isAppendOnly: true);
        for (var step = 0; step < 300; step++)
        {
            var rows = Enumerable.Range(0, 50).Select(i => new object?[] { "key " + (step * 50 + i) % 1000, step * Second + i * 1000, i }).ToArray();
            driver.Step((step - 1) * Second, (0, TestRows.Of(Kinds, rows)));
            Assert.True(driver.Operator.StateRows <= 50 * 8, $"step {step}: {driver.Operator.StateRows} rows");
        }
    }

    private static OperatorDriver Make(bool isAppendOnly) => new(new SessionOperator(new SessionSpec(Input, [0], 1, Gap, WindowClock.EventTime, isAppendOnly), 5));

    private static OperatorDriver Grouped() => new(new SessionOperator(
        new SessionSpec(Input, [0], 1, Gap, WindowClock.EventTime, true)
        {
            Grouping = new SessionGrouping([0], [AggregateCall.CountStar("n"), new("s", AggregateKind.Sum, 2, SqlType.BigInt), new("m", AggregateKind.Max, 2, SqlType.BigInt)]),
        },
        5));

    private static List<(object?[] Values, long Weight, long Before, long After)> RandomInput(Random random, int count, bool isAppendOnly)
    {
        var rows = new List<(object?[] Values, long Weight, long Before, long After)>();
        var live = new List<object?[]>();
        var clock = 0L;
        var watermark = Operator.NoWatermark;
        while (rows.Count < count)
        {
            clock += random.Next((int)Second) / 1000 * 1000;
            // What is taken back is not late, so that the order of coming and going plays no part.
            var recent = live.Where(v => (long)v[1]! > watermark + 1000).ToList();
            var takesBack = !isAppendOnly && recent.Count > 0 && random.Next(4) == 0;
            var values = takesBack
                ? recent[random.Next(recent.Count)]
                : ["key " + random.Next(3), clock - random.NextInt64(isAppendOnly && random.Next(4) == 0 ? 20 * Second : 2 * Second) / 1000 * 1000, random.Next(6)];
            if (takesBack) live.Remove(values);
            else live.Add(values);
            var before = watermark;
            watermark = Math.Max(watermark, clock - 3 * Second);
            rows.Add((values, takesBack ? -1 : 1, before, watermark));
        }

        return rows;
    }

    /// <summary>As Flink does it: a row joins the sessions that are still open and touch it, unless the result is closed already.</summary>
    private static List<string> RowByRow(List<(object?[] Values, long Weight, long Before, long After)> rows, out long late)
    {
        late = 0;
        var result = new Dictionary<string, long>();
        var open = new List<(string Key, long Start, long End, List<object?[]> Rows)>();
        foreach (var (values, _, before, after) in rows)
        {
            var (key, start) = ((string)values[0]!, (long)values[1]!);
            var touching = open.Where(s => s.Key == key && s.Start <= start + Gap && s.End >= start).ToList();
            var merged = (Key: key, Start: touching.Select(s => s.Start).Append(start).Min(), End: touching.Select(s => s.End).Append(start + Gap).Max(), Rows: touching.SelectMany(s => s.Rows).Append(values).ToList());
            if (merged.End - 1000 <= before)
            {
                late++;
            }
            else
            {
                open.RemoveAll(touching.Contains);
                open.Add(merged);
            }

            // A late row moves the watermark too.
            foreach (var session in open.Where(s => s.End - 1000 <= after)) Add(result, session.Start, session.End, session.Rows);
            open.RemoveAll(s => s.End - 1000 <= after);
        }

        foreach (var session in open) Add(result, session.Start, session.End, session.Rows);
        return Sorted(result);
    }

    private static List<string> InOneGo(List<(object?[] Values, long Weight, long Before, long After)> rows, out long late)
    {
        late = 0;
        var left = rows.GroupBy(r => string.Join('|', r.Values)).SelectMany(g => Enumerable.Repeat(g.First().Values, (int)g.Sum(r => r.Weight)));
        var result = new Dictionary<string, long>();
        foreach (var key in left.GroupBy(v => (string)v[0]!))
        {
            var session = new List<object?[]>();
            foreach (var row in key.OrderBy(v => (long)v[1]!))
            {
                if (session.Count > 0 && (long)row[1]! > (long)session[^1][1]! + Gap)
                {
                    Add(result, (long)session[0][1]!, (long)session[^1][1]! + Gap, session);
                    session = [];
                }

                session.Add(row);
            }

            Add(result, (long)session[0][1]!, (long)session[^1][1]! + Gap, session);
        }

        return Sorted(result);
    }

    private static void Add(Dictionary<string, long> result, long start, long end, List<object?[]> rows)
    {
        foreach (var row in rows)
        {
            var text = $"{row[0]}|{row[1]}|{row[2]}|{start}|{end}|{end - 1000}";
            result[text] = result.GetValueOrDefault(text) + 1;
        }
    }

    private static List<string> Sorted(Dictionary<string, long> result) => [.. result.Select(r => $"{r.Key} x+{r.Value}").Order(StringComparer.Ordinal)];
}
