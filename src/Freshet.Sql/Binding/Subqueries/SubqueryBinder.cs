using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding.Subqueries;

/// <summary>
/// Subqueries in expressions. A condition of WHERE or HAVING that is EXISTS, IN or a quantified comparison by itself keeps or drops
/// rows (semi and anti joins); elsewhere it is a value (mark joins). A scalar subquery is a column of an outer join with its one row.
/// </summary>
internal sealed class SubqueryBinder(ExpressionBinder binder, SubqueryHost host)
{
    /// <summary>The value of a subquery; null for an expression that is none.</summary>
    public BoundExpression? TryBind(Expression expression)
    {
        if (expression is ScalarQuery scalar) return Scalar(scalar);
        if (expression is Unary || Membership.Of(expression) is not { } membership) return null;
        var (operands, query) = Bound(membership);
        return host.Add(SqlType.Boolean, membership.Span, node => Marked(node, membership, [.. operands.Select(host.Placed)], query));
    }

    /// <summary>The rows on which a condition of WHERE or HAVING is TRUE.</summary>
    public PlanNode Restrict(PlanNode node, Expression condition, string what)
    {
        if (Membership.Of(condition) is not { } membership)
        {
            var bound = binder.Coerce.Boolean(binder.Bind(condition), what);
            node = host.Attach(node);
            return new Filter(node, host.Placed(bound));
        }

        var (operands, query) = Bound(membership);
        node = host.Attach(node);
        return Kept(node, membership, [.. operands.Select(host.Placed)], query);
    }

    private (ImmutableArray<BoundExpression> Operands, PlanNode Query) Bound(Membership membership)
    {
        var operands = membership.Operands.Select(binder.Bind).ToImmutableArray();
        var query = host.Bind(membership.Query, binder);
        if (operands.Length > 0 && query.Schema.Count != operands.Length)
            throw binder.Error(membership.Query.Span, $"The subquery gives {query.Schema.Count} columns where {operands.Length} {(operands.Length == 1 ? "is" : "are")} compared.");
        // Comparable or not is said here, where the place is known, and not when the subquery is joined.
        membership.Compare(binder, operands, Uncorrelated.Of(query).Outputs);
        return (operands, query);
    }

    private PlanNode Kept(PlanNode node, Membership membership, ImmutableArray<BoundExpression> operands, PlanNode query)
    {
        var u = Decorrelation.Of(query, node, reason => Refuse(membership.Span, reason));
        if (u.HasOneRow)
        {
            var (joined, value) = OfOneRow(node, u, membership, operands);
            return new Filter(joined, membership.IsNegated ? Not(value, membership.Span) : value);
        }

        var (conditions, compare, columns) = Conditions(node, u, membership, operands);
        if (!membership.IsNegated) return Matched(node, u.Node, SemiJoinType.Semi, conditions, compare);
        // NOT IN is TRUE where no row compares as TRUE and none as NULL: one anti join for each way in which that can come about.
        PlanNode kept = Matched(node, u.Node, SemiJoinType.Anti, conditions, compare);
        foreach (var unknown in Unknown(compare, operands, columns))
        {
            var (rows, further) = Once(u.Node, conditions, unknown, node.Schema.Count);
            kept = Matched(kept, rows, SemiJoinType.Anti, conditions, further);
        }

        return kept;
    }

    private (PlanNode Node, BoundExpression Value) Marked(PlanNode node, Membership membership, ImmutableArray<BoundExpression> operands, PlanNode query)
    {
        var u = Decorrelation.Of(query, node, reason => Refuse(membership.Span, reason));
        BoundExpression value;
        if (u.HasOneRow)
        {
            (node, value) = OfOneRow(node, u, membership, operands);
        }
        else
        {
            var (conditions, compare, columns) = Conditions(node, u, membership, operands);
            var unknowns = Unknown(compare, operands, columns).ToList();
            // What is said of the right columns holds behind each mark that is added.
            var width = node.Schema.Count;
            (node, var isTrue) = Mark(node, u.Node, conditions, compare, width);
            var isUnknown = new List<BoundExpression>();
            foreach (var unknown in unknowns)
            {
                var (rows, further) = Once(u.Node, conditions, unknown, width);
                (node, var mark) = Mark(node, rows, conditions, further, width);
                isUnknown.Add(mark);
            }

            value = isUnknown.Count == 0
                ? isTrue
                : new BoundCase([isTrue, isUnknown.Aggregate((a, b) => new BoundLogical(false, a, b, membership.Span))], [Truth(true), new BoundLiteral(SqlType.Boolean, membership.Span, null)], Truth(false), SqlType.Boolean, membership.Span);
        }

        return (node, membership.IsNegated ? Not(value, membership.Span) : value);
    }

    /// <summary>What ties a row of the subquery to one of the query around it, and the comparison, both over the columns of both.</summary>
    private (ImmutableArray<BoundExpression> Conditions, BoundExpression? Compare, ImmutableArray<BoundExpression> Columns) Conditions(PlanNode node, Uncorrelated u, Membership membership, ImmutableArray<BoundExpression> operands)
    {
        var width = node.Schema.Count;
        ImmutableArray<BoundExpression> columns = [.. u.Outputs.Select(o => Uncorrelated.Tied(o, width))];
        return ([.. u.Conditions.Select(c => Uncorrelated.Tied(c, width))], operands.IsEmpty ? null : membership.Compare(binder, operands, columns), columns);
    }

    /// <summary>The conditions, one of which holds for a row on which the comparison is NULL.</summary>
    private static IEnumerable<BoundExpression> Unknown(BoundExpression? compare, ImmutableArray<BoundExpression> operands, ImmutableArray<BoundExpression> columns)
    {
        if (compare is null || !compare.Type.IsNullable) yield break;
        if (operands.Length > 1)
        {
            yield return IsNull(compare);
            yield break;
        }

        if (columns[0].Type.IsNullable) yield return IsNull(columns[0]);
        if (operands[0].Type.IsNullable) yield return IsNull(operands[0]);
    }

    /// <summary>
    /// A condition on one side alone, without a key, asks only whether the subquery has any such row: it becomes one row, so that only
    /// the first and the last of them are paired with all rows of the other side.
    /// </summary>
    private static (PlanNode Query, BoundExpression? Further) Once(PlanNode query, ImmutableArray<BoundExpression> conditions, BoundExpression unknown, int width)
    {
        var isRight = unknown.Columns().All(c => c >= width);
        if (!conditions.IsEmpty || (!isRight && unknown.Columns().Any(c => c >= width))) return (query, unknown);
        var rows = isRight ? new Filter(query, unknown.Shift(c => c - width)) : query;
        return (new Aggregate(new Project(rows, [Truth(true)], ["any$"]), [0], []), isRight ? null : unknown);
    }

    private static SemiJoin Matched(PlanNode node, PlanNode query, SemiJoinType type, ImmutableArray<BoundExpression> conditions, BoundExpression? further)
    {
        ImmutableArray<BoundExpression> all = further is null ? conditions : conditions.Add(further);
        return new SemiJoin(node, query, type, [], [], BoundLogical.All(all), []);
    }

    private static (PlanNode Node, BoundExpression Mark) Mark(PlanNode node, PlanNode query, ImmutableArray<BoundExpression> conditions, BoundExpression? further, int width)
    {
        var by = node.Schema.Count - width;
        BoundExpression Behind(BoundExpression e) => e.Shift(c => c < width ? c : c + by);
        var marked = Matched(node, query, SemiJoinType.Mark, [.. conditions.Select(Behind)], further is null ? null : Behind(further));
        return (marked, new BoundColumn(marked.Schema.Count - 1, SqlType.Boolean.NotNull));
    }

    /// <summary>The membership in a subquery that has one row for each outer row, unless a condition takes it away.</summary>
    private (PlanNode Node, BoundExpression Value) OfOneRow(PlanNode node, Uncorrelated u, Membership membership, ImmutableArray<BoundExpression> operands)
    {
        var (joined, outputs, after) = WithOneRow(node, u);
        var value = operands.IsEmpty ? Truth(true) : membership.Compare(binder, operands, outputs)!;
        return (joined, after is null ? value : new BoundCase([after], [value], Truth(false), SqlType.Boolean, membership.Span));
    }

    private BoundColumn Scalar(ScalarQuery scalar)
    {
        var query = host.Bind(scalar.Query, binder);
        if (query.Schema.Count != 1) throw binder.Error(scalar.Span, $"A subquery that is a value gives one column, this one gives {query.Schema.Count}.");
        if (!query.HasAtMostOneRow)
        {
            var type = query.Schema[0].WithNullable(true);
            query = new Aggregate(query, [], [new PlanAggregate(query.Schema.Fields[0].Name, AggregateKind.Single, [0], -1, false, type)]);
        }

        return host.Add(query.Schema[0].WithNullable(true), scalar.Span, node =>
        {
            var (joined, outputs, after) = WithOneRow(node, Decorrelation.Of(query, node, reason => Refuse(scalar.Span, reason)));
            return (joined, after is null ? outputs[0] : new BoundCase([after], [outputs[0]], new BoundLiteral(outputs[0].Type.WithNullable(true), scalar.Span, null), outputs[0].Type.WithNullable(true), scalar.Span));
        });
    }

    /// <summary>The rows with a subquery's one row behind each; its columns, and the condition under which it is there at all.</summary>
    private static (PlanNode Node, ImmutableArray<BoundExpression> Outputs, BoundExpression? After) WithOneRow(PlanNode node, Uncorrelated u)
    {
        var width = node.Schema.Count;
        // What is computed from the row must be NULL where there is none.
        var isGuarded = !u.HasOneRow && u.Outputs.Any(o => o is not BoundColumn);
        if (isGuarded) u = u.WithMarker();
        var joined = new Join(node, u.Node, JoinType.Left, [], [], BoundLogical.All(u.Conditions.Select(c => Uncorrelated.Tied(c, width))), []);
        var found = isGuarded ? IsNotNull(new BoundColumn(joined.Schema.Count - 1, joined.Schema[^1])) : null;
        var after = BoundLogical.All(u.After.Select(a => Uncorrelated.Tied(a, width, true)));
        ImmutableArray<BoundExpression> outputs = [.. u.Outputs.Select(o => Uncorrelated.Tied(o, width, true))];
        if (found is not null) outputs = [.. outputs.Select(o => o is BoundColumn ? o : new BoundCase([found], [o], new BoundLiteral(o.Type.WithNullable(true), o.Span, null), o.Type.WithNullable(true), o.Span))];
        return (joined, outputs, after);
    }

    private SqlException Refuse(TextSpan span, string reason) => binder.Error(span, $"This subquery is not supported: {reason}. Write it as a join.");

    private static BoundLiteral Truth(bool value) => new(SqlType.Boolean.NotNull, default, value ? 1 : 0);

    private static BoundCall Not(BoundExpression e, TextSpan span) => ExpressionBinder.Call("NOT", LogicKernel.Not, [e], SqlType.Boolean, span);

    private static BoundCall IsNull(BoundExpression e) => ExpressionBinder.Call("IS NULL", LogicKernel.IsNull, [e], SqlType.Boolean.NotNull, e.Span);

    internal static BoundCall IsNotNull(BoundExpression e) => ExpressionBinder.Call("IS NOT NULL", LogicKernel.IsNotNull, [e], SqlType.Boolean.NotNull, e.Span);
}
