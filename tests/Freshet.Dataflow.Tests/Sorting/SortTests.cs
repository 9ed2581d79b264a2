using Freshet.Columns.Types;
using Freshet.Dataflow.Sorting;
using Freshet.Kernels;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests.Sorting;

public sealed class SortTests
{
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.View];

    [Fact]
    public void Rows_leave_sorted_at_the_end_of_all_input_and_not_before()
    {
        var driver = new OperatorDriver(new SortOperator(new([new SortKey(1, Descending: true)], 0, null, false)));
        Assert.Empty(driver.Step(TestRows.Of(Kinds, [1, "a"], [2, "c"])));
        var delta = driver.Step(Operator.EndWatermark, (0, TestRows.Weighted(Kinds, ([3, "b"], 1), ([1, "a"], 1), ([2, "c"], -1))));
        Assert.Equal(["3|b x+1", "1|a x+2"], delta);
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void Offset_and_limit_count_weights()
    {
        var driver = new OperatorDriver(new SortOperator(new([new SortKey(0)], 1, 3, false)));
        var delta = driver.Step(Operator.EndWatermark, (0, TestRows.Weighted(Kinds, ([1, "a"], 2), ([2, "b"], 1), ([3, "c"], 5))));
        Assert.Equal(["1|a x+1", "2|b x+1", "3|c x+1"], delta);
    }

    [Fact]
    public void With_a_limit_over_appended_rows_only_the_best_are_kept()
    {
        var driver = new OperatorDriver(new SortOperator(new([new SortKey(0)], 0, 5, true)));
        for (var i = 0; i < 40; i++)
        {
            var rows = Enumerable.Range(0, 4000).Select(r => new object?[] { (r * 7919L + i * 104729L) % 1_000_003, "x" }).ToArray();
            driver.Step(TestRows.Of(Kinds, rows));
            Assert.True(driver.Operator.StateRows < 70_000);
        }

        var delta = driver.Step(Operator.EndWatermark);
        Assert.Equal(5, delta.Count);
        Assert.Equal("0|x x+1", delta[0]);
    }

    [Fact]
    public void Equal_keys_are_in_content_order()
    {
        var driver = new OperatorDriver(new SortOperator(new([new SortKey(0, true)], 0, null, false)));
        Assert.Equal(["2|a x+1", "2|b x+1", "1|z x+1"], driver.Step(Operator.EndWatermark, (0, TestRows.Of(Kinds, [2, "b"], [1, "z"], [2, "a"]))));
    }
}
