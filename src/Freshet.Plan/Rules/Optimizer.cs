using System.Collections.Immutable;

namespace Freshet.Plan.Rules;

/// <summary>The rewrite rules, in order. Each keeps the rows of the plan; none looks at data.</summary>
internal static class Optimizer
{
    public static PlanNode Optimize(PlanNode plan)
    {
        plan = Rebuild(plan, FoldConstants.Apply);
        plan = Rebuild(plan, MergeProjects.Apply);
        plan = Rebuild(plan, PushFilterDown.Apply);
        plan = Rebuild(plan, FilterRanks.Apply);
        plan = OrderJoins.Apply(plan);
        plan = Rebuild(plan, FindJoinKeys.Apply);
        plan = Rebuild(plan, MergeProjects.Apply);
        plan = Rebuild(plan, TakePathsBelow.Apply);
        plan = Rebuild(plan, FindTimedJoins.Apply);
        plan = AggregateBeforeJoin.Apply(plan);
        plan = Rebuild(plan, MergeProjects.Apply);
        plan = Rebuild(plan, LatestBeforeClock.Apply);
        plan = PruneColumns.Apply(plan);
        plan = Rebuild(plan, MergeProjects.Apply);
        plan = Rebuild(plan, AggregateInPanes.Apply);
        plan = Rebuild(plan, MergeProjects.Apply);
        plan = Rebuild(plan, ReadPathsInScan.Apply);
        return Rebuild(plan, node => node is OptimizedPlan optimized ? optimized.Plan : node);
    }

    /// <summary>Applies a rule to every node, from the leaves up; a node that is shared stays shared.</summary>
    internal static PlanNode Rebuild(PlanNode plan, Func<PlanNode, PlanNode> rule)
    {
        var done = new Dictionary<PlanNode, PlanNode>(ReferenceEqualityComparer.Instance);
        return Visit(plan);

        PlanNode Visit(PlanNode node)
        {
            if (done.TryGetValue(node, out var known)) return known;
            var inputs = ImmutableArray.CreateRange(node.Inputs, Visit);
            var rebuilt = rule(inputs.SequenceEqual(node.Inputs) ? node : WithInputs(node, inputs));
            done.Add(node, rebuilt);
            return rebuilt;
        }
    }

    internal static PlanNode WithInputs(PlanNode node, ImmutableArray<PlanNode> inputs) => node switch
    {
        Filter filter => new Filter(inputs[0], filter.Condition),
        Expand expand => new Expand(inputs[0], expand.Sets),
        Project project => new Project(inputs[0], project.Expressions, project.Names),
        Aggregate aggregate => new Aggregate(inputs[0], aggregate.Keys, aggregate.Calls),
        PaneAggregate panes => new PaneAggregate(inputs[0], panes.Keys, panes.Calls, panes.Until),
        WindowAssign assign => new WindowAssign(inputs[0], assign.Window, assign.TimeColumn),
        WindowAggregate window => new WindowAggregate(inputs[0], window.Window, window.TimeColumn, window.Keys, window.Calls),
        TemporalFilter filter => new TemporalFilter(inputs[0], filter.From, filter.Until),
        TemporalJoin temporal => temporal.Over(inputs[0], inputs[1], temporal.LeftKeys, temporal.RightKeys, temporal.Residual, temporal.LeftTime, temporal.RightTime),
        TimedJoin timed => timed.Over(inputs[0], inputs[1], timed.Times, timed.LeftKeys, timed.RightKeys, timed.Residual),
        SessionAssign session => new SessionAssign(inputs[0], session.GapMicros, session.TimeColumn, session.Keys, session.IsProcessingTime),
        AttachedWindowAggregate window => new AttachedWindowAggregate(inputs[0], window.Start, window.End, window.Time, window.IsProcessingTime, window.Keys, window.Calls),
        Join join => join.Over(inputs[0], inputs[1], join.LeftKeys, join.RightKeys, join.Residual),
        SemiJoin semi => semi.Over(inputs[0], inputs[1], semi.LeftKeys, semi.RightKeys, semi.Residual),
        SetOperation set => new SetOperation(inputs[0], inputs[1], set.IsExcept, set.IsAll),
        Union => new Union(inputs),
        Upserts upserts => new Upserts(inputs[0], upserts.Keys),
        UpsertChanges changes => changes.Over(inputs[0]),
        ChangesOfRows changes => changes.Over(inputs[0]),
        StepChanges changes => changes.Over(inputs),
        Unnest unnest => unnest.Over(inputs[0], unnest.Collection),
        TopN top => new TopN(inputs[0], top.Kind, top.Partition, top.Order, top.First, top.Last, top.NumberName),
        Over over => new Over(inputs[0], over.Partition, over.Order, over.Frame, over.Calls, over.Emission),
        Sort sort => new Sort(inputs[0], sort.Columns, sort.Offset, sort.Limit),
        _ => node,
    };
}
