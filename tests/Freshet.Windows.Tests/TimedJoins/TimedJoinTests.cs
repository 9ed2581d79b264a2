using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Joins;
using Freshet.Dataflow.Tests;
using Freshet.Tests;
using Freshet.Windows.TimedJoins;

namespace Freshet.Windows.Tests.TimedJoins;

public sealed unsafe class TimedJoinTests
{
    private const long Second = 1_000_000;

    private static readonly PhysicalKind[] Kinds = [PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int64];
    private static readonly TimedSideSpec Side = new([SqlType.BigInt, SqlType.Timestamp(3), SqlType.BigInt], [0], 1);

    [Theory]
    [InlineData(JoinKind.Inner, false)]
    [InlineData(JoinKind.LeftOuter, false)]
    [InlineData(JoinKind.RightOuter, false)]
    [InlineData(JoinKind.FullOuter, false)]
    [InlineData(JoinKind.Semi, false)]
    [InlineData(JoinKind.Anti, false)]
    [InlineData(JoinKind.Inner, true)]
    [InlineData(JoinKind.FullOuter, true)]
    [InlineData(JoinKind.Anti, true)]
    public void Any_cut_gives_the_pairs_of_a_naive_evaluation(JoinKind kind, bool isWindow)
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 30; turn++)
        {
            // In every third turn times are whole tenths of a second: rows often reach just as far as the watermark.
            var unit = turn % 3 == 0 ? Second / 10 : 1000;
            var (low, high) = isWindow ? (0, 0) : (-random.Next(4) * Second, random.Next(4) * Second);
            var spec = new TimedJoinSpec(kind, Side, Side, isWindow, low, high, WindowClock.EventTime, null);
            var rows = RandomInput(random, 200, isWindow, unit);
            var expected = Naive(spec, rows);
            var driver = new OperatorDriver(new TimedJoinOperator(spec, 7));
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
            Assert.True(expected.SequenceEqual(driver.Result), $"random seed {seed}, turn {turn}, {low}..{high}\n{string.Join('\n', expected.Except(driver.Result))}\nnot\n{string.Join('\n', driver.Result.Except(expected))}");
            Assert.Equal(0, driver.Operator.StateRows);
        }
    }

    [Fact]
    public void A_long_stream_keeps_only_what_can_still_match()
    {
        var driver = new OperatorDriver(new TimedJoinOperator(new TimedJoinSpec(JoinKind.FullOuter, Side, Side, false, -2 * Second, 3 * Second, WindowClock.EventTime, null), 7));
        for (var step = 0; step < 300; step++)
        {
            var rows = Enumerable.Range(0, 20).Select(i => new object?[] { i % 7, step * Second + i * 1000, i }).ToArray();
            driver.Step((step - 1) * Second, (0, TestRows.Of(Kinds, rows)), (1, TestRows.Of(Kinds, rows)));
            Assert.True(driver.Operator.StateRows <= 2 * 20 * 6, $"step {step}: {driver.Operator.StateRows} rows");
        }
    }

    private static List<(int Port, object?[] Values, long Before, long After)> RandomInput(Random random, int count, bool isWindow, long unit)
    {
        var rows = new List<(int, object?[], long, long)>();
        var clocks = new long[2];
        var watermarks = new[] { Operator.NoWatermark, Operator.NoWatermark };
        while (rows.Count < count)
        {
            var port = random.Next(2);
            clocks[port] += random.Next((int)Second) / unit * unit;
            var time = clocks[port] - random.NextInt64(random.Next(4) == 0 ? 10 * Second : Second) / unit * unit;
            if (isWindow) time = (time / (2 * Second) + 1) * 2 * Second;
            var before = watermarks[port];
            watermarks[port] = Math.Max(before, clocks[port] - Second);
            rows.Add((port, [random.Next(20) == 0 ? null : random.Next(3), time, rows.Count], before, watermarks[port]));
        }

        return rows;
    }

    private static List<string> Naive(TimedJoinSpec spec, List<(int Port, object?[] Values, long Before, long After)> rows)
    {
        var result = new Dictionary<string, long>();
        void Add(object?[] values)
        {
            var text = string.Join("|", values.Select(TestRows.Text));
            result[text] = result.GetValueOrDefault(text) + 1;
        }

        var isLate = rows.Select(r => spec.IsWindow && r.Before >= (long)r.Values[1]! - 1000).ToList();
        var matched = new HashSet<int>();
        for (var i = 0; i < rows.Count; i++)
        {
            for (var j = 0; j < rows.Count; j++)
            {
                var (l, r) = (rows[i], rows[j]);
                if (l.Port != 0 || r.Port != 1 || isLate[i] || isLate[j] || l.Values[0] is null || !Equals(l.Values[0], r.Values[0])) continue;
                var (lt, rt) = ((long)l.Values[1]!, (long)r.Values[1]!);
                if (rt - lt < spec.LowMicros || rt - lt > spec.HighMicros) continue;
                if (!spec.IsWindow && ((r.Before != Operator.NoWatermark && lt + spec.HighMicros < r.Before) || (l.Before != Operator.NoWatermark && rt - spec.LowMicros < l.Before))) continue;
                if (spec.Kind is not (JoinKind.Semi or JoinKind.Anti)) Add([.. l.Values, .. r.Values]);
                matched.Add(i);
                matched.Add(j);
            }
        }

        for (var i = 0; i < rows.Count; i++)
        {
            if (isLate[i]) continue;
            var (port, values, _, _) = rows[i];
            var has = matched.Contains(i);
            if (port == 0 && has && spec.Kind == JoinKind.Semi) Add(values);
            if (port == 0 && !has && spec.Kind == JoinKind.Anti) Add(values);
            if (port == 0 && !has && spec.Kind is JoinKind.LeftOuter or JoinKind.FullOuter) Add([.. values, null, null, null]);
            if (port == 1 && !has && spec.Kind is JoinKind.RightOuter or JoinKind.FullOuter) Add([null, null, null, .. values]);
        }

        return [.. result.Select(r => $"{r.Key} x+{r.Value}").Order(StringComparer.Ordinal)];
    }
}
