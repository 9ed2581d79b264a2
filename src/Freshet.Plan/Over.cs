using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Plan;

/// <summary>A call over a window; columns are the input's.</summary>
/// <param name="Aggregate">The call, for aggregates.</param>
/// <param name="Argument">The value's column; -1 for none.</param>
/// <param name="Number">The column of NTILE's buckets, LAG's and LEAD's distance, NTH_VALUE's number; -1: 1.</param>
/// <param name="Default">LAG's and LEAD's value where there is no such row; -1: NULL.</param>
public sealed record PlanOverCall(string Name, OverFunction Function, PlanAggregate? Aggregate, int Argument, int Number, int Default, bool IgnoresNulls, SqlType Type)
{
    /// <summary>The input columns that the call reads.</summary>
    public IEnumerable<int> Columns() => new[] { Argument, Number, Default, Aggregate?.Filter ?? -1 }.Concat(Aggregate?.Arguments ?? []).Where(c => c >= 0);

    /// <summary>The same over an input whose columns stand elsewhere.</summary>
    public PlanOverCall At(Func<int, int> place)
    {
        int Of(int column) => column < 0 ? column : place(column);
        return this with { Argument = Of(Argument), Number = Of(Number), Default = Of(Default), Aggregate = Aggregate is null ? null : Aggregate with { Arguments = [.. Aggregate.Arguments.Select(Of)], Filter = Of(Aggregate.Filter) } };
    }

    public override string ToString() => Aggregate is not null ? Aggregate.ToString() : $"{Function}({Argument}, {Number}, {Default}{(IgnoresNulls ? ", IGNORE NULLS" : "")})";
}

/// <summary>A side of a frame, as a distance from the current row: before it where negative.</summary>
/// <param name="IsUnbounded">The partition's first or last row.</param>
/// <param name="Distance">Rows; in RANGE frames a distance of the sort column's values: µs of timestamps, days of dates, units of the last digit of decimals.</param>
/// <param name="Approximate">The distance of FLOAT and DOUBLE.</param>
public sealed record PlanBound(bool IsUnbounded, Int128 Distance, double Approximate = 0)
{
    public static PlanBound Unbounded { get; } = new(true, 0);

    public static PlanBound Current { get; } = new(false, 0);

    public bool IsCurrent => !IsUnbounded && Distance == 0 && Approximate == 0;

    public override string ToString() => IsUnbounded ? "unbounded" : $"{Distance}{(Approximate == 0 ? "" : $"/{Approximate:R}")}";
}

/// <summary>The rows that a call sees, from one side to the other. RANGE goes by value, so that rows equal in the order are together.</summary>
public sealed record PlanFrame(bool IsRange, PlanBound From, PlanBound To);

/// <summary>When the rows of an <see cref="Over"/> come.</summary>
public enum OverEmission
{
    /// <summary>At the end of each step, and again when a later row changes them.</summary>
    AtStep,

    /// <summary>When the watermark has passed the row's time: no row that is still expected comes before it.</summary>
    AtWatermark,

    /// <summary>When all input has ended.</summary>
    AtEnd,
}

/// <summary>OVER: the input's columns, then one for each call.</summary>
public sealed class Over(PlanNode input, ImmutableArray<int> partition, ImmutableArray<SortColumn> order, PlanFrame frame, ImmutableArray<PlanOverCall> calls, OverEmission emission)
    : PlanNode(new Schema([.. input.Schema.Fields, .. calls.Select(c => new Field(c.Name, c.Type))]), [input])
{
    public ImmutableArray<int> Partition { get; } = partition;

    public ImmutableArray<SortColumn> Order { get; } = order;

    public PlanFrame Frame { get; } = frame;

    public ImmutableArray<PlanOverCall> Calls { get; } = calls;

    public OverEmission Emission { get; } = emission;

    public override bool WaitsForWatermark => Emission == OverEmission.AtWatermark;

    public override bool IsAppendOnly => Emission != OverEmission.AtStep;

    public override bool OrdersByPosition => true;

    public override bool HasPosition => Inputs[0].HasPosition;

    public override ImmutableArray<int> ProcTimes => Inputs[0].ProcTimes;

    public override ImmutableArray<int> Key => Inputs[0].Key;

    /// <summary>What is computed within windows changes only while they are open.</summary>
    public override WindowBounds? Windows => Inputs[0].Windows is { } windows && windows.Starts.Any(Partition.Contains) && windows.Ends.Any(Partition.Contains) ? windows : null;

    public override ImmutableArray<int> RowTimes => Emission == OverEmission.AtWatermark ? Inputs[0].RowTimes : [];

    public override string Describe() =>
        $"over by {string.Join(",", Partition)} order {string.Join(", ", Order)} {(Frame.IsRange ? "range" : "rows")} {Frame.From} to {Frame.To} {Emission}: {string.Join(", ", Calls)}";
}
