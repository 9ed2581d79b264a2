using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Dataflow.Joins;

/// <summary>What becomes of a row and its matches. The first four are kinds of <see cref="JoinOperator"/>, the others of <see cref="SemiJoinOperator"/>.</summary>
public enum JoinKind
{
    Inner,

    /// <summary>Every row of the left input, with NULLs where nothing on the right matches.</summary>
    LeftOuter,

    /// <summary>Every row of the right input, with NULLs where nothing on the left matches.</summary>
    RightOuter,

    /// <summary>Every row of both inputs.</summary>
    FullOuter,

    /// <summary>Left rows that have a match, once however many there are.</summary>
    Semi,

    /// <summary>Left rows that have no match.</summary>
    Anti,

    /// <summary>Every left row, and whether it has a match as a last column, BOOLEAN.</summary>
    Mark,
}

/// <summary>What a join pairs. Port 0 is the left input, port 1 the right.</summary>
/// <param name="LeftTypes">Types of the left input's columns.</param>
/// <param name="RightTypes">Types of the right input's columns.</param>
/// <param name="LeftKeys">Columns of the left input, equal one by one to <paramref name="RightKeys"/>; the kinds are the same. None: every pair is looked at.</param>
/// <param name="RightKeys">Columns of the right input.</param>
/// <param name="Residual">A further condition over the left columns followed by the right ones; null for none.</param>
/// <param name="Output">Columns of the result, in the numbering of the left columns followed by the right ones.</param>
public sealed record JoinSpec(
    JoinKind Kind,
    ImmutableArray<SqlType> LeftTypes,
    ImmutableArray<SqlType> RightTypes,
    ImmutableArray<int> LeftKeys,
    ImmutableArray<int> RightKeys,
    VectorExpression? Residual,
    ImmutableArray<int> Output)
{
    /// <summary>The left input takes nothing back.</summary>
    public bool LeftIsAppendOnly { get; init; }

    /// <summary>The right input takes nothing back.</summary>
    public bool RightIsAppendOnly { get; init; }

    /// <summary>
    /// Of an inner join of appended rows: the side (0 left, 1 right) whose rows can find no later partner once the watermark has
    /// reached the value of their column <see cref="ExpiryTime"/> plus <see cref="ExpiryHoldMicros"/>; -1 for none.
    /// </summary>
    public int ExpiringSide { get; init; } = -1;

    /// <summary>A TIMESTAMP column of the expiring side. A row in which it is NULL matches nothing.</summary>
    public int ExpiryTime { get; init; } = -1;

    /// <summary>See <see cref="ExpiringSide"/>.</summary>
    public long ExpiryHoldMicros { get; init; }

    /// <summary>Places in the list of keys where NULL equals NULL; a NULL in another key matches nothing.</summary>
    public ImmutableArray<int> NullSafe { get; init; } = [];

    /// <summary>Columns (numbered as in <see cref="Output"/>) that <see cref="Residual"/> reads.</summary>
    public ImmutableArray<int> ResidualColumns { get; init; } = [.. Enumerable.Range(0, LeftTypes.Length + RightTypes.Length)];

    /// <summary>Columns (numbered as in <see cref="Output"/>) that a row of side output 0 carries when the residual condition fails on a pair.</summary>
    public ImmutableArray<int> PositionColumns { get; init; } = [];

    /// <summary>The column name of an error in the residual condition.</summary>
    public const string ResidualName = "ON";

    /// <summary>The session's time zone.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Whether the rows of a side must know how much their matches weigh.</summary>
    public bool CountsMatches(int port) => port == 0
        ? Kind is not (JoinKind.Inner or JoinKind.RightOuter)
        : Kind is JoinKind.RightOuter or JoinKind.FullOuter;
}
