using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Plan;

namespace Freshet.Sql.Binding.Subqueries;

/// <summary>
/// A subquery whose rows are computed without the query around it, and what ties them to a row of that one. In the expressions
/// columns are those of <paramref name="Node"/>, outer columns of depth 0 those of the outer row.
/// </summary>
/// <param name="Outputs">The subquery's columns.</param>
/// <param name="Conditions">A row belongs to an outer row when all of them are TRUE.</param>
/// <param name="After">Conditions over the outer row and its one row, where <paramref name="HasOneRow"/>.</param>
/// <param name="HasOneRow">
/// Each outer row has exactly one row before <paramref name="After"/>: where none satisfies the conditions the columns of
/// <paramref name="Node"/> are NULL, and <paramref name="Outputs"/> are right for that.
/// </param>
internal sealed record Uncorrelated(PlanNode Node, ImmutableArray<BoundExpression> Outputs, ImmutableArray<BoundExpression> Conditions, ImmutableArray<BoundExpression> After, bool HasOneRow)
{
    public static Uncorrelated Of(PlanNode node) =>
        new(node, [.. node.Schema.Fields.Select((f, i) => new BoundColumn(i, f.Type))], [], [], false);

    /// <summary>An expression over this subquery's columns in terms of its outputs.</summary>
    public BoundExpression OverOutputs(BoundExpression expression) => expression.Rewrite(e => e is BoundColumn column ? Outputs[column.Index] : e);

    /// <summary>The same rows with a last column that is TRUE, so that NULL there says that an outer join has found none.</summary>
    public Uncorrelated WithMarker() => this with
    {
        Node = new Project(
            Node,
            [.. Node.Schema.Fields.Select((f, i) => (BoundExpression)new BoundColumn(i, f.Type)), new BoundLiteral(SqlType.Boolean.NotNull, default, 1)],
            [.. Node.Schema.Fields.Select(f => f.Name), "found$"]),
    };

    /// <summary>An expression over the rows of a join: the outer columns, then those of <see cref="Node"/>.</summary>
    /// <param name="width">How many outer columns there are.</param>
    /// <param name="isNullable">The join adds NULLs.</param>
    public static BoundExpression Tied(BoundExpression expression, int width, bool isNullable = false) => expression.Rewrite(e => e switch
    {
        BoundColumn column => new BoundColumn(column.Index + width, column.Type.WithNullable(isNullable || column.Type.IsNullable), column.Span),
        BoundOuter { Depth: 0 } outer => new BoundColumn(outer.Index, outer.Type, outer.Span),
        _ => e,
    });
}
