using System.Collections.Immutable;
using Freshet.Plan;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding.Subqueries;

/// <summary>
/// A question whether a query has a row that compares so with some operands: EXISTS (no operands), IN, = ANY and the like. ALL is
/// the negation of the opposite comparison with ANY.
/// </summary>
/// <param name="Operator">Between each operand and the query's column of the same number.</param>
internal sealed record Membership(ImmutableArray<Expression> Operands, string Operator, Query Query, bool IsNegated, TextSpan Span)
{
    private static readonly Dictionary<string, string> Opposite = new() { ["="] = "<>", ["<>"] = "=", ["<"] = ">=", [">="] = "<", [">"] = "<=", ["<="] = ">" };

    /// <summary>The question that an expression is; null for another expression.</summary>
    public static Membership? Of(Expression expression) => expression switch
    {
        Exists exists => new Membership([], "", exists.Query, false, exists.Span),
        InQuery inQuery => new Membership(OperandsOf(inQuery.Operand, inQuery.Query), "=", inQuery.Query, inQuery.IsNegated, inQuery.Span),
        Quantified { Query: { } query } quantified when quantified.Quantifier == "ALL" => new Membership(OperandsOf(quantified.Left, query), Opposite[quantified.Operator], query, true, quantified.Span),
        Quantified { Query: { } query } quantified => new Membership(OperandsOf(quantified.Left, query), quantified.Operator, query, false, quantified.Span),
        Unary { Operator: "NOT" } not when Of(not.Operand) is { } negated => negated with { IsNegated = !negated.IsNegated, Span = not.Span },
        _ => null,
    };

    /// <summary>(a, b) IN (SELECT x, y ...) compares one by one.</summary>
    private static ImmutableArray<Expression> OperandsOf(Expression operand, Query query) =>
        operand is Constructor { Kind: "ROW", Items.Length: > 1 } row && !(query.Body is SelectBody { Items: [{ Expression: not Star }] }) ? row.Items : [operand];

    /// <summary>The comparison with a query's columns; null where there is nothing to compare.</summary>
    public BoundExpression? Compare(ExpressionBinder binder, ImmutableArray<BoundExpression> operands, ImmutableArray<BoundExpression> columns) =>
        BoundLogical.All(operands.Zip(columns, (o, c) => binder.Compare(Operator, o, c, Span)));
}
