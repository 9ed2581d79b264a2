using System.Collections.Immutable;
using Freshet.Kernels.Expressions;

namespace Freshet.Plan.Rules;

/// <summary>
/// An aggregation taken in two: parts first, then the parts put together. This holds what the first one reads, each expression once, in the
/// order it was asked for: what becomes a key is asked for before any argument.
/// </summary>
internal sealed class PartialAggregation
{
    private readonly List<BoundExpression> _read = [];

    public int Count => _read.Count;

    /// <summary>Whether the call over all rows can be put together from calls over parts of them.</summary>
    public static bool CanSplit(PlanAggregate call) => call switch
    {
        { Program: not null } => false,
        { IsDistinct: true } => call.Kind == AggregateKind.Count && call.Filter < 0 && call.Arguments.Length == 1,
        { Kind: AggregateKind.Count or AggregateKind.Min or AggregateKind.Max } => true,
        { Kind: AggregateKind.Sum or AggregateKind.SumZero } => !call.Type.IsApproximate,
        _ => false,
    };

    /// <summary>Where an expression stands in what is read.</summary>
    public int Place(BoundExpression expression)
    {
        var at = _read.FindIndex(r => r.ToString() == expression.ToString());
        if (at >= 0) return at;
        _read.Add(expression);
        return _read.Count - 1;
    }

    /// <summary>What is read, over the rows.</summary>
    public Project Over(PlanNode rows) => new(rows, [.. _read], [.. _read.Select((r, i) => r is BoundColumn column ? rows.Schema.Fields[column.Index].Name : $"a{i}")]);

    /// <summary>The calls over the parts, which lie from <paramref name="next"/> on; a DISTINCT call counts the values themselves, which are keys of the first.</summary>
    public static ImmutableArray<PlanAggregate> Whole(Aggregate aggregate, Dictionary<int, int> distinct, int next) =>
        [.. aggregate.Calls.Select(c => c.IsDistinct ? c.Over(a => distinct[a]) : c with { Kind = c.Kind == AggregateKind.Count ? AggregateKind.SumZero : c.Kind, Arguments = [next++], Filter = -1 })];
}
