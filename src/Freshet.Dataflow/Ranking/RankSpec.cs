using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels;

namespace Freshet.Dataflow.Ranking;

/// <summary>How rows are numbered.</summary>
public enum RankFunction
{
    /// <summary>1, 2, 3, ...; rows equal in the sort columns by position, then by content.</summary>
    RowNumber,

    /// <summary>Rows equal in the sort columns have one number, and the next number counts them all.</summary>
    Rank,

    /// <summary>Rows equal in the sort columns have one number, and the next is one more.</summary>
    DenseRank,
}

/// <summary>
/// Top-N: the rows of each partition whose number is within bounds. Two operators do it.
/// <para><see cref="RankOperator"/> does all of it: rows lie in an ordered index (<see cref="OrderedRows"/>, on which OVER stands too), whose order is
/// <see cref="RowOrder"/>.</para>
/// <para><see cref="FirstRowsOperator"/> does ROW_NUMBER over appended rows where the last number is small, at a fraction of the cost
/// (<see cref="FirstRows"/>): between steps a partition has a list (<see cref="RowLists"/>), a step changes a copy of it (<see cref="StepLists"/>),
/// and rows in either are named by <see cref="RowReferences"/>, whether they are stored or still wait in a batch.</para>
/// Both give what has changed by <see cref="RankedChanges"/>.
/// </summary>
/// <param name="Types">Types of the input's columns; the position is one of them where rows have one.</param>
/// <param name="Partition">Columns of the partition; none: all rows are one.</param>
/// <param name="Order">Columns to number by.</param>
/// <param name="Position">The column of the position, or -1.</param>
/// <param name="First">The least number that is in the result, from 1.</param>
/// <param name="Last">The greatest one.</param>
/// <param name="IsAppendOnly">The input takes nothing back, so that rows beyond <paramref name="Last"/> need not be kept.</param>
/// <param name="Output">Columns of the result, in the numbering of the input's columns followed by the number (BIGINT).</param>
public sealed record RankSpec(
    ImmutableArray<SqlType> Types,
    ImmutableArray<int> Partition,
    ImmutableArray<SortKey> Order,
    int Position,
    RankFunction Function,
    long First,
    long Last,
    bool IsAppendOnly,
    ImmutableArray<int> Output)
{
    /// <summary>Whether the number is in the result, so that a row whose number changes is another row.</summary>
    public bool GivesNumber => Output.Contains(Types.Length);
}
