namespace Freshet.Plan.Rules;

/// <summary>
/// A filter between SESSION and the grouping by its sessions and its keys is part of what the sessions are made of, as in Flink: there
/// the grouping makes the sessions itself, of the rows that come to it. So a row that the filter drops holds no session together.
/// Filters that read the window's columns, and groupings by other keys, stay above.
/// </summary>
public static class FilterBeforeSessions
{
    /// <summary>The rows that are grouped by window and by <paramref name="keys"/>, filtered before the sessions where that is meant.</summary>
    public static PlanNode Apply(PlanNode node, IEnumerable<BoundExpression> keys)
    {
        if (Sessions(node) is not { } sessions || !SameKeys(node, keys, sessions)) return node;
        return Moved(node, [], sessions.Inputs[0].Schema.Count) ?? node;
    }

    private static SessionAssign? Sessions(PlanNode node)
    {
        while (node is Filter or Project) node = node.Inputs[0];
        return node as SessionAssign;
    }

    private static bool SameKeys(PlanNode node, IEnumerable<BoundExpression> keys, SessionAssign sessions)
    {
        var places = keys.Select(k => k is BoundColumn column ? Origin(node, column.Index) : -1).ToHashSet();
        return places.SetEquals(sessions.Keys);
    }

    /// <summary>The column of the sessions that a column is; -1 where it is computed.</summary>
    private static int Origin(PlanNode node, int column)
    {
        for (; node is Filter or Project; node = node.Inputs[0])
        {
            if (node is not Project project) continue;
            if (project.Expressions[column] is not BoundColumn passed) return -1;
            column = passed.Index;
        }

        return column;
    }

    /// <summary>The node with its filters and the given conditions below the sessions; null where one of them reads a window's columns.</summary>
    private static PlanNode? Moved(PlanNode node, List<BoundExpression> conditions, int width)
    {
        switch (node)
        {
            case Filter filter:
                return Moved(filter.Inputs[0], [.. conditions, .. BoundLogical.Conjuncts(filter.Condition)], width);
            case Project project:
                var below = Moved(project.Inputs[0], [.. conditions.Select(c => MergeProjects.Substitute(c, project.Expressions))], width);
                return below is null ? null : new Project(below, project.Expressions, project.Names);
            case SessionAssign sessions when conditions.All(c => c.Columns().All(column => column < width)):
                if (BoundLogical.All(conditions) is not { } condition) return sessions;
                return new SessionAssign(new Filter(sessions.Inputs[0], condition), sessions.GapMicros, sessions.TimeColumn, sessions.Keys, sessions.IsProcessingTime);
            default:
                return null;
        }
    }
}
