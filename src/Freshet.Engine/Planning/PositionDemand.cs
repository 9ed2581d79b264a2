using Freshet.Plan;

namespace Freshet.Engine.Planning;

/// <summary>
/// Which nodes of the plans must give the positions of their rows: those that stand, without a break, between a node whose result
/// depends on order and the scans. Everything else carries no such column.
/// </summary>
internal sealed class PositionDemand
{
    private readonly HashSet<string> _nodes = [];
    private readonly HashSet<string> _tables = [];
    private readonly HashSet<(PlanNode, bool)> _visited = [];

    public PositionDemand(IEnumerable<PlanNode> plans)
    {
        foreach (var plan in plans) Visit(plan, false);
    }

    public bool Of(PlanNode plan) => _nodes.Count > 0 && _nodes.Contains(plan.Text);

    public bool OfTable(string name) => _tables.Contains(name);

    private void Visit(PlanNode node, bool isAsked)
    {
        isAsked &= node.HasPosition;
        if (!_visited.Add((node, isAsked))) return;
        if (isAsked) _nodes.Add(node.Text);
        if (isAsked && node is Scan scan) _tables.Add(scan.Table.SourceTable.Name);
        foreach (var input in node.Inputs) Visit(input, isAsked || node.OrdersByPosition);
    }
}
