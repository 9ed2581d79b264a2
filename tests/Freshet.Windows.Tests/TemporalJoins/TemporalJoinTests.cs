using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Tests;
using Freshet.Tests;
using Freshet.Windows.TemporalJoins;

namespace Freshet.Windows.Tests.TemporalJoins;

public sealed unsafe class TemporalJoinTests
{
    private const long Second = 1_000_000;

    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int64];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_cut_gives_each_row_the_version_that_was_valid_at_its_time(bool isLeftOuter)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 40; turn++)
        {
            var rows = RandomInput(random, 200);
            var expected = Naive(rows, isLeftOuter);
            var driver = new OperatorDriver(new TemporalJoinOperator(Spec(isLeftOuter), 7));
            var watermarks = new[] { Operator.NoWatermark, Operator.NoWatermark };
            for (var at = 0; at < rows.Count;)
            {
                var batches = new List<(int, Batch)>();
                for (var n = random.Next(4); n >= 0 && at < rows.Count; n--)
                {
                    var part = rows.Skip(at).Take(1 + random.Next(10)).TakeWhile(r => r.Port == rows[at].Port).ToList();
                    var batch = TestRows.Of(Kinds, [.. part.Select(r => r.Values)]);
                    batch.RowWatermarks = batch.Memory.Allocate<long>(part.Count);
                    for (var i = 0; i < part.Count; i++) batch.RowWatermarks[i] = part[i].Before;
                    watermarks[part[0].Port] = part[^1].After;
                    batches.Add((part[0].Port, batch));
                    at += part.Count;
                }

                driver.Step(watermarks.Min(), [.. batches]);
            }

            driver.Step(Operator.EndWatermark);
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}\n{string.Join('\n', expected.Except(driver.Result))}\nnot\n{string.Join('\n', driver.Result.Except(expected))}");
            Assert.Equal(0, driver.Operator.StateRows);
        }
    }

    [Fact]
    public void A_long_stream_keeps_one_version_of_each_key_and_what_is_ahead()
    {
        var driver = new OperatorDriver(new TemporalJoinOperator(Spec(true), 7));
        for (var step = 0; step < 300; step++)
        {
            var rows = Enumerable.Range(0, 20).Select(i => new object?[] { i % 7, step * Second + i * 1000, i }).ToArray();
            driver.Step((step - 1) * Second, (0, TestRows.Of(Kinds, rows)), (1, TestRows.Of(Kinds, rows)));
            Assert.True(driver.Operator.StateRows <= 7 + 2 * 20 * 2, $"step {step}: {driver.Operator.StateRows} rows");
        }
    }

    private static TemporalJoinSpec Spec(bool isLeftOuter)
    {
        SqlType[] types = [SqlType.BigInt, SqlType.Timestamp(3), SqlType.BigInt];
        return new TemporalJoinSpec(isLeftOuter, [.. types], [.. types], [0], [0], 1, 1, null) { LeftIsAppendOnly = true, RightIsAppendOnly = true };
    }

    private static List<(int Port, object?[] Values, long Before, long After)> RandomInput(Random random, int count)
    {
        var rows = new List<(int, object?[], long, long)>();
        var clocks = new long[2];
        var watermarks = new[] { Operator.NoWatermark, Operator.NoWatermark };
        while (rows.Count < count)
        {
            var port = random.Next(2);
            clocks[port] += random.Next((int)Second) / 1000 * 1000;
            var time = clocks[port] - random.NextInt64(random.Next(4) == 0 ? 10 * Second : Second) / 1000 * 1000;
            var before = watermarks[port];
            watermarks[port] = Math.Max(before, clocks[port] - Second);
            rows.Add((port, [random.Next(20) == 0 ? null : random.Next(3), time, rows.Count], before, watermarks[port]));
        }

        return rows;
    }

    private static List<string> Naive(List<(int Port, object?[] Values, long Before, long After)> rows, bool isLeftOuter)
    {
        var result = new List<string>();
        foreach (var l in rows.Where(r => r.Port == 0))
        {
            var time = (long)l.Values[1]!;
            var seen = Math.Max(time, l.Before);
            // Of the versions that the row sees up to its place in time the last one; gone is what it has replaced.
            var version = rows.Select((r, i) => (r, i))
                .Where(v => v.r.Port == 1 && l.Values[0] is not null && Equals(v.r.Values[0], l.Values[0]) && (long)v.r.Values[1]! <= seen)
                .Where(v => v.r.Before == Operator.NoWatermark || (long)v.r.Values[1]! > v.r.Before || seen > v.r.Before)
                .OrderBy(v => (long)v.r.Values[1]!).ThenBy(v => v.i).Select(v => v.r.Values).LastOrDefault();
            if (version is not null && (long)version[1]! > time) version = null;
            if (version is null && !isLeftOuter) continue;
            result.Add(string.Join("|", l.Values.Concat(version ?? [null, null, null]).Select(TestRows.Text)) + " x+1");
        }

        return [.. result.Order(StringComparer.Ordinal)];
    }
}
