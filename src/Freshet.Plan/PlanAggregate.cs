using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Plan.Catalog;

namespace Freshet.Plan;

/// <summary>An aggregate call over columns of the input.</summary>
/// <param name="Arguments">Input columns; none for COUNT(*).</param>
/// <param name="Filter">A BOOLEAN input column, or -1.</param>
public sealed record PlanAggregate(string Name, AggregateKind Kind, ImmutableArray<int> Arguments, int Filter, bool IsDistinct, SqlType Type)
{
    /// <summary>The separator of a list, the percentages of PERCENTILE, the name of a program's function.</summary>
    public string Parameter { get; init; } = "";

    /// <summary>A function of a program, as it is called.</summary>
    public ProgramSignature? Program { get; init; }

    /// <summary>Whether the result depends on the order of the rows.</summary>
    public bool IsOrdered => Kind is AggregateKind.First or AggregateKind.Last or AggregateKind.List or AggregateKind.Array or AggregateKind.JsonArray || Program is { IsOrdered: true };

    /// <summary>The function's name in the language.</summary>
    public string Function => Kind switch
    {
        AggregateKind.SumZero => "$SUM0",
        AggregateKind.VarPop => "VAR_POP",
        AggregateKind.VarSamp => "VAR_SAMP",
        AggregateKind.StddevPop => "STDDEV_POP",
        AggregateKind.StddevSamp => "STDDEV_SAMP",
        AggregateKind.First => "FIRST_VALUE",
        AggregateKind.Last => "LAST_VALUE",
        AggregateKind.Single => "SINGLE_VALUE",
        AggregateKind.List => "LISTAGG",
        AggregateKind.Array => "ARRAY_AGG",
        AggregateKind.JsonArray => "JSON_ARRAYAGG",
        AggregateKind.JsonObject => "JSON_OBJECTAGG",
        AggregateKind.Bitmap => $"BITMAP_{Parameter}_AGG",
        AggregateKind.User => Parameter[..Parameter.IndexOf('@')],
        _ => Kind.ToString().ToUpperInvariant(),
    };

    /// <summary>Whether the values of a group are kept, each with its count.</summary>
    public bool KeepsValues(bool isAppendOnly) => Kind switch
    {
        AggregateKind.Min or AggregateKind.Max or AggregateKind.First or AggregateKind.Last => !isAppendOnly,
        AggregateKind.Single or AggregateKind.List or AggregateKind.Array or AggregateKind.Collect or AggregateKind.JsonArray or AggregateKind.JsonObject or AggregateKind.Percentile or AggregateKind.Bitmap => true,
        _ => IsDistinct || Program is { IsOrdered: true },
    };

    /// <summary>Whether the values of a group that never ends are kept once, without counts, where nothing is taken back.</summary>
    public bool MarksValues(Schema input) => IsDistinct && Arguments.Length == 1
        && Kind is AggregateKind.Count or AggregateKind.Sum or AggregateKind.SumZero or AggregateKind.Avg or AggregateKind.VarPop or AggregateKind.VarSamp or AggregateKind.StddevPop or AggregateKind.StddevSamp
        && input.Fields[Arguments[0]].Type.Physical is PhysicalKind.Bool or PhysicalKind.Int8 or PhysicalKind.Int16 or PhysicalKind.Int32 or PhysicalKind.Int64;

    /// <summary>The call over other columns.</summary>
    public PlanAggregate Over(Func<int, int> place) => this with { Arguments = [.. Arguments.Select(place)], Filter = Filter < 0 ? -1 : place(Filter) };

    public override string ToString() =>
        $"{Kind}{(Parameter.Length == 0 ? "" : $"<{Parameter}>")}({(IsDistinct ? "DISTINCT " : "")}{(Arguments.IsEmpty ? "-1" : string.Join(",", Arguments))}){(Filter >= 0 ? $" FILTER {Filter}" : "")}";
}
