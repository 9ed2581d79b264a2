using Freshet.Columns.Types;
using Freshet.Dataflow.Unnesting;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests.Unnesting;

public sealed class UnnestTests
{
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.View];
    private static readonly SqlType Numbers = SqlType.Array(SqlType.BigInt);

    [Fact]
    public void Each_element_is_a_row_with_the_weight_of_its_row()
    {
        var driver = Make(isLeft: false);
        driver.Step(TestRows.Weighted(Kinds, ([1, "[10,20]"], 2), ([2, "[]"], 1), ([3, null], 1), ([4, "[null]"], -1)));
        Assert.Equal(["1|10 x+2", "1|20 x+2", "4|NULL x-1"], driver.Result);
    }

    [Fact]
    public void A_left_unnest_keeps_rows_without_elements()
    {
        var driver = Make(isLeft: true);
        driver.Step(TestRows.Weighted(Kinds, ([1, "[10]"], 1), ([2, "[]"], 1), ([3, null], -1)));
        Assert.Equal(["1|10 x+1", "2|NULL x+1", "3|NULL x-1"], driver.Result);
    }

    [Fact]
    public void Rows_are_unnested_with_their_fields_and_ordinality()
    {
        var items = SqlType.Array(SqlType.Row([new("sku", SqlType.String), new("qty", SqlType.Int)]));
        var spec = new UnnestSpec([SqlType.BigInt, items], 1, [0], true, false);
        Assert.Equal(["sku", "qty", "ORDINALITY"], spec.ElementColumns.Select(c => c.Name));
        var driver = new OperatorDriver(new UnnestOperator(spec));
        driver.Step(TestRows.Of(Kinds, [[7, """[{"sku":"a long article number","qty":2},{"sku":"b","qty":null}]"""]]));
        Assert.Equal(["7|a long article number|2|1 x+1", "7|b|NULL|2 x+1"], driver.Result);
    }

    [Fact]
    public void A_long_array_leaves_in_bounded_batches()
    {
        var driver = Make(isLeft: true);
        driver.Step(TestRows.Of(Kinds, [[1, "[" + string.Join(",", Enumerable.Range(0, 10_000)) + "]"]]));
        Assert.Equal(10_000, driver.Result.Count);
        Assert.True(driver.Batches > 2);
    }

    [Fact]
    public void A_steady_stream_allocates_nothing_per_row()
    {
        var rows = Enumerable.Range(0, 2000).Select(i => new object?[] { i, "[1,2]" }).ToArray();
        Allocation.AssertSteady(new UnnestOperator(new([SqlType.BigInt, Numbers], 1, [0], false, true)), () => TestRows.Of(Kinds, rows), 2000);
    }

    private static OperatorDriver Make(bool isLeft) => new(new UnnestOperator(new([SqlType.BigInt, Numbers], 1, [0], false, isLeft)));
}
