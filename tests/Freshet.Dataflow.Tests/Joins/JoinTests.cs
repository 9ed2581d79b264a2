using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow.Joins;
using Freshet.Kernels.Expressions;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests.Joins;

public sealed unsafe class JoinTests
{
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.View];

    [Fact]
    public void Rows_meet_their_matches_and_weights_multiply()
    {
        var driver = Make(JoinKind.Inner);
        driver.Step(0, (0, Rows(([1, "l1"], 2), ([2, "l2"], 1), ([null, "l0"], 1))), (1, Rows(([1, "a text that is longer than twelve"], 3), ([null, "r0"], 1))));
        Assert.Equal(["1|l1|1|a text that is longer than twelve x+6"], driver.Result);
        driver.Step(0, (1, Rows(([2, "r2"], 1))));
        driver.Step(0, (0, Rows(([1, "l1"], -2))));
        Assert.Equal(["2|l2|2|r2 x+1"], driver.Result);
        Assert.Equal(3, driver.Operator.StateRows);
    }

    [Fact]
    public void A_left_row_without_a_match_has_NULLs_until_one_comes_and_again_when_it_goes()
    {
        var driver = Make(JoinKind.LeftOuter);
        Assert.Equal(["1|l1|NULL|NULL x+1"], driver.Step(0, (0, Rows(([1, "l1"], 1)))));
        Assert.Equal(["1|l1|1|r1 x+1", "1|l1|NULL|NULL x-1"], driver.Step(0, (1, Rows(([1, "r1"], 1)))));
        Assert.Equal(["1|l1|1|r2 x+1"], driver.Step(0, (1, Rows(([1, "r2"], 1)))));
        Assert.Equal(["1|l1|1|r1 x-1", "1|l1|1|r2 x-1", "1|l1|NULL|NULL x+1"], driver.Step(0, (1, Rows(([1, "r1"], -1), ([1, "r2"], -1)))));
        Assert.Equal(["1|l1|NULL|NULL x-1"], driver.Step(0, (0, Rows(([1, "l1"], -1)))));
        Assert.Equal(0, driver.Operator.StateRows);
    }

    [Fact]
    public void A_match_that_comes_and_goes_within_a_step_leaves_the_row_with_NULLs_alone()
    {
        var driver = Make(JoinKind.LeftOuter);
        driver.Step(0, (0, Rows(([1, "l1"], 1))));
        var delta = driver.Step(0, (1, Rows(([1, "r1"], 1))), (1, Rows(([1, "r1"], -1))));
        Assert.DoesNotContain(delta, d => d.Contains("NULL", StringComparison.Ordinal));
        Assert.Equal(["1|l1|NULL|NULL x+1"], driver.Result);
    }

    [Fact]
    public void A_left_row_with_a_NULL_key_is_kept_by_an_outer_join_without_state()
    {
        var driver = Make(JoinKind.LeftOuter);
        driver.Step(0, (0, Rows(([null, "l"], 2), ([5, "x"], 1))), (1, Rows(([null, "r"], 1))));
        Assert.Equal(["5|x|NULL|NULL x+1", "NULL|l|NULL|NULL x+2"], driver.Result);
        Assert.Equal(1, driver.Operator.StateRows);
    }

    [Fact]
    public void The_residual_condition_decides_what_is_a_match()
    {
        var driver = Make(JoinKind.LeftOuter, new TextLess(1, 3));
        driver.Step(0, (0, Rows(([1, "b"], 1), ([1, "x"], 1))), (1, Rows(([1, "c"], 1))));
        Assert.Equal(["1|b|1|c x+1", "1|x|NULL|NULL x+1"], driver.Result);
        driver.Step(0, (1, Rows(([1, "c"], -1), ([1, "y"], 1))));
        Assert.Equal(["1|b|1|y x+1", "1|x|1|y x+1"], driver.Result);
    }

    [Fact]
    public void A_pair_on_which_the_residual_condition_fails_is_an_error_row_and_no_match()
    {
        var spec = SpecOf(JoinKind.LeftOuter, new FailOn(3, "bad")) with { PositionColumns = [1] };
        var driver = new OperatorDriver(new JoinOperator(spec, 3));
        driver.Step(0, (0, Rows(([1, "l"], 1))), (1, Rows(([1, "bad"], 2), ([1, "good"], 1))));
        Assert.Equal(["1|l|1|good x+1"], driver.Result);
        Assert.Equal(["l|ON|bad|It is bad. x+2"], driver.Side(0));
        driver.Step(0, (1, Rows(([1, "bad"], -2), ([1, "good"], -1))));
        Assert.Equal(["1|l|NULL|NULL x+1"], driver.Result);
        Assert.Empty(driver.Side(0));
    }

    [Fact]
    public void A_key_with_many_rows_leaves_in_bounded_batches()
    {
        var op = new JoinOperator(SpecOf(JoinKind.Inner, null), 3);
        var step = new StepContext();
        op.Accept(0, Rows([.. Enumerable.Range(0, 300).Select(i => ((object?[])[1, "l" + i], 1L))]), step);
        while (op.Produce(step) is not null) { }
        op.Accept(1, Rows([.. Enumerable.Range(0, 300).Select(i => ((object?[])[1, "r" + i], 1L))]), step);
        var total = 0;
        while (op.Produce(step) is { } output)
        {
            Assert.InRange(output.Count, 1, Batch.TypicalRows);
            total += output.Count;
            output.Release();
        }

        Assert.Equal(90_000, total);
    }

    public static TheoryData<JoinKind, string, bool> Shapes
    {
        get
        {
            var shapes = new TheoryData<JoinKind, string, bool>();
            foreach (var kind in Enum.GetValues<JoinKind>())
                foreach (var keys in new[] { "equal", "null safe", "none" })
                    foreach (var residual in new[] { false, true }) shapes.Add(kind, keys, residual);
            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Any_cut_gives_the_result_of_a_naive_evaluation_and_taking_all_back_leaves_nothing(JoinKind kind, string keys, bool residual)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 10; turn++)
        {
            var rows = RandomInput(random, keys == "none" ? 60 : 300);
            var expected = Naive(kind, residual, rows, keys);
            var driver = new OperatorDriver(OperatorOf(SpecOf(kind, residual ? new TextLess(1, 3) : null, keys)));
            driver.Feed(random, [Kinds, Kinds], rows);
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}\n{string.Join('\n', expected.Except(driver.Result))}\nnot\n{string.Join('\n', driver.Result.Except(expected))}");
            var back = rows.Select(r => (r.Port, r.Values, -r.Weight)).Reverse().ToArray();
            driver.Feed(random, [Kinds, Kinds], back);
            Assert.True(driver.Result.Count == 0 && driver.Operator.StateRows == 0, $"random seed {seed}, turn {turn}: {driver.Operator.StateRows} rows of state");
            driver.Operator.Dispose();
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Appended_rows_join_as_others_do(JoinKind kind, string keys, bool residual)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 5; turn++)
        {
            var rows = RandomInput(random, keys == "none" ? 60 : 300).Where(r => r.Weight > 0).ToArray();
            var expected = Naive(kind, residual, rows, keys);
            var driver = new OperatorDriver(OperatorOf(SpecOf(kind, residual ? new TextLess(1, 3) : null, keys) with { LeftIsAppendOnly = true, RightIsAppendOnly = true }));
            driver.Feed(random, [Kinds, Kinds], rows);
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}");
            driver.Operator.Dispose();
        }
    }

    [Fact]
    public void A_row_with_a_match_is_there_once_and_leaves_with_its_last_match()
    {
        var driver = new OperatorDriver(OperatorOf(SpecOf(JoinKind.Semi, null)));
        driver.Step(0, (0, Rows(([1, "l1"], 2))), (1, Rows(([1, "r1"], 1), ([1, "r2"], 3))));
        Assert.Equal(["1|l1 x+2"], driver.Result);
        Assert.Empty(driver.Step(0, (1, Rows(([1, "r2"], -3)))));
        Assert.Equal(["1|l1 x-2"], driver.Step(0, (1, Rows(([1, "r1"], -1)))));
    }

    [Fact]
    public void A_mark_changes_with_the_first_and_the_last_match()
    {
        var driver = new OperatorDriver(OperatorOf(SpecOf(JoinKind.Mark, null)));
        driver.Step(0, (0, Rows(([1, "l1"], 1), ([null, "l2"], 1))));
        Assert.Equal(["1|l1|False x+1", "NULL|l2|False x+1"], driver.Result);
        Assert.Equal(["1|l1|True x+1", "1|l1|False x-1"], driver.Step(0, (1, Rows(([1, "r1"], 1)))));
    }

    [Fact]
    public void The_order_of_output_does_not_depend_on_the_seed()
    {
        var rows = RandomInput(new Random(4), 300);
        (int, Batch)[] Batches() => [.. rows.Chunk(50).Select(c => (c[0].Port, TestRows.Weighted(Kinds, [.. c.Select(r => (r.Values, r.Weight))])))];
        var first = new OperatorDriver(new JoinOperator(SpecOf(JoinKind.LeftOuter, null), 1)).Step(0, Batches());
        var second = new OperatorDriver(new JoinOperator(SpecOf(JoinKind.LeftOuter, null), 2)).Step(0, Batches());
        Assert.Equal(first, second);
    }

    [Fact]
    public void A_steady_stream_allocates_nothing_per_row()
    {
        var op = new JoinOperator(SpecOf(JoinKind.LeftOuter, null), 3);
        var step = new StepContext();
        op.Accept(1, Rows([.. Enumerable.Range(0, 1000).Select(i => ((object?[])[i, "r" + i], 1L))]), step);
        while (op.Produce(step) is not null) { }
        var rows = Enumerable.Range(0, 4000).Select(i => ((object?[])[i % 2000, "x"], i % 4000 < 2000 ? 1L : -1L)).ToArray();
        Allocation.AssertSteady(op, () => Rows(rows), 4000);
    }

    private static OperatorDriver Make(JoinKind kind, VectorExpression? residual = null) => new(new JoinOperator(SpecOf(kind, residual), 3));

    private static Operator OperatorOf(JoinSpec spec) =>
        spec.Kind is JoinKind.Semi or JoinKind.Anti or JoinKind.Mark ? new SemiJoinOperator(spec with { Output = [0, 1] }, 3) : new JoinOperator(spec, 3);

    private static JoinSpec SpecOf(JoinKind kind, VectorExpression? residual, string keys = "equal")
    {
        ImmutableArray<int> columns = keys == "none" ? [] : [0];
        var spec = new JoinSpec(kind, [SqlType.BigInt, SqlType.String], [SqlType.BigInt, SqlType.String], columns, columns, residual, [0, 1, 2, 3]);
        return spec with { NullSafe = keys == "null safe" ? [0] : [], ResidualColumns = [1, 3] };
    }

    private static Batch Rows(params (object?[] Values, long Weight)[] rows) => TestRows.Weighted(Kinds, rows);

    private static (int Port, object?[] Values, long Weight)[] RandomInput(Random random, int count)
    {
        var rows = new List<(int Port, object?[] Values, long Weight)>();
        var live = new List<(int Port, object?[] Values, long Weight)>();
        while (rows.Count < count)
        {
            if (live.Count > 0 && random.Next(3) == 0)
            {
                var at = random.Next(live.Count);
                rows.Add((live[at].Port, live[at].Values, -live[at].Weight));
                live.RemoveAt(at);
                continue;
            }

            var row = (random.Next(2), new object?[] { random.Next(10) == 0 ? null : random.Next(12), random.Next(10) == 0 ? null : "text " + random.Next(8) + (random.Next(2) == 0 ? "" : " long enough for bytes") }, (long)random.Next(1, 3));
            rows.Add(row);
            live.Add(row);
        }

        return [.. rows];
    }

    private static List<string> Naive(JoinKind kind, bool residual, (int Port, object?[] Values, long Weight)[] rows, string keys)
    {
        var sides = new[] { 0, 1 }.Select(p => rows.Where(r => r.Port == p).GroupBy(r => TestRows.Text(r.Values[0]) + "|" + TestRows.Text(r.Values[1]))
            .Select(g => (Text: g.Key, g.First().Values, Weight: g.Sum(r => r.Weight))).Where(r => r.Weight != 0).ToList()).ToArray();
        bool IsMatch(object?[] left, object?[] right) =>
            (keys == "none" || (Equals(left[0], right[0]) && (left[0] is not null || keys == "null safe")))
            && (!residual || (left[1] is not null && right[1] is not null && string.CompareOrdinal((string)left[1]!, (string)right[1]!) < 0));
        var result = new List<(string Row, long Weight)>();
        foreach (var left in sides[0])
        {
            var matches = sides[1].Where(r => IsMatch(left.Values, r.Values)).ToList();
            if (kind <= JoinKind.FullOuter) result.AddRange(matches.Select(right => ($"{left.Text}|{right.Text}", left.Weight * right.Weight)));
            if (matches.Count == 0 && kind is JoinKind.LeftOuter or JoinKind.FullOuter) result.Add(($"{left.Text}|NULL|NULL", left.Weight));
            if (kind == JoinKind.Mark) result.Add(($"{left.Text}|{matches.Count > 0}", left.Weight));
            if ((kind == JoinKind.Semi && matches.Count > 0) || (kind == JoinKind.Anti && matches.Count == 0)) result.Add(($"{left.Text}", left.Weight));
        }

        if (kind is JoinKind.RightOuter or JoinKind.FullOuter)
            result.AddRange(sides[1].Where(r => !sides[0].Any(l => IsMatch(l.Values, r.Values))).Select(r => ($"NULL|NULL|{r.Text}", r.Weight)));
        return [.. result.GroupBy(r => r.Row).Select(g => $"{g.Key} x+{g.Sum(r => r.Weight)}").Order(StringComparer.Ordinal)];
    }

    /// <summary>Whether one text comes before another.</summary>
    private sealed class TextLess(int left, int right) : VectorExpression(SqlType.Boolean)
    {
        public override Column Evaluate(EvaluationContext context)
        {
            var result = Column.Allocate(PhysicalKind.Bool, context.Rows, context.Memory);
            var (a, b) = (context.Input.Columns[left], context.Input.Columns[right]);
            for (var i = 0; i < context.Rows; i++)
            {
                var known = a.IsValid(i) && b.IsValid(i);
                result.As<bool>()[i] = known && StringView.Compare(a.As<StringView>() + a.IndexOf(i), b.As<StringView>() + b.IndexOf(i)) < 0;
            }

            return result;
        }
    }

    /// <summary>TRUE, but fails on one text.</summary>
    private sealed class FailOn(int column, string text) : VectorExpression(SqlType.Boolean)
    {
        public override Column Evaluate(EvaluationContext context)
        {
            var result = Column.Allocate(PhysicalKind.Bool, context.Rows, context.Memory);
            for (var i = 0; i < context.Rows; i++)
            {
                result.As<bool>()[i] = true;
                if ((string?)TestRows.Get(context.Input.Columns[column], i) == text) context.Fail(i, "It is bad.", "bad"u8);
            }

            return result;
        }
    }
}
