using System.Collections.Immutable;
using Freshet.Kernels.Expressions;

namespace Freshet.Plan.Rules;

/// <summary>
/// Who has a row that the clock has not let go yet: of each only the latest moment counts, so that one row a key is kept and not every row
/// until it leaves.
/// <code>
/// Aggregate by k:                       Project k
///   WhileClock until ts + 10 minutes  ->   WhileClock until m
///     rows                                   Aggregate by k: MAX(ts + 10 minutes) AS m
///                                              rows
/// </code>
/// It keeps every result: some row of a key is in exactly while the latest of them is.
/// </summary>
internal static class LatestBeforeClock
{
    public static PlanNode Apply(PlanNode plan) => plan is Aggregate { Calls.IsEmpty: true, Keys.IsEmpty: false } aggregate ? Latest(aggregate) ?? plan : plan;

    private static Project? Latest(Aggregate aggregate)
    {
        var project = aggregate.Inputs[0] as Project;
        if ((project?.Inputs[0] ?? aggregate.Inputs[0]) is not TemporalFilter { From: < 0 } filter) return null;
        BoundExpression At(int column) => project is null ? new BoundColumn(column, filter.Schema[column]) : project.Expressions[column];
        // Below the condition an expression would be computed for rows that it leaves out, and fail there.
        if (aggregate.Keys.Any(k => At(k).CanFail)) return null;

        var moment = filter.Schema[filter.Until];
        ImmutableArray<BoundExpression> read = [.. aggregate.Keys.Select(At), new BoundColumn(filter.Until, moment)];
        ImmutableArray<string> names = [.. aggregate.Schema.Fields.Select(f => f.Name), "until"];
        var latest = new Aggregate(
            new Project(filter.Inputs[0], read, names),
            [.. Enumerable.Range(0, aggregate.Keys.Length)],
            [new PlanAggregate("until", AggregateKind.Max, [aggregate.Keys.Length], -1, false, moment.WithNullable(true))]);
        var kept = new TemporalFilter(latest, -1, aggregate.Keys.Length);
        return new Project(kept, [.. aggregate.Schema.Fields.Select((f, i) => new BoundColumn(i, f.Type))], [.. aggregate.Schema.Fields.Select(f => f.Name)]);
    }
}
