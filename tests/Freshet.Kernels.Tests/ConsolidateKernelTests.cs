using Freshet.Columns.Types;
using Freshet.Tests;

namespace Freshet.Kernels.Tests;

public sealed unsafe class ConsolidateKernelTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(40)]
    [InlineData(3000)]
    public void Sorting_by_content_orders_as_comparing_rows_does(int count)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 20; turn++)
        {
            PhysicalKind[] kinds = [RandomRows.AllKinds[random.Next(9)], RandomRows.AllKinds[random.Next(9)], RandomRows.AllKinds[random.Next(9)]];
            var batch = TestRows.Weighted(kinds, RandomRows.Make(random, kinds, count, 1 + random.Next(40)));
            var rows = ConsolidateKernel.CopySelection(batch, batch.Memory);
            SortKernel.SortByContent(batch.Columns, rows, count, batch.Memory);
            for (var i = 1; i < count; i++)
                Assert.True(CompareKernel.CompareRows(batch.Columns, rows[i - 1], batch.Columns, rows[i]) <= 0, $"random seed {seed}, turn {turn}, at {i}");
            var seen = new HashSet<int>(new ReadOnlySpan<int>(rows, count).ToArray());
            Assert.Equal(count, seen.Count);
            batch.Release();
        }
    }

    [Fact]
    public void Sorting_by_keys_honours_direction_and_place_of_NULL()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 40; turn++)
        {
            PhysicalKind[] kinds = [RandomRows.AllKinds[random.Next(9)], RandomRows.AllKinds[random.Next(9)]];
            var batch = TestRows.Weighted(kinds, RandomRows.Make(random, kinds, 500, 6));
            SortKey[] keys = [new(1, random.Next(2) == 0, random.Next(2) == 0), new(0, random.Next(2) == 0, random.Next(2) == 0)];
            var rows = ConsolidateKernel.CopySelection(batch, batch.Memory);
            SortKernel.Sort(batch.Columns, keys, rows, 500, batch.Memory);
            for (var i = 1; i < 500; i++)
            {
                Assert.True(SortKernel.Compare(batch.Columns, keys, rows[i - 1], rows[i]) <= 0, $"random seed {seed}, turn {turn}, at {i}");
                var (before, after) = (batch.Columns[1].IsNull(rows[i - 1]), batch.Columns[1].IsNull(rows[i]));
                if (before != after) Assert.True(before == keys[0].NullsFirst);
            }

            batch.Release();
        }
    }

    [Fact]
    public void Long_texts_with_a_long_common_beginning_are_sorted()
    {
        var random = new Random(5);
        var rows = Enumerable.Range(0, 400).Select(_ => new object?[] { new string('x', 900 + random.Next(3)) + random.Next(50) }).ToArray();
        var batch = TestRows.Of([PhysicalKind.View], rows);
        var order = ConsolidateKernel.CopySelection(batch, batch.Memory);
        SortKernel.SortByContent(batch.Columns, order, 400, batch.Memory);
        var sorted = new List<string>();
        for (var i = 0; i < 400; i++) sorted.Add((string)rows[order[i]][0]!);
        Assert.Equal(sorted.Order(StringComparer.Ordinal), sorted);
        batch.Release();
    }

    [Fact]
    public void Consolidation_merges_equal_rows_and_drops_those_of_weight_zero()
    {
        var batch = TestRows.Weighted(
            [PhysicalKind.View, PhysicalKind.Int32],
            (["b", 1], 1), (["a", 2], 2), (["b", 1], -1), (["a", 2], 1), ([null, 3], 1), (["a", null], -1));
        var result = ConsolidateKernel.Consolidate(batch);
        Assert.Equal(["NULL|3 x+1", "a|NULL x-1", "a|2 x+3"], TestRows.Text(result));
        result.Release();
    }

    [Fact]
    public void Any_order_of_the_same_weighted_rows_consolidates_to_the_same_batch()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 20; turn++)
        {
            PhysicalKind[] kinds = [RandomRows.AllKinds[random.Next(9)], RandomRows.AllKinds[random.Next(9)]];
            var rows = RandomRows.Make(random, kinds, 700, 3);
            var expected = rows.GroupBy(r => TestRows.Text(r.Values, 0)).Select(g => TestRows.Text(g.First().Values, g.Sum(r => r.Weight)))
                .Where(t => !t.EndsWith(" x+0", StringComparison.Ordinal)).Order().ToList();
            var first = ConsolidateKernel.Consolidate(TestRows.Weighted(kinds, rows));
            random.Shuffle(rows);
            var second = ConsolidateKernel.Consolidate(TestRows.Weighted(kinds, rows));
            Assert.Equal(TestRows.Text(first), TestRows.Text(second));
            Assert.True(expected.SequenceEqual(TestRows.Text(first).Order()), $"random seed {seed}, turn {turn}");
            first.Release();
            second.Release();
        }
    }

    [Fact]
    public void Taking_everything_back_leaves_no_row()
    {
        var rows = RandomRows.Make(new Random(3), RandomRows.AllKinds, 300, 2);
        var both = rows.Concat(rows.Select(r => (r.Values, -r.Weight))).ToArray();
        var result = ConsolidateKernel.Consolidate(TestRows.Weighted(RandomRows.AllKinds, both));
        Assert.Equal(0, result.Count);
        result.Release();
    }

    [Fact]
    public void Rows_that_are_all_plus_one_afterwards_carry_no_weights()
    {
        var result = ConsolidateKernel.Consolidate(TestRows.Weighted([PhysicalKind.Int32], ([1], 2), ([1], -1), ([0], 1)));
        Assert.True(result.Weights is null);
        Assert.Equal(["0 x+1", "1 x+1"], TestRows.Text(result));
        result.Release();
    }
}
