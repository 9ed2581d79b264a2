using System.Collections.Immutable;
using Freshet.Aggregation;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;

namespace Freshet.Windows.Overs;

/// <summary>A call; columns are the input's.</summary>
/// <param name="Aggregate">The call, for aggregates.</param>
/// <param name="Argument">The value's column; -1 for none.</param>
/// <param name="Number">The column (BIGINT) of buckets, distance or number; -1: 1.</param>
/// <param name="Default">What LAG and LEAD give where there is no such row; -1: NULL.</param>
/// <param name="IgnoresNulls">LAG and LEAD count only rows with a value.</param>
public sealed record OverCall(OverFunction Function, AggregateCall? Aggregate, int Argument, int Number, int Default, bool IgnoresNulls, SqlType Type);

/// <summary>A side of a frame: rows or a distance of the sort column's value from the current row, negative before it.</summary>
/// <param name="IsUnbounded">The first or last row of the partition.</param>
public readonly record struct FrameSide(bool IsUnbounded, Int128 Distance, double Approximate)
{
    public bool IsCurrent => !IsUnbounded && Distance == 0 && Approximate == 0;
}

/// <summary>When rows come.</summary>
public enum OverEmission
{
    /// <summary>At the end of each step, and again when they change.</summary>
    AtStep,

    /// <summary>When the watermark has passed the first sort column; the frame holds nothing that follows.</summary>
    AtWatermark,

    /// <summary>When all input has ended.</summary>
    AtEnd,
}

/// <summary>OVER: a window of rows for each row, and calls over it.</summary>
/// <param name="Types">Types of the input's columns; the position is one of them where rows have one.</param>
/// <param name="Position">The column of the position, or -1.</param>
/// <param name="IsRange">The frame goes by values, and rows equal in the order are together; otherwise by rows.</param>
/// <param name="Output">Columns of the result, in the numbering of the input's columns followed by the calls.</param>
public sealed record OverSpec(
    ImmutableArray<SqlType> Types,
    ImmutableArray<int> Partition,
    ImmutableArray<SortKey> Order,
    int Position,
    bool IsRange,
    FrameSide From,
    FrameSide To,
    ImmutableArray<OverCall> Calls,
    OverEmission Emission,
    bool IsAppendOnly,
    ImmutableArray<int> Output);
