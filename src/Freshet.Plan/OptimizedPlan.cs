using System.Collections.Immutable;

namespace Freshet.Plan;

/// <summary>
/// A plan that has been optimized already, within another that has not: no rule looks into it, so that both keep one operator for it. The
/// optimizer puts the plan itself in its place when it has done.
/// </summary>
/// <param name="plan">What it has become.</param>
/// <param name="bound">What it was, by which it is known.</param>
public sealed class OptimizedPlan(PlanNode plan, PlanNode bound) : PlanNode(plan.Schema, [])
{
    public PlanNode Plan => plan;

    public override bool IsAppendOnly => plan.IsAppendOnly;

    public override ImmutableArray<int> Key => plan.Key;

    public override bool HasAtMostOneRow => plan.HasAtMostOneRow;

    public override ImmutableArray<int> RowTimes => plan.RowTimes;

    public override ImmutableArray<int> ProcTimes => plan.ProcTimes;

    public override ImmutableArray<(int Column, long Micros)> AheadOfWatermark => plan.AheadOfWatermark;

    public override WindowBounds? Windows => plan.Windows;

    public override bool HasPosition => plan.HasPosition;

    public override string Describe() => bound.Text;
}
