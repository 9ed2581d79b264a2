using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding.Subqueries;

/// <summary>LATERAL (SELECT ...): a query that reads the columns of the tables on its left, joined to their rows.</summary>
internal sealed class LateralBinder(SourceText source, QueryBinder queries)
{
    public (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) Bind(JoinTable join, QueryTable lateral, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) left)
    {
        if (join.Kind is JoinKind.Right or JoinKind.Full) throw new SqlException(source, join.Span, "LATERAL is joined by CROSS JOIN, JOIN or LEFT JOIN.");
        var outer = new ExpressionBinder(source, new Scope(source, left.Columns, queries.Rules.Functions)) { Outer = queries.Outer };
        var query = queries.Within(outer).Bind(lateral.Query);
        if (lateral.Alias is { Columns.IsEmpty: false } alias) query = queries.Renamed(query, alias.Columns, alias.Span);
        var u = Decorrelation.Of(query, left.Node, reason => new SqlException(source, lateral.Span, $"This LATERAL query is not supported: {reason}. Write it as a join."));
        var isLeft = join.Kind == JoinKind.Left;
        var condition = Condition(join, lateral, left.Columns, query);
        var node = isLeft ? Left(left.Node, u, query, condition) : Inner(left.Node, u, query, condition);
        var width = left.Node.Schema.Count;
        return (node, [.. left.Columns, .. query.Schema.Fields.Select((f, i) => new ScopeColumn(lateral.Alias?.Name, f.Name, node.Schema[width + i], width + i))]);
    }

    /// <summary>The condition over the left columns, then the query's; null for none.</summary>
    private BoundExpression? Condition(JoinTable join, QueryTable lateral, IReadOnlyList<ScopeColumn> left, PlanNode query)
    {
        if (join.Condition is null or Literal { Kind: LiteralKind.Boolean, Text: "TRUE" }) return null;
        var width = left.Count == 0 ? 0 : left.Max(c => c.Index) + 1;
        var scope = new Scope(source, [.. left, .. query.Schema.Fields.Select((f, i) => new ScopeColumn(lateral.Alias?.Name, f.Name, f.Type, width + i))], queries.Rules.Functions);
        var binder = new ExpressionBinder(source, scope) { Outer = queries.Outer };
        var bound = binder.Coerce.Boolean(binder.Bind(join.Condition), "ON");
        // The query's columns are counted from its own first one here, and those of the left side are outer ones.
        return bound.Rewrite(e => e is not BoundColumn column ? e : column.Index < width ? new BoundOuter(0, column.Index, column.Type, column.Span) : new BoundColumn(column.Index - width, column.Type, column.Span));
    }

    private static Project Inner(PlanNode left, Uncorrelated u, PlanNode query, BoundExpression? condition)
    {
        var width = left.Schema.Count;
        var conditions = BoundLogical.All(u.Conditions.Select(c => Uncorrelated.Tied(c, width)));
        PlanNode joined = new Join(left, u.Node, u.HasOneRow ? JoinType.Left : JoinType.Inner, [], [], conditions, []);
        var further = BoundLogical.Conjuncts(condition).Select(u.OverOutputs).Concat(u.After).Select(c => Uncorrelated.Tied(c, width, u.HasOneRow));
        if (BoundLogical.All(further) is { } filter) joined = new Filter(joined, filter);
        return Columns(joined, width, query, u.Outputs.Select(o => Uncorrelated.Tied(o, width, u.HasOneRow)));
    }

    /// <summary>Every left row, with NULLs where the query has no row for it.</summary>
    private static Project Left(PlanNode left, Uncorrelated u, PlanNode query, BoundExpression? condition)
    {
        var width = left.Schema.Count;
        if (u.HasOneRow)
        {
            var one = new Join(left, u.Node, JoinType.Left, [], [], BoundLogical.All(u.Conditions.Select(c => Uncorrelated.Tied(c, width))), []);
            var isThere = BoundLogical.All(BoundLogical.Conjuncts(condition).Select(u.OverOutputs).Concat(u.After).Select(c => Uncorrelated.Tied(c, width, true)));
            return Columns(one, width, query, u.Outputs.Select(o => Uncorrelated.Tied(o, width, true)).Select(o => isThere is null ? o : OrNull(isThere, o)));
        }

        var plain = u.Outputs.All(o => o is BoundColumn);
        if (!plain) u = u.WithMarker();
        var all = u.Conditions.Concat(BoundLogical.Conjuncts(condition).Select(u.OverOutputs)).Select(c => Uncorrelated.Tied(c, width));
        var joined = new Join(left, u.Node, JoinType.Left, [], [], BoundLogical.All(all), []);
        var found = plain ? null : SubqueryBinder.IsNotNull(new BoundColumn(joined.Schema.Count - 1, joined.Schema[joined.Schema.Count - 1]));
        return Columns(joined, width, query, u.Outputs.Select(o => Uncorrelated.Tied(o, width, true)).Select(o => found is null || o is BoundColumn ? o : OrNull(found, o)));
    }

    private static BoundCase OrNull(BoundExpression condition, BoundExpression value)
    {
        var type = value.Type.WithNullable(true);
        return new BoundCase([condition], [value], new BoundLiteral(type, value.Span, null), type, value.Span);
    }

    private static Project Columns(PlanNode joined, int width, PlanNode query, IEnumerable<BoundExpression> outputs) => new(
        joined,
        [.. Enumerable.Range(0, width).Select(c => new BoundColumn(c, joined.Schema[c])), .. outputs],
        [.. Enumerable.Range(0, width).Select(c => joined.Schema.Fields[c].Name), .. query.Schema.Fields.Select(f => f.Name)]);
}
