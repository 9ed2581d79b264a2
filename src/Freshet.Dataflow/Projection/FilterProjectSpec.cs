using System.Collections.Immutable;
using Freshet.Kernels.Expressions;

namespace Freshet.Dataflow.Projection;

/// <summary>A column of the output: its name (for error rows) and how it is computed.</summary>
public sealed record Projection(string Name, VectorExpression Expression);

/// <summary>What a filter and projection does: WHERE, then the columns of SELECT.</summary>
/// <param name="Predicate">BOOLEAN; a row stays when it is TRUE. Null keeps all rows.</param>
/// <param name="Projections">The output's columns in order.</param>
/// <param name="PositionColumns">Columns of the input that an error row carries to say where its row stood.</param>
public sealed record FilterProjectSpec(VectorExpression? Predicate, ImmutableArray<Projection> Projections, ImmutableArray<int> PositionColumns)
{
    /// <summary>The column name of an error in the predicate.</summary>
    public const string PredicateName = "WHERE";

    /// <summary>The session's time zone.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;
}
