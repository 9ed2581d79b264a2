using System.Collections.Immutable;
using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Joins;
using Freshet.Dataflow.Ranking;
using Freshet.Dataflow.SetOperations;
using Freshet.Dataflow.Sorting;
using Freshet.Dataflow.Tests;
using Freshet.Dataflow.Upserts;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.Windows.Overs;
using Freshet.Windows.TemporalFilters;
using Freshet.Windows.TemporalJoins;
using Freshet.Windows.TimedJoins;

namespace Freshet.Windows.Tests;

/// <summary>
/// Every operator that keeps state, in steps of 1,000 rows whose time moves on a second a step: no managed bytes a row.
/// Columns: key (of 200), time in µs, value, position; of windows the time is the end of one of 10 s, and each row has its own key.
/// </summary>
public sealed unsafe class SteadyStepTests
{
    private const long Second = 1_000_000;
    private const int RowsPerBatch = 1000;

    private static readonly ImmutableArray<SqlType> Types = [SqlType.BigInt, SqlType.Timestamp(3), SqlType.BigInt, SqlType.Decimal(38, 0)];
    private static readonly Schema Input = Schema.Of(("key", SqlType.BigInt), ("ts", SqlType.Timestamp(3)), ("value", SqlType.BigInt), ("position", SqlType.Decimal(38, 0)));
    private static readonly ImmutableArray<AggregateCall> Calls =
        [AggregateCall.CountStar("n"), new("sum", AggregateKind.Sum, 2, SqlType.BigInt), new("max", AggregateKind.Max, 2, SqlType.BigInt)];

    /// <summary>The operator, whether its times are ends of windows, whether rows of the step before are taken back, and its ports.</summary>
    private static readonly Dictionary<string, (Func<Operator> Make, bool Windows, bool TakesBack, int Ports)> Cases = new()
    {
        ["Top-N of appended rows"] = (() => new FirstRowsOperator(Rank(0, true), 3), false, false, 1),
        ["RANK of appended rows"] = (() => new RankOperator(Rank(0, true) with { Function = RankFunction.Rank }, 3), false, false, 1),
        ["Top-N of rows taken back"] = (() => new RankOperator(Rank(0, false), 3), false, true, 1),
        ["the last row of a key"] = (() => new FirstRowsOperator(new RankSpec(Types, [0], [new SortKey(1, true)], 3, RankFunction.RowNumber, 1, 1, true, [0, 1, 2]), 3), false, false, 1),
        ["OVER rows that change"] = (() => new OverOperator(Over(2, OverEmission.AtStep, false), 3), false, true, 1),
        ["OVER rows in order of time"] = (() => new TimedOverOperator(Over(2, OverEmission.AtWatermark, true), 3), false, false, 1),
        ["OVER all rows so far"] = (() => new TimedOverOperator(Over(-1, OverEmission.AtWatermark, true), 3), false, false, 1),
        ["semi join"] = (() => new SemiJoinOperator(Join(JoinKind.Semi, [0, 1, 2]), 3), false, true, 2),
        ["anti join"] = (() => new SemiJoinOperator(Join(JoinKind.Anti, [0, 1, 2]), 3), false, true, 2),
        ["join of three on one key"] = (() => new OneKeyJoinOperator(new OneKeyJoinSpec([.. Enumerable.Repeat(new OneKeySide(Types, [0], false), 3)], [0, 1, 6, 10]), 3), false, true, 3),
        ["INTERSECT"] = (() => new SetOperator(new SetSpec(Types, false, false), 3), false, true, 2),
        ["EXCEPT ALL"] = (() => new SetOperator(new SetSpec(Types, true, true), 3), false, true, 2),
        ["upserts"] = (() => new UpsertOperator(new UpsertSpec(Types, [0, 1, 2], [0], 3), 3), false, false, 1),
        ["ORDER BY with LIMIT"] = (() => new SortOperator(new SortSpec([new SortKey(1, true)], 0, 10, true)), false, false, 1),
        ["tumbling windows"] = (() => Windowed(WindowSpec.Tumble(10 * Second)), false, false, 1),
        ["hopping windows"] = (() => Windowed(WindowSpec.Hop(5 * Second, 15 * Second)), false, false, 1),
        ["cumulating windows"] = (() => Windowed(WindowSpec.Cumulate(5 * Second, 15 * Second)), false, false, 1),
        ["windows of a subquery"] = (() => Windowed(WindowSpec.Attached), true, false, 1),
        ["sessions"] = (() => new SessionOperator(new SessionSpec(Input, [0], 1, Second / 2, WindowClock.EventTime, true), 5), false, false, 1),
        ["Top-N of windows"] = (() => new WindowRankOperator(new WindowRankSpec(Rank(1, true), Input, 1, WindowClock.EventTime), 3), true, false, 1),
        ["interval join"] = (() => Timed(JoinKind.Inner, false), false, false, 2),
        ["interval outer join"] = (() => Timed(JoinKind.FullOuter, false), false, false, 2),
        ["interval semi join"] = (() => Timed(JoinKind.Semi, false), false, false, 2),
        ["window anti join"] = (() => Timed(JoinKind.Anti, true), true, false, 2),
        ["temporal join"] = (() => new TemporalJoinOperator(new TemporalJoinSpec(true, Types, Types, [0], [0], 1, 1, null) { LeftIsAppendOnly = true, RightIsAppendOnly = true }, 7), false, false, 2),
        ["temporal filter"] = (() => new TemporalFilterOperator(new TemporalFilterSpec(Types, -1, 1, true), 3), false, false, 1),
        ["aggregates of rows taken back"] = (() => new AggregateOperator(new([.. Types], [0], [.. Calls, new("distinct", AggregateKind.Count, 2, SqlType.BigInt, IsDistinct: true)], false), 0, 3), false, true, 1),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_steady_step_allocates_nothing_per_row(string name)
    {
        var (make, isWindows, takesBack, ports) = Cases[name];
        Allocation.AssertSteady(
            make(),
            step => [.. Enumerable.Range(0, ports).SelectMany(port => takesBack && step > 0
                ? new[] { (port, Rows(step - 1, port, isWindows, -1)), (port, Rows(step, port, isWindows, 1)) }
                : [(port, Rows(step, port, isWindows, 1))])],
            step => (step - 1) * Second);
    }

    private static Batch Rows(int step, int port, bool isWindows, long weight)
    {
        var memory = BatchMemory.Create();
        Column[] columns = [.. new[] { PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int64, PhysicalKind.Int128 }.Select(k => Column.Allocate(k, RowsPerBatch, memory))];
        for (var i = 0; i < RowsPerBatch; i++)
        {
            var time = step * Second + i * (Second / RowsPerBatch);
            columns[0].As<long>()[i] = isWindows ? i : i * 7 % (port == 0 ? 200 : 150);
            columns[1].As<long>()[i] = isWindows ? (time / (10 * Second) + 1) * 10 * Second : time;
            columns[2].As<long>()[i] = (step * 31 + i) % 97;
            columns[3].As<Int128>()[i] = step * RowsPerBatch + i;
        }

        var batch = new Batch(memory, columns, RowsPerBatch);
        if (weight == 1) return batch;
        batch.Weights = memory.Allocate<long>(RowsPerBatch);
        new Span<long>(batch.Weights, RowsPerBatch).Fill(weight);
        return batch;
    }

    private static RankSpec Rank(int partition, bool isAppendOnly) =>
        new(Types, [0, .. partition > 0 ? new[] { partition } : []], [new SortKey(2, true)], 3, RankFunction.RowNumber, 1, 3, isAppendOnly, [0, 1, 2, 4]);

    private static OverSpec Over(int rowsBefore, OverEmission emission, bool isAppendOnly)
    {
        OverCall call = new(OverFunction.Aggregate, Calls[1], -1, -1, -1, false, SqlType.BigInt);
        return new OverSpec(Types, [0], [new SortKey(1)], 3, rowsBefore < 0, rowsBefore < 0 ? new FrameSide(true, 0, 0) : new FrameSide(false, -rowsBefore, 0), new FrameSide(false, 0, 0), [call], emission, isAppendOnly, [0, 1, 2, 4]);
    }

    private static JoinSpec Join(JoinKind kind, ImmutableArray<int> output) => new(kind, Types, Types, [0], [0], null, output);

    private static WindowAggregateOperator Windowed(WindowSpec window) => new(new(window, Input, 1, [0], [.. Calls], true, []) { StartColumn = 1 }, 3);

    private static TimedJoinOperator Timed(JoinKind kind, bool isWindow)
    {
        var side = new TimedSideSpec(Types, [0], 1);
        return new TimedJoinOperator(new TimedJoinSpec(kind, side, side, isWindow, isWindow ? 0 : -Second / 10, isWindow ? 0 : Second / 10, WindowClock.EventTime, null), 7);
    }
}
