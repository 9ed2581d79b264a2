using System.Collections.Immutable;
using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Tests;
using Freshet.Kernels.Expressions;
using Freshet.Tests;

namespace Freshet.Windows.Tests;

public sealed unsafe class WindowAggregateTests
{
    private const long Second = 1_000_000;

    private static readonly Schema Input = Schema.Of(("key", SqlType.String), ("ts", SqlType.Timestamp(3)), ("value", SqlType.BigInt));
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.View, PhysicalKind.Int64, PhysicalKind.Int64];

    private static ImmutableArray<AggregateCall> Calls { get; } = [AggregateCall.CountStar("n"), new("s", AggregateKind.Sum, 2, SqlType.BigInt)];

    [Fact]
    public void A_window_fires_once_when_the_watermark_passes_its_end_and_drops_its_state()
    {
        var driver = Make(WindowSpec.Tumble(10 * Second));
        driver.Step(2 * Second, (0, Rows(("a", 1, 5), ("b", 9, 1), ("a", 12, 7))));
        Assert.Equal(10 * Second - 1000, driver.Operator.DueWatermark);
        Assert.Empty(driver.Step(10 * Second - 1001));
        Assert.Equal(["b|0|10000000|9999000|1|1 x+1", "a|0|10000000|9999000|1|5 x+1"], driver.Step(10 * Second - 1000));
        Assert.Equal(1, driver.Operator.StateRows);
        Assert.Equal(["a|10000000|20000000|19999000|1|7 x+1"], driver.Step(Operator.EndWatermark));
        Assert.Equal(0, driver.Operator.StateRows);
        Assert.Equal(Operator.EndWatermark, driver.Operator.DueWatermark);
    }

    [Fact]
    public void Rows_taken_back_before_the_window_fires_are_taken_out()
    {
        var driver = Make(WindowSpec.Tumble(10 * Second));
        driver.Step(0, (0, Rows(("a", 1, 5), ("b", 2, 3), ("a", 1, 8))));
        driver.Step(0, (0, TestRows.Weighted(Kinds, (["a", 1 * Second, 5], -1), (["b", 2 * Second, 3], -1))));
        Assert.Equal(1, driver.Operator.StateRows);
        Assert.Equal(["a|0|10000000|9999000|1|8 x+1"], driver.Step(20 * Second));
        driver.Step(20 * Second, (0, TestRows.Weighted(Kinds, (["a", 21 * Second, 8], 1), (["a", 21 * Second, 8], -1))));
        Assert.Equal(0, driver.Operator.StateRows);
        Assert.Equal(Operator.EndWatermark, driver.Operator.DueWatermark);
    }

    [Fact]
    public void Hopping_windows_merge_their_panes()
    {
        var driver = Make(WindowSpec.Hop(5 * Second, 15 * Second));
        driver.Step(0, (0, Rows(("a", 1, 1), ("a", 6, 10), ("b", 7, 5), ("a", 11, 100))));
        Assert.Equal(4, driver.Operator.StateRows);
        driver.Step(Operator.EndWatermark);
        Assert.Equal(
            [
                "a|-10000000|5000000|4999000|1|1 x+1", "a|-5000000|10000000|9999000|2|11 x+1", "a|0|15000000|14999000|3|111 x+1",
                "a|10000000|25000000|24999000|1|100 x+1", "a|5000000|20000000|19999000|2|110 x+1",
                "b|-5000000|10000000|9999000|1|5 x+1", "b|0|15000000|14999000|1|5 x+1", "b|5000000|20000000|19999000|1|5 x+1",
            ],
            driver.Result);
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void A_row_whose_windows_are_all_closed_at_its_own_position_is_late_and_counts_nowhere()
    {
        var driver = Make(WindowSpec.Hop(5 * Second, 10 * Second));
        var batch = Rows(("a", 3, 1), ("a", 3, 10), ("a", 3, 100));
        batch.RowWatermarks = batch.Memory.Allocate<long>(3);
        batch.RowWatermarks[0] = 0;
        batch.RowWatermarks[1] = 5 * Second;
        batch.RowWatermarks[2] = 10 * Second - 1000;
        driver.Step(0, (0, batch));
        driver.Step(Operator.EndWatermark);
        Assert.Equal(["a|-5000000|5000000|4999000|1|1 x+1", "a|0|10000000|9999000|2|11 x+1"], driver.Result);
        Assert.Equal(["a|3000000|100|6999|9999000 x+1"], driver.Side(1));
        Assert.Equal(1, ((WindowAggregateOperator)driver.Operator).LateRows);
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void Distinct_values_count_once_in_each_hopping_window()
    {
        ImmutableArray<AggregateCall> calls = [new("d", AggregateKind.Count, 2, SqlType.BigInt, IsDistinct: true)];
        var driver = new OperatorDriver(new WindowAggregateOperator(new(WindowSpec.Hop(5 * Second, 10 * Second), Input, 1, [], calls, false, []), 1));
        driver.Step(0, (0, Rows(("a", 1, 1), ("a", 6, 1), ("b", 7, 2))));
        driver.Step(Operator.EndWatermark);
        Assert.Equal(["-5000000|5000000|4999000|1 x+1", "0|10000000|9999000|2 x+1", "5000000|15000000|14999000|2 x+1"], driver.Result);
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void A_row_without_a_time_is_an_error_row()
    {
        var driver = Make(WindowSpec.Tumble(10 * Second));
        driver.Step(0, (0, TestRows.Of(Kinds, [["a", null, 1]])));
        Assert.Single(driver.Side(0));
        driver.Step(Operator.EndWatermark);
        Assert.Empty(driver.Result);
    }

    [Fact]
    public void A_result_out_of_range_is_NULL_with_an_error_row()
    {
        var driver = Make(WindowSpec.Tumble(10 * Second));
        driver.Step(0, (0, Rows(("a", 1, long.MaxValue), ("a", 2, 1))));
        driver.Step(Operator.EndWatermark);
        Assert.Equal(["a|0|10000000|9999000|2|NULL x+1"], driver.Result);
        Assert.StartsWith("s|9223372036854775808|The result does not fit BIGINT", Assert.Single(driver.Side(0)), StringComparison.Ordinal);
    }

    [Fact]
    public void Many_windows_fire_in_order_across_gaps()
    {
        var driver = Make(WindowSpec.Tumble(10 * Second));
        driver.Step(0, (0, Rows(("a", 1_000_000, 1), ("b", 5, 2), ("c", 500_000_000, 3))));
        var delta = driver.Step(Operator.EndWatermark);
        Assert.Equal(["b", "a", "c"], delta.Select(d => d[..1]));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    public void Any_cut_and_any_watermark_between_gives_the_result_of_a_naive_evaluation(int windows, bool distinct)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 30; turn++)
        {
            var window = WindowSpec.Hop(5 * Second, 5 * Second * windows);
            ImmutableArray<AggregateCall> calls =
            [
                .. Calls,
                new("m", AggregateKind.Max, 2, SqlType.BigInt),
                .. distinct ? new AggregateCall[] { new("d", AggregateKind.Count, 2, SqlType.BigInt, IsDistinct: true) } : [],
            ];
            var rows = RandomInput(random, 300);
            var expected = Naive(window, distinct, rows, out var late);
            var driver = new OperatorDriver(new WindowAggregateOperator(new(window, Input, 1, [0], calls, false, []), 3));
            for (var at = 0; at < rows.Count;)
            {
                var batches = new List<(int, Batch)>();
                for (var n = random.Next(3); n >= 0 && at < rows.Count; n--)
                {
                    var part = rows.Skip(at).Take(1 + random.Next(20)).ToList();
                    var batch = TestRows.Weighted(Kinds, [.. part.Select(r => (r.Values, r.Weight))]);
                    batch.RowWatermarks = batch.Memory.Allocate<long>(part.Count);
                    for (var i = 0; i < part.Count; i++) batch.RowWatermarks[i] = part[i].Watermark;
                    batches.Add((0, batch));
                    at += part.Count;
                }

                driver.Step(random.Next(2) == 0 ? rows[at - 1].Watermark : Operator.NoWatermark, [.. batches]);
            }

            driver.Step(Operator.EndWatermark);
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}\n{string.Join('\n', expected.Except(driver.Result))}\nnot\n{string.Join('\n', driver.Result.Except(expected))}");
            Assert.Equal(late, ((WindowAggregateOperator)driver.Operator).LateRows);
            Assert.Equal(0, driver.Operator.StateRows);
        }
    }

    [Fact]
    public void A_steady_stream_allocates_nothing_per_row()
    {
        var rows = Enumerable.Range(0, 4000).Select(i => new object?[] { "key " + i % 500, i % 20 * Second, i }).ToArray();
        Allocation.AssertSteady(new WindowAggregateOperator(new(WindowSpec.Hop(5 * Second, 15 * Second), Input, 1, [0], Calls, true, []), 3), () => TestRows.Of(Kinds, rows), 4000);
    }

    private static OperatorDriver Make(WindowSpec window) => new(new WindowAggregateOperator(new(window, Input, 1, [0], Calls, false, []), 5));

    private static Batch Rows(params (string Key, long Seconds, long Value)[] rows) =>
        TestRows.Of(Kinds, [.. rows.Select(r => new object?[] { r.Key, r.Seconds * Second, r.Value })]);

    /// <summary>Rows mostly in order, some far behind; a row that is taken back was added before and has the same time.</summary>
    private static List<(object?[] Values, long Weight, long Watermark)> RandomInput(Random random, int count)
    {
        var rows = new List<(object?[] Values, long Weight, long Watermark)>();
        var live = new List<object?[]>();
        var clock = 0L;
        var watermark = Operator.NoWatermark;
        while (rows.Count < count)
        {
            clock += random.Next((int)Second / 2);
            var takesBack = live.Count > 0 && random.Next(5) == 0;
            var values = takesBack ? live[random.Next(live.Count)] : ["key " + random.Next(4), clock - random.NextInt64(random.Next(5) == 0 ? 30 * Second : 2 * Second), random.Next(6)];
            if (takesBack) live.Remove(values);
            else live.Add(values);
            watermark = Math.Max(watermark, clock - 2 * Second);
            rows.Add((values, takesBack ? -1 : 1, watermark));
        }

        return rows;
    }

    private static List<string> Naive(WindowSpec window, bool distinct, List<(object?[] Values, long Weight, long Watermark)> rows, out long late)
    {
        late = 0;
        var windows = new Dictionary<(string Key, long Start), List<(long Value, long Weight)>>();
        foreach (var (values, weight, watermark) in rows)
        {
            var time = (long)values[1]!;
            var latest = (long)Math.Floor((double)time / window.SlideMicros) * window.SlideMicros;
            var counted = false;
            for (var start = latest; start > time - window.SizeMicros; start -= window.SlideMicros)
            {
                if (watermark >= start + window.SizeMicros - 1000) continue;
                counted = true;
                if (!windows.TryGetValue(((string)values[0]!, start), out var list)) windows[((string)values[0]!, start)] = list = [];
                list.Add(((int)values[2]!, weight));
            }

            if (!counted) late++;
        }

        var result = new List<string>();
        foreach (var ((key, start), list) in windows)
        {
            var count = list.Sum(v => v.Weight);
            if (count <= 0) continue;
            var present = list.GroupBy(v => v.Value).Where(g => g.Sum(v => v.Weight) > 0).ToList();
            var end = start + window.SizeMicros;
            result.Add($"{key}|{start}|{end}|{end - 1000}|{count}|{list.Sum(v => v.Value * v.Weight)}|{(present.Count == 0 ? "NULL" : present.Max(g => g.Key))}{(distinct ? "|" + present.Count : "")} x+1");
        }

        return [.. result.Order(StringComparer.Ordinal)];
    }
}
