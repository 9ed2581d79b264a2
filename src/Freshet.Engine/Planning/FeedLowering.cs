using System.Collections.Immutable;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Unions;
using Freshet.Plan;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Planning;

/// <summary>
/// Operators right behind a source, and the tables that are read from them. There is one for each feed, made with the sources: its
/// batches carry all columns that any view reads.
/// </summary>
internal static class FeedLowering
{
    /// <summary>The columns of its source that a scan needs.</summary>
    public static IEnumerable<ScanColumn> ColumnsOf(Scan scan)
    {
        if (scan.Table.Feed is not { } output) return scan.Columns;
        return output.Number == 0 ? scan.Columns.Where(c => c.Column < output.Feed.Source.Schema.Count).Concat(output.Feed.Reads) : output.Feed.Reads;
    }

    /// <summary>The node of a feed's operator; all rows go to its share 0.</summary>
    /// <param name="outputs">Those that some plan reads.</param>
    public static int Add(CircuitBuilder builder, TableFeed feed, Stream source, ImmutableHashSet<int> outputs)
    {
        var factory = OperatorOf(feed);
        var node = builder.NodeOf(feed.Source);
        var input = new FeedInput(source.Types, [.. feed.Reads.Select(r => CircuitBuilder.PlaceOf(node, r))], source.Position, builder.Seed, outputs);
        return builder.Add(new NodeSpec(feed.Name, feed.Fingerprint, _ => factory.Create(input), [CircuitBuilder.Input(EdgeSpec.Single(source.Node))]));
    }

    /// <summary>The rows of a table that is fed.</summary>
    /// <param name="feed">The node of its feed.</param>
    /// <param name="source">What the feed gets.</param>
    public static Stream Read(CircuitBuilder builder, Scan scan, int feed, Stream source, bool asksPosition)
    {
        var output = scan.Table.Feed!;
        if (output.Number == 0)
        {
            var node = builder.NodeOf(output.Feed.Source);
            var given = output.Feed.Source.Schema.Count;
            return source with
            {
                Node = feed,
                Places = [.. scan.Columns.Select(c => c.Column < given ? CircuitBuilder.PlaceOf(node, c) : source.Types.Length + c.Column - given)],
                Types = [.. source.Types, .. OperatorOf(output.Feed).OwnColumns],
                Order = asksPosition ? source.Order : -1,
            };
        }

        // An operator's main input is another's main output: a side output gets a node whose main output it is.
        var table = builder.Add(new NodeSpec(scan.Table.Name, scan.Identity, _ => new UnionOperator(), [CircuitBuilder.Input(EdgeSpec.Local(feed, output.Number))]));
        return new Stream(table, [.. scan.Columns.Select(c => c.Column)], [.. scan.Table.Schema.Fields.Select(f => f.Type)], -1, []);
    }

    /// <summary>
    /// Whether a plan is a keyed table of a feed with all its columns: a feed tells of each key once a step, the row before and the row after,
    /// in the order of the input, so that its changes need no consolidation.
    /// </summary>
    public static bool IsConsolidated(PlanNode plan) => plan switch
    {
        Scan scan => scan.Table.Feed is not null && !scan.IsAppendOnly && !scan.Key.IsEmpty && scan.Columns.Select(c => c.Column).Distinct().Count() == scan.Table.Schema.Count,
        Project project => project.Expressions.All(e => e is BoundColumn) && project.Expressions.OfType<BoundColumn>().Select(c => c.Index).Distinct().Count() == project.Inputs[0].Schema.Count && IsConsolidated(project.Inputs[0]),
        _ => false,
    };

    private static IFeedOperator OperatorOf(TableFeed feed) =>
        feed as IFeedOperator ?? throw new InvalidOperationException($"The feed {feed.Name} has no operator.");
}
