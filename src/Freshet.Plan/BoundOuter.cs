using System.Collections.Immutable;
using System.Globalization;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Syntax.Text;

namespace Freshet.Plan;

/// <summary>
/// A column of a query around the one that reads it. It is there while a query is bound only: when a subquery is joined to the
/// query around it, such columns become columns of the join.
/// </summary>
/// <param name="depth">How many queries out: 1 is the one right around; 0, within a subquery that is being joined, is that one too.</param>
public sealed class BoundOuter(int depth, int index, SqlType type, TextSpan span) : BoundExpression(type, span)
{
    public int Depth { get; } = depth;

    public int Index { get; } = index;

    public override BoundExpression With(ImmutableArray<BoundExpression> children) => this;

    public override VectorExpression Lower() => throw new InvalidOperationException($"The outer column {this} is left in a plan.");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"^{Depth}.{Index}");

    /// <summary>The same expression, read from so many queries further in.</summary>
    public static BoundExpression Deeper(BoundExpression expression, int by) =>
        expression.Rewrite(e => e is BoundOuter outer ? new BoundOuter(outer.Depth + by, outer.Index, outer.Type, outer.Span) : e);

    /// <summary>Whether an expression reads a column of the query that a subquery is being joined to.</summary>
    public static bool IsIn(BoundExpression expression) => expression.Parts().Any(p => p is BoundOuter { Depth: 0 });
}
