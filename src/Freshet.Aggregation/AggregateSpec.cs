using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Aggregation;

/// <summary>One aggregate call.</summary>
/// <param name="Name">The output column's name, for error rows.</param>
/// <param name="Arguments">The input columns; none for COUNT(*).</param>
/// <param name="ArgumentTypes">Their types.</param>
/// <param name="ResultType">The type of the output column.</param>
/// <param name="Filter">A BOOLEAN input column: only rows where it is TRUE count; -1 for none.</param>
/// <param name="IsDistinct">Each value of a group counts once. Without meaning for MIN, MAX, FIRST_VALUE and LAST_VALUE.</param>
public sealed record AggregateCall(
    string Name,
    AggregateKind Function,
    ImmutableArray<int> Arguments,
    ImmutableArray<SqlType> ArgumentTypes,
    SqlType ResultType,
    int Filter,
    bool IsDistinct)
{
    public const int NoColumn = -1;

    /// <summary>A call with one argument, whose result has Flink's type.</summary>
    public AggregateCall(string name, AggregateKind function, int argument, SqlType argumentType, int Filter = NoColumn, bool IsDistinct = false)
        : this(name, function, [argument], [argumentType], ResultTypeOf(function, argumentType), Filter, IsDistinct)
    {
    }

    /// <summary>The separator of a list, the percentages of PERCENTILE.</summary>
    public string Parameter { get; init; } = "";

    /// <summary>What is called where the function is <see cref="AggregateKind.User"/>.</summary>
    public UserAggregate? User { get; init; }

    /// <summary>The type of the first argument.</summary>
    internal SqlType ArgumentType => ArgumentTypes[0];

    /// <summary>The result depends on the order of the rows.</summary>
    public bool IsOrdered =>
        Function is AggregateKind.First or AggregateKind.Last or AggregateKind.List or AggregateKind.Array or AggregateKind.JsonArray || User is { KeepsRows: true };

    public static AggregateCall CountStar(string name, int filter = NoColumn) => new(name, AggregateKind.Count, [], [], SqlType.BigInt.NotNull, filter, false);

    /// <summary>
    /// COUNT is BIGINT NOT NULL; SUM has the argument's type, DECIMAL(38, s) for decimals; AVG, variances and deviations the
    /// argument's type, DECIMAL(38, max(s, 6)) for decimals; others the argument's type.
    /// </summary>
    public static SqlType ResultTypeOf(AggregateKind function, SqlType argument)
    {
        var isDecimal = argument.Kind == TypeKind.Decimal;
        return function switch
        {
            AggregateKind.Count => SqlType.BigInt.NotNull,
            AggregateKind.Sum when isDecimal => SqlType.Decimal(SqlType.MaxDecimalPrecision, argument.Scale),
            AggregateKind.SumZero => ResultTypeOf(AggregateKind.Sum, argument).NotNull,
            AggregateKind.Avg or AggregateKind.VarPop or AggregateKind.VarSamp or AggregateKind.StddevPop or AggregateKind.StddevSamp when isDecimal =>
                SqlType.Decimal(SqlType.MaxDecimalPrecision, Math.Max(argument.Scale, 6)),
            _ => argument.WithNullable(true),
        };
    }
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
    /// <summary>Input columns that are the position of a row, most significant first; none where rows have no position.</summary>
    public ImmutableArray<int> Position { get; init; } = [];

    /// <summary>
    /// A key that is the moment, TIMESTAMP_LTZ, at which a group leaves the result by the clock, with its state; rows whose moment is over or NULL
    /// do not count. -1 where groups stay as long as their rows.
    /// </summary>
    public int Until { get; init; } = -1;

    /// <summary>Places among the keys by which a join with a relation finds groups in the state (<see cref="RelatedGroupsOperator"/>); empty where none does.</summary>
    public ImmutableArray<int> FoundBy { get; init; } = [];

    public bool IsGlobal => Keys.IsEmpty;
}
