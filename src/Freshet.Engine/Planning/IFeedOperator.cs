using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Planning;

/// <summary>
/// What a <see cref="TableFeed"/> adds to be run: its operator, of one share. It gets the source's batches, in any order within a
/// step; output 0 is each row with the feed's own columns behind all others, side output k - 1 the table of output k.
/// </summary>
public interface IFeedOperator
{
    /// <summary>Types of its own columns in output 0.</summary>
    ImmutableArray<SqlType> OwnColumns { get; }

    Operator Create(FeedInput input);
}

/// <summary>The rows that a feed's operator gets.</summary>
/// <param name="Types">Types of all columns of a batch.</param>
/// <param name="Reads">Where each of <see cref="TableFeed.Reads"/> stands.</param>
/// <param name="Offset">The column with the row's place in the source, BIGINT.</param>
/// <param name="Seed">The database's hash seed.</param>
/// <param name="Outputs">The outputs that somebody reads: what is kept for others alone need not be.</param>
public sealed record FeedInput(ImmutableArray<SqlType> Types, ImmutableArray<int> Reads, int Offset, ulong Seed, ImmutableHashSet<int> Outputs);
