using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Plan;
using Freshet.Plan.Rules;
using Freshet.Syntax;

namespace Freshet.Sql.Binding.Subqueries;

/// <summary>
/// Takes the references to the outer query out of a subquery. Conditions that make them are pulled up, through projections, joins
/// and, where they are equalities, groupings, to where the subquery is joined to the outer query: so it is computed once for all
/// outer rows. What cannot be pulled up is computed for each different combination of the outer columns that it reads, see
/// <see cref="OuterDomain"/>.
/// </summary>
internal static class Decorrelation
{
    /// <param name="query">The subquery's plan; outer columns of depth 1 are those of <paramref name="outer"/>.</param>
    /// <param name="refuse">The error for a subquery that cannot be planned; takes the reason.</param>
    public static Uncorrelated Of(PlanNode query, PlanNode outer, Func<string, SqlException> refuse)
    {
        // From here on depth 0 is the outer query, and everything else is as seen from it.
        query = Map(query, e => BoundOuter.Deeper(e, -1));
        return IsCorrelated(query) ? PullUp(query) ?? new OuterDomain(outer, refuse).Of(query) : Uncorrelated.Of(query);
    }

    public static bool IsCorrelated(PlanNode node) => node.OwnExpressions.Any(BoundOuter.IsIn) || node.Inputs.Any(IsCorrelated);

    /// <summary>The plan with other expressions, where it reads outer columns.</summary>
    private static PlanNode Map(PlanNode node, Func<BoundExpression, BoundExpression> change)
    {
        if (!ReadsOuter(node)) return node;
        var inputs = ImmutableArray.CreateRange(node.Inputs, i => Map(i, change));
        return node switch
        {
            Filter filter => new Filter(inputs[0], change(filter.Condition)),
            Project project => new Project(inputs[0], [.. project.Expressions.Select(change)], project.Names),
            Values values => new Values(values.Schema, [.. values.Rows.Select(r => r.Select(change).ToImmutableArray())]),
            Join join => join.Over(inputs[0], inputs[1], join.LeftKeys, join.RightKeys, join.Residual is null ? null : change(join.Residual)),
            SemiJoin semi => semi.Over(inputs[0], inputs[1], semi.LeftKeys, semi.RightKeys, semi.Residual is null ? null : change(semi.Residual)),
            _ => Optimizer.WithInputs(node, inputs),
        };
    }

    private static bool ReadsOuter(PlanNode node) => node.OwnExpressions.Any(e => e.Parts().Any(p => p is BoundOuter)) || node.Inputs.Any(ReadsOuter);

    /// <summary>Null where something lies between that a condition cannot pass.</summary>
    private static Uncorrelated? PullUp(PlanNode node)
    {
        if (!IsCorrelated(node)) return Uncorrelated.Of(node);
        switch (node)
        {
            case Filter filter when PullUp(filter.Inputs[0]) is { } below:
                {
                    var parts = BoundLogical.Conjuncts(below.OverOutputs(filter.Condition)).ToList();
                    if (below.HasOneRow) return below with { After = [.. below.After, .. parts] };
                    var here = BoundLogical.All(parts.Where(p => !BoundOuter.IsIn(p)));
                    return below with { Node = here is null ? below.Node : new Filter(below.Node, here), Conditions = [.. below.Conditions, .. parts.Where(BoundOuter.IsIn)] };
                }

            case Project project when PullUp(project.Inputs[0]) is { } below:
                return below with { Outputs = [.. project.Expressions.Select(below.OverOutputs)] };
            case Values { Rows.Length: 1 } values:
                return new Uncorrelated(new Values(new Freshet.Columns.Schema([]), [[]]), values.Rows[0], [], [], false);
            case Aggregate aggregate when PullUp(aggregate.Inputs[0]) is { HasOneRow: false } below:
                return Grouped(aggregate, below);
            case SemiJoin semi when !IsCorrelated(semi.Inputs[1]) && PullUp(semi.Inputs[0]) is { HasOneRow: false } below:
                return Matched(semi, below);
            case Join join when join.Type is JoinType.Inner or JoinType.Left && join.LeftKeys.IsEmpty && PullUp(join.Inputs[0]) is { HasOneRow: false } left && PullUp(join.Inputs[1]) is { HasOneRow: false } right:
                return Joined(join, left, right);
            default:
                return null;
        }
    }

    private static Uncorrelated? Joined(Join join, Uncorrelated left, Uncorrelated right)
    {
        var isLeft = join.Type == JoinType.Left;
        if (isLeft && (IsCorrelated(join.Inputs[1]) || (join.Residual is not null && BoundOuter.IsIn(join.Residual)))) return null;
        var width = left.Node.Schema.Count;
        var outputs = left.Outputs.AddRange(right.Outputs.Select(o => o.Shift(c => c + width)));
        var parts = BoundLogical.Conjuncts(join.Residual).Select(p => p.Rewrite(e => e is BoundColumn column ? outputs[column.Index] : e)).ToList();
        if (isLeft && parts.Any(BoundOuter.IsIn)) return null;
        var node = new Join(left.Node, right.Node, join.Type, [], [], BoundLogical.All(parts.Where(p => !BoundOuter.IsIn(p))), []);
        var conditions = left.Conditions.AddRange(right.Conditions.Select(c => c.Shift(i => i + width))).AddRange(parts.Where(BoundOuter.IsIn));
        // The columns have the types of the join: an outer one may add NULLs.
        return new Uncorrelated(node, [.. outputs.Select(o => o is BoundColumn column ? new BoundColumn(column.Index, node.Schema[column.Index], column.Span) : o)], conditions, [], false);
    }

    private static Uncorrelated? Matched(SemiJoin semi, Uncorrelated below)
    {
        var (from, width) = (semi.Inputs[0].Schema.Count, below.Node.Schema.Count);
        var residual = semi.Residual?.Rewrite(e => e is not BoundColumn column ? e : column.Index < from ? below.Outputs[column.Index] : new BoundColumn(column.Index - from + width, column.Type, column.Span));
        if (residual is not null && BoundOuter.IsIn(residual)) return null;
        var node = semi.Over(below.Node, semi.Inputs[1], [], [], residual);
        return semi.Type == SemiJoinType.Mark ? below with { Node = node, Outputs = below.Outputs.Add(new BoundColumn(width, node.Schema[width])) } : below with { Node = node };
    }

    /// <summary>An equality of an outer column and one of the rows makes the latter a further key of the grouping.</summary>
    private static Uncorrelated? Grouped(Aggregate aggregate, Uncorrelated below)
    {
        var used = aggregate.Keys.Concat(aggregate.Calls.SelectMany(c => c.Arguments.Add(c.Filter))).Where(c => c >= 0);
        if (used.Any(c => BoundOuter.IsIn(below.Outputs[c]))) return null;
        var outer = new List<BoundExpression>();
        var inner = new List<BoundExpression>();
        foreach (var condition in below.Conditions)
        {
            if (condition is not BoundCall { Name: "=" } equality) return null;
            var side = Enumerable.Range(0, 2).FirstOrDefault(i => BoundOuter.IsIn(equality.Children[i]) && !equality.Children[i].Columns().Any(), -1);
            if (side < 0 || BoundOuter.IsIn(equality.Children[1 - side])) return null;
            outer.Add(condition);
            inner.Add(equality.Children[1 - side]);
        }

        var width = below.Outputs.Length;
        // Outputs that read the outer row are not used here; a literal keeps their place.
        var columns = below.Outputs.Select(o => BoundOuter.IsIn(o) ? new BoundLiteral(SqlType.Boolean, default, null) : o).Concat(inner).ToImmutableArray();
        var input = new Project(below.Node, columns, [.. aggregate.Inputs[0].Schema.Fields.Select(f => f.Name), .. inner.Select((_, i) => $"outer${i}")]);
        var keys = aggregate.Keys.AddRange(Enumerable.Range(width, inner.Count));
        var node = new Aggregate(input, keys, aggregate.Calls);
        var conditions = outer.Select((condition, i) => condition.With([.. condition.Children.Select(c => BoundOuter.IsIn(c) ? c : new BoundColumn(aggregate.Keys.Length + i, c.Type, c.Span))]));
        var isGlobal = aggregate.Keys.IsEmpty;
        return new Uncorrelated(node, Outputs(aggregate, node, inner.Count), [.. conditions], [], isGlobal);
    }

    /// <summary>The columns of a grouping in one that has further keys behind its own; a count over no row is 0 where there are no keys.</summary>
    internal static ImmutableArray<BoundExpression> Outputs(Aggregate aggregate, PlanNode grouped, int furtherKeys) =>
    [
        .. Enumerable.Range(0, aggregate.Schema.Count).Select(i =>
        {
            if (i < aggregate.Keys.Length) return new BoundColumn(i, grouped.Schema[i]);
            var column = new BoundColumn(i + furtherKeys, grouped.Schema[i + furtherKeys].WithNullable(aggregate.Keys.IsEmpty || aggregate.Schema[i].IsNullable));
            return !aggregate.Keys.IsEmpty || aggregate.Calls[i - aggregate.Keys.Length].Kind is not (AggregateKind.Count or AggregateKind.SumZero)
                ? (BoundExpression)column
                : new BoundCoalesce([column, new BoundLiteral(aggregate.Schema[i], default, 0)], aggregate.Schema[i], default);
        }),
    ];
}
