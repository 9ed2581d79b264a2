using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels;

namespace Freshet.Plan.Rules;

/// <summary>
/// An aggregation over a join with a relation that changes, such as that of identifiers and profiles: rows are aggregated by the join's
/// key first and joined then, and what a change of the relation moves is partial results, not rows.
/// <code>
/// Aggregate by profile: COUNT(*)          Aggregate by profile: $SUM0(count)
///   Join identifier = identifier     ->     Join identifier = identifier
///     events                                  Aggregate by identifier: COUNT(*)
///     relation                                  events
///                                             relation
/// </code>
/// It keeps every result: each row has one partner at most, and the calls can be put together from parts. Those are COUNT, MIN, MAX
/// and exact sums; arguments of DISTINCT calls become keys of the first aggregation. Sums of floating-point numbers are rounded where
/// they are read, so that sums of them could differ in the last bit, and stay as they are.
/// A row that reaches the join is one whose key is not NULL, for the relation has every key that a row has: where an expression can fail, rows
/// without a key are left out before it is computed.
/// Conditions on the clock over the join's left side go below it first, so that a row's time is looked at before it is counted.
/// </summary>
internal static class AggregateBeforeJoin
{
    public static PlanNode Apply(PlanNode plan)
    {
        plan = Optimizer.Rebuild(plan, node => node is TemporalFilter filter ? Below(filter) ?? node : node);
        plan = Optimizer.Rebuild(plan, MergeProjects.Apply);
        return Optimizer.Rebuild(plan, node => node is Aggregate aggregate ? Split(aggregate) ?? node : node);
    }

    internal static bool IsRelation(PlanNode node, ImmutableArray<int> keys) => !node.IsAppendOnly && PruneColumns.IsFed(node) && Join.IsUnique(node, keys);

    private static bool Fits(Join join) => join.Type is JoinType.Inner or JoinType.Left && join.Residual is null && join.NullSafe.IsEmpty && IsRelation(join.Inputs[1], join.RightKeys);

    /// <summary>The condition on the clock at the left side of the join; null where it is none of that side alone.</summary>
    private static PlanNode? Below(TemporalFilter filter)
    {
        var input = filter.Inputs[0];
        var project = input as Project;
        if ((project?.Inputs[0] ?? input) is not Join join || !Fits(join)) return null;
        var width = join.Inputs[0].Schema.Count;
        BoundExpression At(int column) => project is null ? new BoundColumn(column, input.Schema[column]) : project.Expressions[column];
        var bounds = new[] { filter.From, filter.Until }.Where(b => b >= 0).Distinct().ToList();
        if (bounds.Any(b => At(b).Columns().Any(c => c >= width))) return null;

        // The left side with the bounds behind its columns, while they hold; then the join, and the columns as they were.
        var left = Reaching(join, bounds.Select(At));
        var columns = All(left).Concat(bounds.Select(At)).ToImmutableArray();
        var extended = new Project(left, columns, [.. left.Schema.Fields.Select(f => f.Name), .. bounds.Select(b => input.Schema.Fields[b].Name)]);
        int Place(int bound) => bound < 0 ? -1 : width + bounds.IndexOf(bound);
        var kept = new TemporalFilter(extended, Place(filter.From), Place(filter.Until));
        var joined = join.Over(new Project(kept, [.. All(left)], [.. left.Schema.Fields.Select(f => f.Name)]), join.Inputs[1], join.LeftKeys, join.RightKeys, null);
        return project is null ? joined : new Project(joined, project.Expressions, project.Names);
    }

    private static PlanNode? Split(Aggregate aggregate)
    {
        var project = aggregate.Inputs[0] as Project;
        if ((project?.Inputs[0] ?? aggregate.Inputs[0]) is not Join join || !Fits(join)) return null;
        if (!aggregate.Calls.All(PartialAggregation.CanSplit)) return null;
        var width = join.Inputs[0].Schema.Count;
        BoundExpression At(int column) => project is null ? new BoundColumn(column, aggregate.Inputs[0].Schema[column]) : project.Expressions[column];
        bool IsLeft(int column) => At(column).Columns().All(c => c < width);
        if (!aggregate.Keys.Any(k => !IsLeft(k)) || !aggregate.Keys.All(k => IsLeft(k) || At(k) is BoundColumn)) return null;
        if (!aggregate.Calls.SelectMany(c => c.Arguments.Append(c.Filter)).Where(c => c >= 0).All(IsLeft)) return null;

        if (IsFirst(join, aggregate, At)) return null;

        // What the first aggregation reads: the join's keys, keys of the left side, arguments of DISTINCT calls; then the other arguments.
        var parts = new PartialAggregation();

        var joinKeys = join.LeftKeys.Select(k => parts.Place(new BoundColumn(k, join.Inputs[0].Schema[k]))).ToList();
        var leftKeys = aggregate.Keys.ToDictionary(k => k, k => IsLeft(k) ? parts.Place(At(k)) : -1);
        var distinct = aggregate.Calls.Where(c => c.IsDistinct).SelectMany(c => c.Arguments).Distinct().ToDictionary(a => a, a => parts.Place(At(a)));
        var firstKeys = Enumerable.Range(0, parts.Count).ToImmutableArray();
        var partial = aggregate.Calls.Where(c => !c.IsDistinct).Select(c => c.Over(a => parts.Place(At(a)))).ToImmutableArray();
        var input = parts.Over(Reaching(join, aggregate.Keys.Concat(aggregate.Calls.SelectMany(c => c.Arguments.Append(c.Filter))).Where(c => c >= 0).Select(At)));
        var first = new Aggregate(input, firstKeys, partial);

        // The rows of the join: the first aggregation's, then the relation's.
        var joined = join.Over(first, join.Inputs[1], [.. joinKeys], join.RightKeys, null);
        var keys = aggregate.Keys.Select(k => IsLeft(k) ? leftKeys[k] : ((BoundColumn)At(k)).Index - width + first.Schema.Count).ToImmutableArray();
        // A key that stands twice would be one column less: the names of the result are the aggregation's.
        var second = new Aggregate(joined, keys, PartialAggregation.Whole(aggregate, distinct, firstKeys.Length));
        return new Project(second, [.. All(second)], [.. aggregate.Schema.Fields.Select(f => f.Name)]);
    }

    /// <summary>Whether the left side has one row for each group that a first aggregation would have: a plan that has been split is not split again.</summary>
    private static bool IsFirst(Join join, Aggregate aggregate, Func<int, BoundExpression> at)
    {
        var key = join.Inputs[0].Key;
        var grouped = join.LeftKeys.Concat(aggregate.Keys.Concat(aggregate.Calls.Where(c => c.IsDistinct).SelectMany(c => c.Arguments)).Select(at).OfType<BoundColumn>().Select(c => c.Index)).ToHashSet();
        return !key.IsEmpty && key.All(grouped.Contains);
    }

    /// <summary>The left rows that the join keeps, where one of the expressions can fail; else all of them.</summary>
    private static PlanNode Reaching(Join join, IEnumerable<BoundExpression> expressions)
    {
        var left = join.Inputs[0];
        if (join.Type == JoinType.Left || !expressions.Any(e => e.CanFail)) return left;
        foreach (var key in join.LeftKeys.Where(k => left.Schema[k].IsNullable))
            left = new Filter(left, new BoundCall("IS NOT NULL", LogicKernel.IsNotNull, [new BoundColumn(key, left.Schema[key])], SqlType.Boolean.NotNull, default));
        return left;
    }

    private static IEnumerable<BoundExpression> All(PlanNode node) => node.Schema.Fields.Select((f, i) => (BoundExpression)new BoundColumn(i, f.Type));
}
