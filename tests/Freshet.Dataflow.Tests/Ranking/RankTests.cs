using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow.Ranking;
using Freshet.Kernels;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests.Ranking;

public sealed class RankTests
{
    /// <summary>Partition, value, text, and the position where there is one.</summary>
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.View, PhysicalKind.Int128];

    private static readonly SqlType[] Types = [SqlType.BigInt, SqlType.BigInt, SqlType.String, SqlType.Decimal(38, 0)];

    [Fact]
    public void The_best_rows_of_a_partition_are_kept_and_only_differences_leave()
    {
        var driver = Make(RankFunction.RowNumber, 1, 2, isAppendOnly: false, [0, 1, 2], new SortKey(1, true));
        Assert.Equal(["1|10|a x+1", "1|9|b x+1"], driver.Step(0, Rows(([1L, 10L, "a"], 1), ([1L, 9L, "b"], 1), ([1L, 8L, "c"], 1))));
        Assert.Equal(["1|9|b x-1", "1|11|d x+1"], driver.Step(0, Rows(([1L, 11L, "d"], 1))).Order(StringComparer.Ordinal).Reverse());
        Assert.Empty(driver.Step(0, Rows(([1L, 8L, "c"], -1))));
        Assert.Equal(["1|11|d x-1", "1|9|b x+1"], driver.Step(0, Rows(([1L, 11L, "d"], -1))));
    }

    [Fact]
    public void A_number_in_the_result_moves_with_the_rows_before_it()
    {
        var driver = Make(RankFunction.RowNumber, 1, 3, isAppendOnly: false, [1, 3], new SortKey(1));
        driver.Step(0, Rows(([1L, 5L, "a"], 1), ([1L, 7L, "b"], 1)));
        Assert.Equal(["3|1 x+1", "5|1 x-1", "5|2 x+1", "7|2 x-1", "7|3 x+1"], driver.Step(0, Rows(([1L, 3L, "c"], 1))));
    }

    [Fact]
    public void Over_appended_rows_only_those_in_the_result_are_stored()
    {
        var driver = Make(RankFunction.RowNumber, 1, 2, isAppendOnly: true, [1], new SortKey(1, true));
        driver.Step(0, Rows([.. Enumerable.Range(0, 100).Select(i => ((object?[])[1L, (long)i, "t" + i], 1L))]));
        Assert.Equal(2, driver.Operator.StateRows);
        Assert.Empty(driver.Step(0, Rows([.. Enumerable.Range(0, 50).Select(i => ((object?[])[1L, (long)i, "u" + i], 1L))])));
        Assert.Equal(["98 x+1", "99 x+1"], driver.Result);
    }

    [Theory]
    [InlineData(RankFunction.RowNumber, 1, 3, true, false)]
    [InlineData(RankFunction.RowNumber, 1, 3, false, false)]
    [InlineData(RankFunction.RowNumber, 2, 4, true, false)]
    [InlineData(RankFunction.Rank, 1, 3, true, false)]
    [InlineData(RankFunction.Rank, 1, 3, false, false)]
    [InlineData(RankFunction.DenseRank, 1, 2, true, false)]
    [InlineData(RankFunction.DenseRank, 2, 2, false, false)]
    [InlineData(RankFunction.RowNumber, 1, 3, true, true)]
    [InlineData(RankFunction.RowNumber, 2, 3, false, true)]
    [InlineData(RankFunction.RowNumber, 1, 1, false, true)]
    [InlineData(RankFunction.RowNumber, 1, 1, true, true)]
    [InlineData(RankFunction.RowNumber, 3, 12, true, true)]
    [InlineData(RankFunction.RowNumber, 1, 1000, true, true)]
    [InlineData(RankFunction.Rank, 1, 3, true, true)]
    [InlineData(RankFunction.DenseRank, 1, 2, true, true)]
    public void Any_cut_gives_the_result_of_a_naive_evaluation_and_taking_all_back_leaves_nothing(RankFunction function, long first, long last, bool givesNumber, bool isAppendOnly)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        SortKey[] order = [new(1, true, NullsFirst: false), new(2)];
        for (var turn = 0; turn < 10; turn++)
        {
            SortKey[] keys = turn % 3 == 0 ? [order[0]] : turn % 3 == 1 ? [order[1], order[0]] : order;
            var rows = RandomInput(random, 250, isAppendOnly);
            int[] output = givesNumber ? [0, 1, 2, isAppendOnly ? 4 : 3] : [0, 1, 2];
            var spec = SpecOf(function, first, last, isAppendOnly, output, keys) with { IsAppendOnly = isAppendOnly };
            var kinds = isAppendOnly ? Kinds : Kinds[..3];
            var expected = Naive(function, first, last, givesNumber, keys, rows);
            // With a great last number it is by the one, with a small one by the other.
            var driver = isAppendOnly && turn % 2 == 0 ? new OperatorDriver(new RankOperator(spec, 3)) : Make(spec);
            driver.Feed(random, [kinds], rows);
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}\nmissing:\n{string.Join('\n', expected.Except(driver.Result))}\nfound:\n{string.Join('\n', driver.Result.Except(expected))}");
            if (!isAppendOnly)
            {
                driver.Feed(random, [kinds], [.. rows.Select(r => (r.Port, r.Values, -r.Weight)).Reverse()]);
                Assert.True(driver.Result.Count == 0 && driver.Operator.StateRows == 0, $"random seed {seed}, turn {turn}: {driver.Operator.StateRows} rows of state");
            }

            driver.Operator.Dispose();
        }
    }

    [Fact]
    public void A_row_is_not_stored_when_the_step_puts_it_beyond_the_last_number()
    {
        var driver = Make(RankFunction.RowNumber, 1, 2, isAppendOnly: true, [0, 1], new SortKey(1, true));
        Assert.Equal(["1|8 x+1", "1|9 x+1"], driver.Step(0, [.. Enumerable.Range(0, 10).Select(i => (0, TestRows.Weighted(Kinds, [((object?[])[1L, (long)i, "t" + i, (Int128)i], 1L)])))]).Order(StringComparer.Ordinal));
        Assert.Equal(2, driver.Operator.StateRows);
        Assert.Equal(["1|20 x+1", "1|8 x-1"], driver.Step(0, (0, TestRows.Weighted(Kinds, [((object?[])[1L, 20L, "x", (Int128)20], 1L)]))).Order(StringComparer.Ordinal));
        Assert.Equal(2, driver.Operator.StateRows);
    }

    [Fact]
    public void A_row_of_a_greater_weight_has_several_numbers_and_other_rows_follow_it()
    {
        var driver = Make(SpecOf(RankFunction.RowNumber, 1, 3, false, [1, 3], new SortKey(1)) with { IsAppendOnly = true });
        Assert.Equal(["5|1 x+1", "7|2 x+1", "7|3 x+1"], driver.Step(0, Rows(([1L, 7L, "b"], 5), ([1L, 5L, "a"], 1))).Order(StringComparer.Ordinal));
        Assert.Equal(3, driver.Operator.StateRows);
    }

    [Fact]
    public void A_step_larger_than_what_may_wait_gives_the_same_rows()
    {
        var driver = Make(RankFunction.RowNumber, 1, 2, isAppendOnly: true, [0, 1], new SortKey(1, true));
        (int, Batch)[] batches = [.. Enumerable.Range(0, 7).Select(b => (0, TestRows.Weighted(Kinds, [.. Enumerable.Range(0, 60_000).Select(i => ((object?[])[1L, (long)(i / 2 * 8 + b), "a text of more bytes than a view", (Int128)(b * 60_000 + i)], 1L))])))];
        Assert.Equal(["1|239998 x+2"], driver.Step(0, batches).GroupBy(r => r).Select(g => g.Key.Replace("+1", "+" + g.Count(), StringComparison.Ordinal)));
        Assert.Equal(2, driver.Operator.StateRows);
    }

    [Fact]
    public void A_steady_stream_allocates_nothing_per_row()
    {
        var spec = SpecOf(RankFunction.RowNumber, 1, 3, false, [0, 1, 2], new SortKey(1, true));
        var rows = Enumerable.Range(0, 4000).Select(i => ((object?[])[(long)(i % 500), (long)(i % 2000), "x"], i % 4000 < 2000 ? 1L : -1L)).ToArray();
        Allocation.AssertSteady(new RankOperator(spec, 3), () => TestRows.Weighted(Kinds[..3], rows), 4000);
    }

    internal static (int Port, object?[] Values, long Weight)[] RandomInput(Random random, int count, bool isAppendOnly)
    {
        var rows = new List<(int Port, object?[] Values, long Weight)>();
        var live = new List<(int Port, object?[] Values, long Weight)>();
        while (rows.Count < count)
        {
            if (!isAppendOnly && live.Count > 0 && random.Next(3) == 0)
            {
                var at = random.Next(live.Count);
                rows.Add((0, live[at].Values, -live[at].Weight));
                live.RemoveAt(at);
                continue;
            }

            List<object?> values = [(long)random.Next(6), random.Next(10) == 0 ? null : (long)random.Next(12) - 5, "text " + random.Next(8) + (random.Next(2) == 0 ? "" : " long enough for bytes")];
            if (isAppendOnly) values.Add((Int128)rows.Count);
            var row = (0, values.ToArray(), (long)(isAppendOnly ? 1 : random.Next(1, 3)));
            rows.Add(row);
            live.Add(row);
        }

        return [.. rows];
    }

    /// <summary>The rows that are there, in partitions and order, each as often as it is there.</summary>
    internal static IEnumerable<List<object?[]>> Ordered((int Port, object?[] Values, long Weight)[] rows, SortKey[] keys)
    {
        var there = rows.GroupBy(r => string.Join('|', r.Values.Select(TestRows.Text))).SelectMany(g => Enumerable.Repeat(g.First().Values, (int)g.Sum(r => r.Weight)));
        SortKey[] total = [.. keys, .. rows[0].Values.Length > 3 ? new[] { new SortKey(3) } : [], new SortKey(0), new SortKey(1), new SortKey(2)];
        return there.GroupBy(r => r[0]).Select(g => g.Order(Comparer<object?[]>.Create((a, b) => Compare(a, b, total))).ToList());
    }

    internal static int Compare(object?[] left, object?[] right, SortKey[] keys)
    {
        foreach (var key in keys)
        {
            var (a, b) = (left[key.Column], right[key.Column]);
            if (a is null && b is null) continue;
            if (a is null || b is null) return a is null == key.NullsFirst ? -1 : 1;
            var order = a is string text ? string.CompareOrdinal(text, (string)b) : ((IComparable)a).CompareTo(b);
            if (order != 0) return key.Descending ? -order : order;
        }

        return 0;
    }

    private static List<string> Naive(RankFunction function, long first, long last, bool givesNumber, SortKey[] keys, (int Port, object?[] Values, long Weight)[] rows)
    {
        var result = new List<string>();
        foreach (var partition in Ordered(rows, keys))
        {
            for (var i = 0; i < partition.Count; i++)
            {
                var better = partition.Where(r => Compare(r, partition[i], keys) < 0).ToList();
                var number = function switch
                {
                    RankFunction.RowNumber => i + 1,
                    RankFunction.Rank => better.Count + 1,
                    _ => better.Select(r => string.Join('|', keys.Select(k => TestRows.Text(r[k.Column])))).Distinct().Count() + 1,
                };
                if (number < first || number > last) continue;
                object?[] row = [.. partition[i][..3], .. givesNumber ? new object?[] { (long)number } : []];
                result.Add(string.Join('|', row.Select(TestRows.Text)));
            }
        }

        return [.. result.GroupBy(r => r).Select(g => $"{g.Key} x+{g.Count()}").Order(StringComparer.Ordinal)];
    }

    private static OperatorDriver Make(RankFunction function, long first, long last, bool isAppendOnly, int[] output, params SortKey[] order) =>
        Make(SpecOf(function, first, last, isAppendOnly && output.Length > 1, output, order) with { IsAppendOnly = isAppendOnly });

    private static OperatorDriver Make(RankSpec spec) => new(spec.IsAppendOnly && spec.Function == RankFunction.RowNumber ? new FirstRowsOperator(spec, 3) : new RankOperator(spec, 3));

    private static RankSpec SpecOf(RankFunction function, long first, long last, bool hasPosition, int[] output, params SortKey[] order) =>
        new([.. hasPosition ? Types : Types[..3]], [0], [.. order], hasPosition ? 3 : -1, function, first, last, false, [.. output]);

    private static (int, Batch) Rows(params (object?[] Values, long Weight)[] rows) => (0, TestRows.Weighted(Kinds[..3], rows));
}
