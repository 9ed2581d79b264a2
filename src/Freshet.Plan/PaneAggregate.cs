using System.Collections.Immutable;
using Freshet.Columns;

namespace Freshet.Plan;

/// <summary>
/// The parts of an aggregation while the clock is within bounds: GROUP BY whose key holds the moment at which a group leaves the result, by the clock and with all
/// that is kept of it. Rows whose moment is over, or NULL, do not count. What reads it puts the parts together.
/// </summary>
/// <param name="until">The input column with the moment, TIMESTAMP_LTZ; one of the keys.</param>
public sealed class PaneAggregate(PlanNode input, ImmutableArray<int> keys, ImmutableArray<PlanAggregate> calls, int until)
    : PlanNode(new Schema([.. keys.Select(k => input.Schema.Fields[k]), .. calls.Select(c => new Field(c.Name, c.Type))]), [input])
{
    public ImmutableArray<int> Keys { get; } = keys;

    public ImmutableArray<PlanAggregate> Calls { get; } = calls;

    public int Until { get; } = until;

    public override bool IsAppendOnly => false;

    public override ImmutableArray<int> Key => [.. Enumerable.Range(0, Keys.Length)];

    public override string Describe() => $"aggregate by {string.Join(",", Keys)} while the clock is until {Until}: {string.Join(", ", Calls)}";
}
