using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow.Upserts;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests.Upserts;

public sealed class UpsertTests
{
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.View];

    [Fact]
    public void The_last_row_of_a_key_stands_and_what_it_replaces_is_taken_back()
    {
        var driver = new OperatorDriver(Make());
        Assert.Equal(["1|a x+1"], driver.Step(0, (0, Rows(([1, "a"], 1)))));
        Assert.Equal(["1|a x-1", "1|b x+1"], driver.Step(0, (0, Rows(([1, "b"], 1)))));
        Assert.Empty(driver.Step(0, (0, Rows(([1, "b"], 1), ([2, null], -1)))));
        Assert.Equal(["1|b x-1"], driver.Step(0, (0, Rows(([1, null], -1)))));
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void A_row_that_comes_back_within_a_step_stands()
    {
        var driver = new OperatorDriver(Make());
        driver.Step(0, (0, Rows(([1, "a text that is longer than twelve"], 1))));
        driver.Step(0, (0, Rows(([1, "b"], 1), ([1, "a text that is longer than twelve"], 1))));
        Assert.Equal(["1|a text that is longer than twelve x+1"], driver.Result);
        driver.Step(0, (0, Rows(([1, "b"], 1), ([1, null], -1))));
        Assert.Empty(driver.Result);
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void Any_cut_gives_the_last_rows_and_ending_every_key_leaves_nothing()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 20; turn++)
        {
            var last = new SortedDictionary<long, string>();
            var rows = new List<(int Port, object?[] Values, long Weight)>();
            for (var i = 0; i < 300; i++)
            {
                var key = random.NextInt64(20);
                var text = "value " + new string('x', random.Next(20)) + random.Next(3);
                var isEnd = random.Next(4) == 0;
                rows.Add((0, [key, isEnd ? null : text], isEnd ? -1 : 1));
                if (isEnd) last.Remove(key);
                else last[key] = text;
            }

            var driver = new OperatorDriver(Make());
            driver.Feed(random, [Kinds], [.. rows]);
            var expected = last.Select(r => $"{r.Key}|{r.Value} x+1").Order(StringComparer.Ordinal).ToList();
            Assert.True(expected.SequenceEqual(driver.Result.Order(StringComparer.Ordinal)), $"random seed {seed}, turn {turn}\n{string.Join('\n', driver.Result)}\nnot\n{string.Join('\n', expected)}");
            driver.Feed(random, [Kinds], [.. Enumerable.Range(0, 20).Select(k => (0, (object?[])[(long)k, null], -1L))]);
            Assert.True(driver.Result.Count == 0 && driver.Operator.StateRows == 0, $"random seed {seed}, turn {turn}: {driver.Operator.StateRows} rows of state");
            driver.Operator.Dispose();
        }
    }

    private static UpsertOperator Make() => new(new UpsertSpec([SqlType.BigInt, SqlType.String], [0, 1], [0], -1), 3);

    private static Batch Rows(params (object?[] Values, long Weight)[] rows) => TestRows.Weighted(Kinds, rows);
}
