using System.Collections.Immutable;
using System.Globalization;

namespace Freshet.Plan.Explaining;

/// <summary>
/// EXPLAIN ESTIMATED_COST: how many rows each operator gives if every table has a million. Nothing is known of the values, so that the figures compare
/// the parts of a plan and foretell nothing: a tenth of the rows has a given value, a third is on one side of a bound, a key that is no key of its
/// input has ten rows, an array three elements. Cost: a walk over the plan.
/// </summary>
public static class RowEstimates
{
    /// <summary>The rows that a table counts for.</summary>
    private const double RowsOfTable = 1_000_000;
    private const double RowsOfKey = 10;
    private const double ElementsOfCollection = 3;

    /// <summary>The rows of a node's result, as a line below it in EXPLAIN.</summary>
    public static string Line(PlanNode node)
    {
        var rows = Math.Round(Rows(node));
        return string.Create(CultureInfo.InvariantCulture, $"estimated: {rows:N0} row{(rows == 1 ? "" : "s")} of {RowsOfTable:N0} in each table");
    }

    private static double Rows(PlanNode node)
    {
        if (node is OptimizedPlan plan) return Rows(plan.Plan);
        if (node.Inputs.IsEmpty) return node is Values values ? values.Rows.Length : RowsOfTable;
        var input = Rows(node.Inputs[0]);
        return node switch
        {
            Filter filter => input * BoundLogical.Conjuncts(filter.Condition).Aggregate(1.0, (share, part) => share * Share(part)),
            TemporalFilter => input / 3,
            Union => node.Inputs.Sum(Rows),
            SetOperation set => set.IsExcept ? input : Math.Min(input, Rows(set.Inputs[1])),
            Join join => OfJoin(join, input, Rows(join.Inputs[1])),
            SemiJoin => input / 2,
            TimedJoin => Math.Max(input, Rows(node.Inputs[1])),
            Aggregate aggregate => Groups(node.Inputs[0], aggregate.Keys, input),
            WindowAggregate window => Groups(node.Inputs[0], window.Keys, input / RowsOfKey),
            AttachedWindowAggregate or PaneAggregate => Math.Max(1, input / RowsOfKey),
            Unnest => input * ElementsOfCollection,
            Expand => input * 2,
            TopN top => Math.Min(input, (top.Last - top.First + 1.0) * Groups(node.Inputs[0], top.Partition, input)),
            _ => input,
        };
    }

    /// <summary>How many different keys there are.</summary>
    private static double Groups(PlanNode input, ImmutableArray<int> keys, double rows)
    {
        if (keys.IsEmpty) return 1;
        return IsKey(input, keys) ? rows : Math.Max(1, rows / RowsOfKey);
    }

    private static bool IsKey(PlanNode input, ImmutableArray<int> keys) => !input.Key.IsEmpty && input.Key.All(k => keys.Contains(k));

    private static double OfJoin(Join join, double left, double right)
    {
        var pairs = join.LeftKeys.IsEmpty ? left * right
            : IsKey(join.Inputs[1], join.RightKeys) ? left
            : IsKey(join.Inputs[0], join.LeftKeys) ? right
            : Math.Min(left, right) * RowsOfKey;
        if (join.Residual is { } residual) pairs *= BoundLogical.Conjuncts(residual).Aggregate(1.0, (share, part) => share * Share(part));
        if (join.Keeps(0)) pairs = Math.Max(pairs, left);
        return join.Keeps(1) ? Math.Max(pairs, right) : pairs;
    }

    /// <summary>The share of the rows for which a condition holds.</summary>
    private static double Share(BoundExpression condition) => condition switch
    {
        BoundCall { Name: "=" or "IS NOT DISTINCT FROM" } => 0.1,
        BoundCall { Name: "<" or "<=" or ">" or ">=" } => 1.0 / 3,
        BoundCall { Name: "IS NULL" } => 0.1,
        BoundCall { Name: "NOT" } not => 1 - Share(not.Children[0]),
        BoundCall { Name: "<>" or "IS NOT NULL" } => 0.9,
        BoundLogical { IsAnd: false } => Math.Min(1, condition.Children.Sum(Share)),
        _ => 0.25,
    };
}
