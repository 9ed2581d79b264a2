using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding.Subqueries;

/// <summary>
/// The subqueries of the expressions of one clause. Each is joined to the rows that the clause reads, behind their columns, when all
/// expressions are bound: until then its value is a column far to the right.
/// </summary>
internal sealed class SubqueryHost(QueryBinder queries)
{
    private const int FirstPlace = 1 << 20;
    private const int PlacesMax = 1 << 20;
    private readonly List<Func<PlanNode, (PlanNode Node, BoundExpression Value)>> _pending = [];
    private readonly List<BoundExpression> _values = [];

    /// <summary>Whether an expression holds a subquery.</summary>
    public static bool IsAskedIn(Expression expression) => ExpressionWalk.All(expression).Any(e => e is ScalarQuery or Exists or InQuery or Quantified { Query: not null });

    /// <summary>A subquery's plan; its outer columns are those of <paramref name="outer"/>.</summary>
    public PlanNode Bind(Query query, ExpressionBinder outer) => queries.Within(outer).Bind(query);

    /// <summary>The value of a subquery, as a column that <see cref="Placed"/> will replace.</summary>
    /// <param name="attach">Joins the subquery to the rows.</param>
    public BoundColumn Add(SqlType type, TextSpan span, Func<PlanNode, (PlanNode Node, BoundExpression Value)> attach)
    {
        _pending.Add(attach);
        return new BoundColumn(FirstPlace + _values.Count + _pending.Count - 1, type, span);
    }

    /// <summary>The rows with all subqueries joined that were added since the last call.</summary>
    public PlanNode Attach(PlanNode node)
    {
        foreach (var attach in _pending.ToList())
        {
            (node, var value) = attach(node);
            _values.Add(value);
            _pending.RemoveAt(0);
        }

        return node;
    }

    /// <summary>An expression over the rows with the subqueries joined.</summary>
    public BoundExpression Placed(BoundExpression expression) =>
        expression.Rewrite(e => e is BoundColumn { Index: >= FirstPlace and < FirstPlace + PlacesMax } column ? _values[column.Index - FirstPlace] : e);
}
