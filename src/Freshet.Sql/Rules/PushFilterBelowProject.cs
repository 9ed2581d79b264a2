using Freshet.Sql.Plan;

namespace Freshet.Sql.Rules;

/// <summary>A filter over a projection filters first, where its columns are cheap: fewer rows are projected.</summary>
internal static class PushFilterBelowProject
{
    public static PlanNode Apply(PlanNode node)
    {
        if (node is not Filter filter || filter.Inputs[0] is not Project project) return node;
        if (!filter.Condition.Columns().All(c => MergeProjects.IsCheap(project.Expressions[c]))) return node;
        // An error in the projection must not come before the filter has dropped the row; below it cannot.
        var condition = MergeProjects.Substitute(filter.Condition, project.Expressions);
        return new Project(Apply(new Filter(project.Inputs[0], condition)), project.Expressions, project.Names);
    }
}
