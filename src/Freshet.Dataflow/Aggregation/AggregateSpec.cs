using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Dataflow.Aggregation;

/// <summary>The aggregate functions.</summary>
public enum AggregateFunction
{
    Count,
    Sum,
    Avg,
    Min,
    Max,

    /// <summary>JSON_ARRAYAGG. The argument is a JSON array of one item, or of none.</summary>
    JsonArray,
}

/// <summary>One aggregate call.</summary>
/// <param name="Name">The output column's name, for error rows.</param>
/// <param name="Argument">The input column; -1 for COUNT(*).</param>
/// <param name="ArgumentType">Its type; ignored for COUNT(*).</param>
/// <param name="Filter">A BOOLEAN input column: only rows where it is TRUE count; -1 for none.</param>
/// <param name="IsDistinct">Each value of a group counts once. Without meaning for MIN and MAX.</param>
/// <param name="InArrivalOrder">The order of an append-only input is one order, and JSON_ARRAYAGG keeps it; otherwise its items come in order of their text.</param>
public sealed record AggregateCall(
    string Name,
    AggregateFunction Function,
    int Argument,
    SqlType ArgumentType,
    int Filter = -1,
    bool IsDistinct = false,
    bool InArrivalOrder = false)
{
    public const int NoColumn = -1;

    public static AggregateCall CountStar(string name, int filter = NoColumn) => new(name, AggregateFunction.Count, NoColumn, SqlType.BigInt, filter);

    /// <summary>Flink's type of the result.</summary>
    public SqlType ResultType { get; } = ResultTypeOf(Function, ArgumentType);

    /// <summary>
    /// COUNT is BIGINT NOT NULL; SUM has the argument's type, DECIMAL(38, s) for decimals; AVG the argument's type,
    /// DECIMAL(38, max(s, 6)) for decimals; MIN and MAX the argument's type; JSON_ARRAYAGG is STRING.
    /// </summary>
    public static SqlType ResultTypeOf(AggregateFunction function, SqlType argument) => function switch
    {
        AggregateFunction.Count => SqlType.BigInt.NotNull,
        AggregateFunction.JsonArray => SqlType.String,
        AggregateFunction.Sum when argument.Kind == TypeKind.Decimal => SqlType.Decimal(SqlType.MaxDecimalPrecision, argument.Scale),
        AggregateFunction.Avg when argument.Kind == TypeKind.Decimal => SqlType.Decimal(SqlType.MaxDecimalPrecision, Math.Max(argument.Scale, 6)),
        _ => argument.WithNullable(true),
    };
}

/// <summary>What an aggregation computes. Output: the key columns, then one column for each call.</summary>
/// <param name="InputTypes">Types of the input's columns.</param>
/// <param name="Keys">Input columns to group by; none: one group that is always there.</param>
/// <param name="Calls">The aggregate calls; none: DISTINCT.</param>
/// <param name="IsAppendOnly">The input takes nothing back, so that MIN and MAX need one value.</param>
public sealed record AggregateSpec(
    ImmutableArray<SqlType> InputTypes,
    ImmutableArray<int> Keys,
    ImmutableArray<AggregateCall> Calls,
    bool IsAppendOnly)
{
    public bool IsGlobal => Keys.IsEmpty;
}
