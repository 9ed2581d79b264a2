using Freshet.Columns.Types;
using Freshet.Dataflow.Consolidation;
using Freshet.Dataflow.Unions;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests.Consolidation;

public sealed class ConsolidatorTests
{
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.View];

    [Fact]
    public void A_steps_delta_leaves_once_per_row_in_content_order()
    {
        var driver = new OperatorDriver(new ConsolidatorOperator());
        var delta = driver.Step(
            TestRows.Weighted(Kinds, ([2, "b"], 1), ([1, "a"], -1), ([3, "c"], 1)),
            TestRows.Weighted(Kinds, ([3, "c"], -1), ([1, "a"], 3), ([0, null], 1)));
        Assert.Equal(["0|NULL x+1", "1|a x+2", "2|b x+1"], delta);
        Assert.Empty(driver.Step());
    }

    [Fact]
    public void Any_cut_into_batches_gives_the_same_order()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        var rows = Enumerable.Range(0, 500).Select(_ => (Values: new object?[] { random.Next(20), "t" + random.Next(3) }, Weight: random.Next(-1, 2) | 1L)).ToArray();
        var whole = new OperatorDriver(new ConsolidatorOperator()).Step(TestRows.Weighted(Kinds, rows));
        var parts = new OperatorDriver(new ConsolidatorOperator()).Step([.. rows.Chunk(7).Select(c => TestRows.Weighted(Kinds, c))]);
        Assert.True(whole.SequenceEqual(parts), $"random seed {seed}");
    }

    [Fact]
    public void A_union_passes_the_rows_of_all_inputs()
    {
        var driver = new OperatorDriver(new UnionOperator());
        driver.Step(0, (0, TestRows.Of(Kinds, [[1, "a"]])), (1, TestRows.Weighted(Kinds, ([1, "a"], 1), ([2, "b"], -1))));
        Assert.Equal(["1|a x+2", "2|b x-1"], driver.Result);
    }

    [Fact]
    public void A_steady_stream_allocates_nothing_per_row()
    {
        var rows = Enumerable.Range(0, 4000).Select(i => new object?[] { i % 100, "x" }).ToArray();
        Allocation.AssertSteady(new ConsolidatorOperator(), () => TestRows.Of(Kinds, rows), 4000);
    }
}
