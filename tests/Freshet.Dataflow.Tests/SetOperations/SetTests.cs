using Freshet.Columns.Types;
using Freshet.Dataflow.SetOperations;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests.SetOperations;

public sealed class SetTests
{
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.View];

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Any_cut_gives_what_the_counts_say_and_taking_all_back_leaves_nothing(bool isExcept, bool isAll)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 20; turn++)
        {
            var driver = new OperatorDriver(new SetOperator(new SetSpec([SqlType.BigInt, SqlType.String], isExcept, isAll), 3));
            (int Port, object?[] Values, long Weight)[] rows = [.. Enumerable.Range(0, 200).Select(_ => (random.Next(2), new object?[] { random.Next(5) == 0 ? null : random.Next(6), random.Next(2) == 0 ? "short" : "a text that is longer than twelve" }, (long)random.Next(1, 3)))];
            // Some rows are taken back, as often as they came.
            rows = [.. rows, .. rows.Where(_ => random.Next(2) == 0).Select(r => (r.Port, r.Values, -r.Weight))];
            driver.Feed(random, [Kinds, Kinds], rows);
            Assert.True(Naive(rows, isExcept, isAll).SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}");
            driver.Feed(random, [Kinds, Kinds], [.. rows.Select(r => (r.Port, r.Values, -r.Weight)).Reverse()]);
            Assert.True(driver.Result.Count == 0 && driver.Operator.StateRows == 0, $"random seed {seed}, turn {turn}: {driver.Operator.StateRows} rows of state");
            driver.Operator.Dispose();
        }
    }

    [Fact]
    public void A_row_that_stays_in_the_result_gives_no_change()
    {
        var driver = new OperatorDriver(new SetOperator(new SetSpec([SqlType.BigInt, SqlType.String], false, false), 3));
        driver.Step(0, (0, TestRows.Weighted(Kinds, ([1, "a"], 1L))), (1, TestRows.Weighted(Kinds, ([1, "a"], 1L))));
        Assert.Equal(["1|a x+1"], driver.Result);
        Assert.Empty(driver.Step(0, (0, TestRows.Weighted(Kinds, ([1, "a"], 5L))), (1, TestRows.Weighted(Kinds, ([1, "a"], 2L)))));
    }

    private static IEnumerable<string> Naive((int Port, object?[] Values, long Weight)[] rows, bool isExcept, bool isAll) => rows
        .GroupBy(r => string.Join("|", r.Values.Select(TestRows.Text)))
        .Select(g => (g.Key, Left: g.Where(r => r.Port == 0).Sum(r => r.Weight), Right: g.Where(r => r.Port == 1).Sum(r => r.Weight)))
        .Select(r => (r.Key, Count: (isExcept, isAll) switch
        {
            (true, true) => r.Left - r.Right,
            (true, false) => r.Left > 0 && r.Right == 0 ? 1 : 0,
            (false, true) => Math.Min(r.Left, r.Right),
            _ => Math.Min(1, Math.Min(r.Left, r.Right)),
        }))
        .Where(r => r.Count > 0).Select(r => $"{r.Key} x+{r.Count}").Order(StringComparer.Ordinal);
}
