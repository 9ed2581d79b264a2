using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow.Joins;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests.Joins;

public sealed class OneKeyJoinTests
{
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int32, PhysicalKind.View];

    [Fact]
    public void A_combination_is_there_once_all_sides_have_the_key()
    {
        var driver = Make(3, false);
        Assert.Empty(driver.Step(0, (0, Rows(([1, "a"], 1), ([null, "x"], 1))), (1, Rows(([1, "b"], 2), ([null, "y"], 1)))));
        Assert.Equal(["1|a|1|b|1|c x+2"], driver.Step(0, (2, Rows(([1, "c"], 1), ([2, "d"], 1), ([null, "z"], 1)))));
        Assert.Equal(["1|a|1|b|1|c x-2"], driver.Step(0, (1, Rows(([1, "b"], -2)))));
        Assert.Equal(3, driver.Operator.StateRows);
    }

    [Fact]
    public void A_key_with_many_rows_leaves_in_bounded_batches()
    {
        var op = new OneKeyJoinOperator(SpecOf(3, true), 3);
        var step = new StepContext();
        var total = 0;
        for (var port = 0; port < 3; port++)
        {
            op.Accept(port, Rows([.. Enumerable.Range(0, 40).Select(i => ((object?[])[1, $"text {port} of row {i}"], 1L))]), step);
            while (op.Produce(step) is { } output)
            {
                Assert.InRange(output.Count, 1, Batch.TypicalRows);
                total += output.Count;
                output.Release();
            }
        }

        Assert.Equal(64_000, total);
        op.Dispose();
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    [InlineData(3, true)]
    public void Any_cut_gives_the_result_of_a_naive_evaluation_and_taking_all_back_leaves_nothing(int sides, bool isAppendOnly)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        PhysicalKind[][] kinds = [.. Enumerable.Repeat(Kinds, sides)];
        for (var turn = 0; turn < 10; turn++)
        {
            var rows = Enumerable.Range(0, 120).Select(_ => (random.Next(sides), (object?[])[random.Next(8) == 0 ? null : random.Next(10), "t" + random.Next(3) + (random.Next(2) == 0 ? "" : " and more than twelve bytes")], (long)random.Next(1, 3))).ToArray();
            var driver = Make(sides, isAppendOnly);
            driver.Feed(random, kinds, rows);
            var expected = Naive(sides, rows);
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}\n{string.Join('\n', expected.Except(driver.Result))}\nnot\n{string.Join('\n', driver.Result.Except(expected))}");
            if (!isAppendOnly)
            {
                driver.Feed(random, kinds, [.. rows.Select(r => (r.Item1, r.Item2, -r.Item3)).Reverse()]);
                Assert.True(driver.Result.Count == 0 && driver.Operator.StateRows == 0, $"random seed {seed}, turn {turn}: {driver.Operator.StateRows} rows of state");
            }

            driver.Operator.Dispose();
        }
    }

    private static List<string> Naive(int sides, (int Port, object?[] Values, long Weight)[] rows)
    {
        IEnumerable<(object?[] Values, long Weight)> result = [([], 1)];
        for (var side = 0; side < sides; side++)
        {
            var port = side;
            result = result.SelectMany(r => rows.Where(s => s.Port == port && s.Values[0] is not null && (port == 0 || Equals(s.Values[0], r.Values[0])))
                .Select(s => ((object?[])[.. r.Values, .. s.Values], r.Weight * s.Weight))).ToList();
        }

        return [.. result.GroupBy(r => string.Join('|', r.Values.Select(TestRows.Text))).Select(g => $"{g.Key} x+{g.Sum(r => r.Weight)}").Order(StringComparer.Ordinal)];
    }

    private static OperatorDriver Make(int sides, bool isAppendOnly) => new(new OneKeyJoinOperator(SpecOf(sides, isAppendOnly), 3));

    private static OneKeyJoinSpec SpecOf(int sides, bool isAppendOnly) => new([.. Enumerable.Repeat(new OneKeySide([SqlType.Int, SqlType.String], [0], isAppendOnly), sides)], [.. Enumerable.Range(0, 2 * sides)]);

    private static Batch Rows(params (object?[] Values, long Weight)[] rows) => TestRows.Weighted(Kinds, rows);
}
