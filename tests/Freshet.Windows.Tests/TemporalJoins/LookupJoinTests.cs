using System.Globalization;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Tests;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.Tests;
using Freshet.Windows.TemporalJoins;

namespace Freshet.Windows.Tests.TemporalJoins;

public sealed class LookupJoinTests
{
    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.View];

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    public void Left_rows_leave_with_the_right_rows_of_the_end_of_their_step(bool isLeftOuter, bool hasRepeats, bool hasResidual)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 30; turn++)
        {
            var driver = new OperatorDriver(new LookupJoinOperator(Spec(isLeftOuter, false, hasResidual), 7));
            var right = new List<(long? Key, string Text)>();
            var expected = new Dictionary<string, long>();
            for (var step = 0; step < 12; step++)
            {
                var batches = new List<(int, Batch)>();
                var left = new List<(object?[] Values, long Weight)>();
                for (var n = random.Next(4); n > 0; n--)
                {
                    var rows = Enumerable.Range(0, 1 + random.Next(40)).Select(i => (new object?[] { random.Next(9) == 0 ? null : (long)random.Next(12), $"left text {i} of {step}" }, (long)random.Next(1, 3))).ToArray();
                    left.AddRange(rows);
                    batches.Add((0, Selected(random, TestRows.Weighted(Kinds, rows), rows, left)));
                    batches.AddRange(Change(random, right, hasRepeats).Select(b => (1, b)));
                }

                foreach (var (values, weight) in left) Pair(values, weight, right, isLeftOuter, hasResidual, expected);
                driver.Step(Operator.NoWatermark, [.. batches]);
            }

            Assert.True(Sorted(expected).SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}\n{string.Join('\n', Sorted(expected).Except(driver.Result))}\nnot\n{string.Join('\n', driver.Result.Except(Sorted(expected)))}");
        }
    }

    [Fact]
    public void Left_rows_wait_for_the_end_of_a_right_input_that_has_one()
    {
        var driver = new OperatorDriver(new LookupJoinOperator(Spec(false, true, false), 7));
        for (var step = 0; step < 3; step++)
        {
            driver.Operator.TakePortWatermarks([Operator.NoWatermark, Operator.NoWatermark]);
            Assert.Empty(driver.Step(Operator.NoWatermark, (0, TestRows.Of(Kinds, [(long)step, "a text of the left side"])), (1, TestRows.Of(Kinds, [(long)step, "a text of the right side"]))));
            Assert.Equal((2 * step) + 2, driver.Operator.StateRows);
            Assert.Equal(Operator.NoWatermark, driver.Operator.OutputWatermark(5));
        }

        driver.Operator.TakePortWatermarks([Operator.NoWatermark, Operator.EndWatermark]);
        driver.Step(Operator.NoWatermark, (0, TestRows.Of(Kinds, [2L, "late"])));
        Assert.Equal(4, driver.Result.Count);
        Assert.Equal(3, driver.Operator.StateRows);
        Assert.Equal(5, driver.Operator.OutputWatermark(5));
    }

    private static TemporalJoinSpec Spec(bool isLeftOuter, bool waits, bool hasResidual)
    {
        SqlType[] types = [SqlType.BigInt, SqlType.String];
        var residual = hasResidual ? new CallExpression(ComparisonKernel.Less, [new ColumnReference(0, SqlType.BigInt), new LiteralExpression(SqlType.BigInt, false, 6, null)], SqlType.Boolean) : null;
        return new TemporalJoinSpec(isLeftOuter, [.. types], [.. types], [0], [0], -1, -1, residual) { WaitsForEnd = waits };
    }

    /// <summary>Leaves out some rows of a batch, and of the list that ends with its rows.</summary>
    private static unsafe Batch Selected(Random random, Batch batch, (object?[] Values, long Weight)[] rows, List<(object?[] Values, long Weight)> all)
    {
        if (random.Next(2) == 0) return batch;
        var kept = Enumerable.Range(0, rows.Length).Where(_ => random.Next(4) != 0).ToArray();
        var selection = batch.Memory.Allocate<int>(rows.Length);
        for (var i = 0; i < kept.Length; i++) selection[i] = kept[i];
        batch.Select(selection, kept.Length);
        all.RemoveRange(all.Count - rows.Length, rows.Length);
        all.AddRange(kept.Select(k => rows[k]));
        return batch;
    }

    private static List<Batch> Change(Random random, List<(long? Key, string Text)> right, bool hasRepeats)
    {
        var changes = new List<(object?[] Values, long Weight)>();
        for (var n = random.Next(6); n > 0; n--)
        {
            if (right.Count > 0 && random.Next(3) == 0)
            {
                var gone = right[random.Next(right.Count)];
                right.Remove(gone);
                changes.Add(([gone.Key, gone.Text], -1));
                continue;
            }

            long? key = random.Next(9) == 0 ? null : random.Next(12);
            if (!hasRepeats && right.Any(r => r.Key == key)) continue;
            var row = (key, string.Create(CultureInfo.InvariantCulture, $"right text {random.Next(3)} of {key}"));
            right.Add(row);
            changes.Add(([row.key, row.Item2], 1));
        }

        return changes.Count == 0 ? [] : [TestRows.Weighted(Kinds, [.. changes])];
    }

    private static void Pair(object?[] left, long weight, List<(long? Key, string Text)> right, bool isLeftOuter, bool hasResidual, Dictionary<string, long> result)
    {
        var matches = right.Where(r => r.Key is not null && r.Key == (long?)left[0] && (!hasResidual || r.Key < 6)).ToList();
        foreach (var (key, text) in matches) Add([.. left, key, text]);
        if (matches.Count == 0 && isLeftOuter) Add([.. left, null, null]);

        void Add(object?[] values)
        {
            var text = string.Join('|', values.Select(TestRows.Text));
            result[text] = result.GetValueOrDefault(text) + weight;
        }
    }

    private static List<string> Sorted(Dictionary<string, long> rows) => [.. rows.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Key} x{r.Value:+#;-#}")).Order(StringComparer.Ordinal)];
}
