using System.Collections.Immutable;

namespace Freshet.Plan.Catalog;

/// <summary>
/// An operator of a layer above the engine that stands right behind a table's source and sees each of its rows once, whatever
/// views read: output 0 is the table's rows with columns of the operator's own behind them, the other outputs are tables of their own.
/// A table whose <see cref="TableDefinition.Feed"/> names it is read from it. The engine knows no more of it than this page; the
/// operator itself is made by what the layer adds to this class (Freshet.Engine's <c>IFeedOperator</c>).
/// Invariant: there is one operator for each name in a circuit, and its outputs do not depend on which views read them.
/// </summary>
/// <param name="name">For people, and the operator's name in the circuit.</param>
/// <param name="source">The table whose rows it sees.</param>
/// <param name="reads">The columns, or parts of them, that it reads itself.</param>
/// <param name="rules">A canonical text of all else that changes what it gives.</param>
public abstract class TableFeed(string name, TableDefinition source, ImmutableArray<ScanColumn> reads, string rules)
{
    public string Name { get; } = name;

    public TableDefinition Source { get; } = source;

    public ImmutableArray<ScanColumn> Reads { get; } = reads;

    /// <summary>Part of the identity of every operator that reads an output.</summary>
    public string Fingerprint { get; } = PlanNode.HashOf($"{name} of {source.Fingerprint} reads {string.Join(", ", reads)}: {rules}");
}

/// <summary>One output of a feed.</summary>
/// <param name="Number">0 for the source's rows with the feed's own columns behind them.</param>
public sealed record FeedOutput(TableFeed Feed, int Number);
