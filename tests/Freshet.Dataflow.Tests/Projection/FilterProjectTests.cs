using Freshet.Columns.Types;
using Freshet.Dataflow.Projection;
using Freshet.Kernels.Expressions;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests.Projection;

public sealed unsafe class FilterProjectTests
{
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.View];

    private static readonly VectorExpression Number = new ColumnReference(0, SqlType.BigInt);
    private static readonly VectorExpression Name = new ColumnReference(1, SqlType.String);

    [Fact]
    public void Rows_where_the_predicate_is_true_stay_with_their_weights()
    {
        var driver = new OperatorDriver(new FilterProjectOperator(new(new GreaterThan(0, 1), [new("name", Name)], [])));
        var delta = driver.Step(TestRows.Weighted(Kinds, ([1, "a"], 1), ([2, "b"], -1), ([null, "c"], 1), ([3, "a text longer than twelve"], 2)));
        Assert.Equal(["b x-1", "a text longer than twelve x+2"], delta);
    }

    [Fact]
    public void Without_a_predicate_columns_are_shared_and_not_copied()
    {
        var op = new FilterProjectOperator(new(null, [new("name", Name), new("number", Number)], []));
        var input = TestRows.Of(Kinds, [1, "a"], [2, "b"]);
        var values = (nint)input.Columns[0].Values;
        op.Accept(0, input, new StepContext());
        var output = op.Produce(new StepContext())!;
        Assert.Equal(values, (nint)output.Columns[1].Values);
        Assert.Equal(["a|1 x+1", "b|2 x+1"], TestRows.Text(output));
        output.Release();
    }

    [Fact]
    public void A_sparse_result_is_gathered()
    {
        var op = new FilterProjectOperator(new(new GreaterThan(0, 98), [new("number", Number)], []));
        op.Accept(0, TestRows.Of(Kinds, [.. Enumerable.Range(0, 100).Select(i => new object?[] { i, "x" })]), new StepContext());
        var output = op.Produce(new StepContext())!;
        Assert.Equal(1, output.Rows);
        Assert.Equal(["99 x+1"], TestRows.Text(output));
        output.Release();
    }

    [Fact]
    public void A_row_that_fails_leaves_the_output_and_becomes_an_error_with_its_weight()
    {
        var spec = new FilterProjectSpec(null, [new("name", Name), new("share", new HundredOver(0)), new("again", new HundredOver(0))], [1]);
        var driver = new OperatorDriver(new FilterProjectOperator(spec));
        driver.Step(TestRows.Weighted(Kinds, ([0, "zero"], 2), ([5, "five"], 1)));
        Assert.Equal(["five|20|20 x+1"], driver.Result);
        Assert.Equal(["zero|share|0|Division by zero; guard it with NULLIF. x+2"], driver.Side(0));
        driver.Step(TestRows.Weighted(Kinds, ([0, "zero"], -2), ([5, "five"], -1)));
        Assert.Empty(driver.Result);
        Assert.Empty(driver.Side(0));
    }

    [Fact]
    public void A_projection_does_not_see_rows_that_the_predicate_removed()
    {
        var driver = new OperatorDriver(new FilterProjectOperator(new(new GreaterThan(0, 0), [new("share", new HundredOver(0))], [])));
        driver.Step(TestRows.Of(Kinds, [0, "a"], [4, "b"]));
        Assert.Equal(["25 x+1"], driver.Result);
        Assert.Empty(driver.Side(0));
    }

    [Fact]
    public void A_steady_stream_allocates_nothing_per_row()
    {
        var op = new FilterProjectOperator(new(new GreaterThan(0, 2000), [new("name", Name), new("share", new HundredOver(0))], []));
        var rows = Enumerable.Range(1, 4000).Select(i => new object?[] { i, "x" }).ToArray();
        Allocation.AssertSteady(op, () => TestRows.Of(Kinds, rows), 4000);
    }
}
