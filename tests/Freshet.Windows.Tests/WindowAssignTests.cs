using Freshet.Columns.Types;
using Freshet.Dataflow.Tests;
using Freshet.Tests;

namespace Freshet.Windows.Tests;

public sealed class WindowAssignTests
{
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.View, PhysicalKind.Int64];

    [Fact]
    public void A_tumbling_window_holds_its_start_and_not_its_end()
    {
        var driver = new OperatorDriver(new WindowAssignOperator(new(WindowSpec.Tumble(10_000), 1, "ts", [])));
        driver.Step(TestRows.Weighted(Kinds, (["a", 0], 1), (["b", 9_999], -1), (["c", 10_000], 1), (["d", -1], 1)));
        Assert.Equal(["a|0|0|10000|9000 x+1", "b|9999|0|10000|9000 x-1", "c|10000|10000|20000|19000 x+1", "d|-1|-10000|0|-1000 x+1"], driver.Result);
    }

    [Fact]
    public void An_offset_shifts_the_windows()
    {
        var driver = new OperatorDriver(new WindowAssignOperator(new(WindowSpec.Tumble(10_000, 3_000), 1, "ts", [])));
        driver.Step(TestRows.Of(Kinds, ["a", 2_999], ["b", 3_000]));
        Assert.Equal(["a|2999|-7000|3000|2000 x+1", "b|3000|3000|13000|12000 x+1"], driver.Result);
    }

    [Fact]
    public void A_hopping_window_gives_each_row_once_for_each_window_that_holds_it()
    {
        var driver = new OperatorDriver(new WindowAssignOperator(new(WindowSpec.Hop(5_000, 15_000), 1, "ts", [])));
        driver.Step(TestRows.Of(Kinds, [["a", 12_000]]));
        Assert.Equal(["a|12000|0|15000|14000 x+1", "a|12000|10000|25000|24000 x+1", "a|12000|5000|20000|19000 x+1"], driver.Result);
        Assert.Equal(3, driver.Batches);
    }

    [Fact]
    public void A_row_without_a_time_is_an_error_row()
    {
        var driver = new OperatorDriver(new WindowAssignOperator(new(WindowSpec.Tumble(10_000), 1, "ts", [0])));
        driver.Step(TestRows.Weighted(Kinds, (["a", null], -1), (["b", 5], 1)));
        Assert.Equal(["b|5|0|10000|9000 x+1"], driver.Result);
        Assert.StartsWith("a|ts|NULL|The time attribute is NULL", Assert.Single(driver.Side(0)), StringComparison.Ordinal);
        Assert.EndsWith(" x-1", driver.Side(0)[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_that_is_no_multiple_of_the_step_is_refused_for_CUMULATE() =>
        Assert.Throws<ArgumentException>(() => WindowSpec.Cumulate(3, 10));

    [Fact]
    public void A_steady_stream_allocates_nothing_per_row()
    {
        var rows = Enumerable.Range(0, 4000).Select(i => new object?[] { "x", i * 17L }).ToArray();
        Allocation.AssertSteady(new WindowAssignOperator(new(WindowSpec.Hop(5_000, 15_000), 1, "ts", [])), () => TestRows.Of(Kinds, rows), 4000);
    }
}
