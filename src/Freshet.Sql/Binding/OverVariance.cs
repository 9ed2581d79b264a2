using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// Variances and deviations of whole numbers with OVER: (q - s * s / n) / n of the sum of squares q, the sum s and the count n, all of it in
/// whole numbers, as Flink computes them there. With GROUP BY they are computed exactly, and cut at the end.
/// </summary>
internal static class OverVariance
{
    private static readonly ImmutableArray<string> Names = ["VAR_POP", "VAR_SAMP", "VARIANCE", "STDDEV_POP", "STDDEV_SAMP", "STDDEV"];

    /// <summary>The call as an expression of sums and counts over the same window; null where it is another call, or not of whole numbers.</summary>
    public static Expression? Of(OverCall over, ExpressionBinder binder)
    {
        if (over.Function is not Call { IsDistinct: false, Arguments: [var argument] } call || !Names.Contains(call.Function) || argument is Star) return null;
        var type = binder.Bind(argument).Type;
        if (!type.IsInteger) return null;
        var span = over.Span;
        Expression Over(string function, Expression value) => over with { Function = call with { Function = function, Arguments = [value] } };
        var count = Over("COUNT", argument);
        var sum = Over("SUM", argument);
        var mean = new Binary("/", new Binary("*", sum, sum, span), NotZero(count, span), span);
        var spread = new Binary("-", Over("SUM", new Binary("*", argument, argument, span)), mean, span);
        var isPopulation = call.Function.EndsWith("_POP", StringComparison.Ordinal);
        var variance = new Binary("/", spread, NotZero(isPopulation ? count : new Binary("-", count, new Literal(LiteralKind.Integer, "1", span), span), span), span);
        var result = call.Function.StartsWith("STDDEV", StringComparison.Ordinal) ? Called("SQRT", span, new Cast(variance, SqlType.Double, false, span)) : (Expression)variance;
        return new Cast(result, type.WithNullable(true), false, span);
    }

    private static Call NotZero(Expression value, TextSpan span) => Called("NULLIF", span, value, new Literal(LiteralKind.Integer, "0", span));

    private static Call Called(string function, TextSpan span, params ReadOnlySpan<Expression> arguments) =>
        new(function, [.. arguments], false, null, ImmutableDictionary<string, object>.Empty, span);
}
