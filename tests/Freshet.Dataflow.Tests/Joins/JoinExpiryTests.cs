using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow.Joins;
using Freshet.Tests;

namespace Freshet.Dataflow.Tests.Joins;

/// <summary>
/// Left rows go by time. The key is the ten seconds in which a row lies, and right rows of a key come only until the watermark has passed them:
/// what the planner proves of windows.
/// </summary>
public sealed class JoinExpiryTests
{
    private const long Second = 1_000_000;
    private const long Window = 10 * Second;

    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.Int64];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Rows_that_can_find_no_later_partner_go_and_no_pair_is_lost(int side)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        var driver = new OperatorDriver(new JoinOperator(SpecOf(side), 3));
        var all = new List<(bool IsExpiring, object?[] Values)>();
        var (now, watermark) = (0L, Operator.NoWatermark);
        for (var step = 0; step < 200; step++)
        {
            now += random.Next((int)(3 * Second));
            var batches = new List<(int, Batch)>();
            for (var b = 0; b < random.Next(1, 5); b++)
            {
                var isExpiring = random.Next(2) == 0;
                var rows = Enumerable.Range(0, random.Next(1, 12)).Select(_ => isExpiring ? Row(Math.Max(0, now + random.NextInt64(-25 * Second, 4 * Second))) : Row(Math.Max(now - random.NextInt64(0, 30 * Second), watermark == Operator.NoWatermark ? 0 : watermark + 1))).ToList();
                all.AddRange(rows.Select(r => (isExpiring, r)));
                batches.Add((isExpiring ? side : 1 - side, TestRows.Weighted(Kinds, [.. rows.Select(r => (r, 1L))])));
            }

            watermark = now - 2 * Second;
            driver.Step(watermark, [.. batches]);
        }

        var expected = all.Where(r => r.IsExpiring).SelectMany(l => all.Where(r => !r.IsExpiring && Equals(r.Values[0], l.Values[0])).Select(r => side == 0 ? (l.Values, r.Values) : (r.Values, l.Values)))
            .GroupBy(p => string.Join('|', p.Item1.Concat(p.Item2).Select(TestRows.Text))).Select(g => $"{g.Key} x+{g.Count()}").Order(StringComparer.Ordinal);
        Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}");
        var kept = all.Count(r => !r.IsExpiring);
        Assert.InRange(driver.Operator.StateRows, kept, kept + 300);
        driver.Step(Operator.EndWatermark);
        Assert.Equal(kept, driver.Operator.StateRows);
        driver.Operator.Dispose();
    }

    [Fact]
    public void A_watermark_that_stands_still_makes_no_more_panes()
    {
        var driver = new OperatorDriver(new JoinOperator(SpecOf(0), 3));
        for (var i = 0; i < 1000; i++) driver.Step(0, (0, TestRows.Weighted(Kinds, [(Row(i * Window), 1L)])));
        Assert.InRange(driver.Operator.StateBytes, 0, 32 << 20);
        driver.Step(0, (1, TestRows.Weighted(Kinds, [(Row(999 * Window), 1L)])));
        Assert.Single(driver.Result);
        driver.Step(2000 * Window);
        Assert.Equal(1, driver.Operator.StateRows);
        driver.Operator.Dispose();
    }

    private static object?[] Row(long time) => [time / Window, time];

    private static JoinSpec SpecOf(int side) => new(JoinKind.Inner, [SqlType.BigInt, SqlType.Timestamp(3)], [SqlType.BigInt, SqlType.Timestamp(3)], [0], [0], null, [0, 1, 2, 3])
    {
        LeftIsAppendOnly = true,
        RightIsAppendOnly = true,
        ExpiringSide = side,
        ExpiryTime = 1,
        ExpiryHoldMicros = Window,
    };
}
