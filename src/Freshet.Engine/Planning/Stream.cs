using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Engine.Planning;

/// <summary>
/// Where a plan node's rows come out: output 0 of a node, the place of each of its columns, the types of all columns of the
/// batch, the column with the source's position (-1: none), and the outputs with row errors so far.
/// </summary>
internal sealed record Stream(int Node, ImmutableArray<int> Places, ImmutableArray<SqlType> Types, int Position, ImmutableHashSet<ErrorOutput> Errors)
{
    /// <summary>
    /// The column with the rows' positions as one number (<see cref="Sources.RowPosition"/>), which orders them; -1 where the rows
    /// have none, or nothing above asks for it.
    /// </summary>
    public int Order { get; init; } = -1;

    /// <summary>Whether the batches have the plan node's columns, in its order, and no others.</summary>
    public bool IsExact => Places.Length == Types.Length && Places.SequenceEqual(Enumerable.Range(0, Places.Length));
}

/// <summary>A node whose side output 0 has row errors, with or without the position of the row.</summary>
internal sealed record ErrorOutput(int Node, bool HasPosition);
