
namespace Freshet.Plan.Rules;

/// <summary>
/// Inner joins are made in the order in which they are written, except where that would pair every row of a table with every
/// other row although an equality connects the table with one that comes later: then that one goes first.
/// The conditions are whole: keys have not been found yet.
/// </summary>
internal static class OrderJoins
{
    public static PlanNode Apply(PlanNode node)
    {
        if (node is not Join { Type: JoinType.Inner, LeftKeys.IsEmpty: true }) return Below(node);
        var leaves = new List<(PlanNode Node, int First)>();
        var conditions = new List<BoundExpression>();
        Flatten(node, 0, leaves, conditions);
        if (leaves.Count <= 2) return Below(node);
        var order = Order(leaves, conditions);
        if (order.SequenceEqual(Enumerable.Range(0, leaves.Count))) return Below(node);
        return Joined([.. order.Select(i => (Apply(leaves[i].Node), leaves[i].First))], conditions, node);
    }

    private static PlanNode Below(PlanNode node)
    {
        var inputs = node.Inputs.Select(Apply).ToArray();
        return inputs.SequenceEqual(node.Inputs) ? node : Optimizer.WithInputs(node, [.. inputs]);
    }

    private static void Flatten(PlanNode node, int first, List<(PlanNode Node, int First)> leaves, List<BoundExpression> conditions)
    {
        if (node is not Join { Type: JoinType.Inner, LeftKeys.IsEmpty: true } join)
        {
            leaves.Add((node, first));
            return;
        }

        Flatten(join.Inputs[0], first, leaves, conditions);
        Flatten(join.Inputs[1], first + join.Inputs[0].Schema.Count, leaves, conditions);
        conditions.AddRange(BoundLogical.Conjuncts(join.Residual).Select(c => c.Shift(i => i + first)));
    }

    /// <summary>Always the first table that an equality connects with those before it; without one the first that is left.</summary>
    private static List<int> Order(List<(PlanNode Node, int First)> leaves, List<BoundExpression> conditions)
    {
        int LeafOf(int column) => leaves.FindLastIndex(l => l.First <= column);
        var order = new List<int> { 0 };
        while (order.Count < leaves.Count)
        {
            var left = Enumerable.Range(0, leaves.Count).Except(order).ToList();
            bool IsConnected(int leaf) => conditions.Any(c => FindJoinKeys.IsEquality(c, i => order.Contains(LeafOf(i)), i => LeafOf(i) == leaf, out _, out _));
            var next = left.FindIndex(IsConnected);
            order.Add(left[Math.Max(next, 0)]);
        }

        return order;
    }

    /// <summary>The tables joined in this order, each condition as soon as its columns are there; the columns as they were.</summary>
    private static Project Joined(List<(PlanNode Node, int First)> leaves, List<BoundExpression> conditions, PlanNode original)
    {
        var places = new int[original.Schema.Count];
        Array.Fill(places, -1);
        var open = conditions.ToList();
        PlanNode? joined = null;
        foreach (var (leaf, first) in leaves)
        {
            var from = joined?.Schema.Count ?? 0;
            for (var i = 0; i < leaf.Schema.Count; i++) places[first + i] = from + i;
            if (joined is null)
            {
                joined = leaf;
                continue;
            }

            var ready = open.Where(c => c.Columns().All(i => places[i] >= 0)).ToList();
            open.RemoveAll(ready.Contains);
            joined = new Join(joined, leaf, JoinType.Inner, [], [], BoundLogical.All(ready.Select(c => c.Shift(i => places[i]))), []);
        }

        return new Project(joined!, [.. places.Select(p => new BoundColumn(p, joined!.Schema[p]))], [.. original.Schema.Fields.Select(f => f.Name)]);
    }
}
