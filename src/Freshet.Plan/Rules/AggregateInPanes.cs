using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Plan.Rules;

/// <summary>
/// An aggregation over rows that leave by the clock, where many of them leave at one moment: they are aggregated by that moment first, so that parts
/// are kept until then and not rows.
/// <code>
/// Aggregate by k: SUM(v)                                     Aggregate by k: SUM(part)
///   WhileClock until FLOOR(ts TO HOUR) + 30 days     ->        PaneAggregate by k, until: SUM(v)
///     rows                                                       rows
/// </code>
/// It keeps every result. The granularity is that of the query's own condition: a time that is rounded by FLOOR or CEIL, or a DATE; a time as
/// it is would give a part for each row. Calls are those that can be put together from parts.
/// </summary>
internal static class AggregateInPanes
{
    public static PlanNode Apply(PlanNode plan) => plan is Aggregate aggregate ? Split(aggregate) ?? plan : plan;

    private static Project? Split(Aggregate aggregate)
    {
        var project = aggregate.Inputs[0] as Project;
        if ((project?.Inputs[0] ?? aggregate.Inputs[0]) is not TemporalFilter { From: < 0 } filter || !aggregate.Calls.All(PartialAggregation.CanSplit)) return null;
        if (filter.Inputs[0] is not Project rows || !IsRounded(rows.Expressions[filter.Until])) return null;
        // Below the condition an expression would be computed for rows that it leaves out, and fail there.
        if (project is not null && project.Expressions.Any(e => e.CanFail)) return null;
        BoundExpression At(int column) => project is null ? new BoundColumn(column, filter.Schema[column]) : project.Expressions[column];

        var parts = new PartialAggregation();

        var keys = aggregate.Keys.Select(k => parts.Place(At(k))).ToImmutableArray();
        var until = parts.Place(new BoundColumn(filter.Until, filter.Schema[filter.Until]));
        var distinct = aggregate.Calls.Where(c => c.IsDistinct).SelectMany(c => c.Arguments).Distinct().ToDictionary(a => a, a => parts.Place(At(a)));
        var firstKeys = Enumerable.Range(0, parts.Count).ToImmutableArray();
        var partial = aggregate.Calls.Where(c => !c.IsDistinct).Select(c => c.Over(a => parts.Place(At(a)))).ToImmutableArray();
        var first = new PaneAggregate(parts.Over(rows), firstKeys, partial, until);
        var second = new Aggregate(first, keys, PartialAggregation.Whole(aggregate, distinct, firstKeys.Length));
        return new Project(second, [.. second.Schema.Fields.Select((f, i) => new BoundColumn(i, f.Type))], [.. aggregate.Schema.Fields.Select(f => f.Name)]);
    }

    /// <summary>Whether many rows have one moment: a rounded time and a length.</summary>
    private static bool IsRounded(BoundExpression moment) => moment switch
    {
        BoundCast { Operand.Type.Kind: TypeKind.Date } => true,
        BoundCast cast => IsRounded(cast.Operand),
        BoundCall { Name: "+" or "-", Children: [var time, BoundLiteral] } => IsRounded(time),
        BoundCall call => call.Name.StartsWith("FLOOR TO", StringComparison.Ordinal) || call.Name.StartsWith("CEIL TO", StringComparison.Ordinal),
        _ => false,
    };
}
