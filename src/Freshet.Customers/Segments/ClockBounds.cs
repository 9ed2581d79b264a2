using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Syntax.Printing;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Segments;

/// <summary>
/// Where the clock turns a comparison: <c>added &lt; NOW() - INTERVAL '30' MINUTE</c> turns at <c>added + INTERVAL '30' MINUTE</c>. These are the
/// shapes that kept views take.
/// </summary>
internal static class ClockBounds
{
    /// <summary>The moments as expressions of type TIMESTAMP_LTZ(3).</summary>
    public static ImmutableArray<Expression> Of(Expression condition) => condition switch
    {
        Binary { Operator: "=" or "<" or "<=" or ">" or ">=" } compared when ReadsClock(compared.Right) && !ReadsClock(compared.Left) => Solve(compared.Left, compared.Right),
        Binary { Operator: "=" or "<" or "<=" or ">" or ">=" } compared when ReadsClock(compared.Left) && !ReadsClock(compared.Right) => Solve(compared.Right, compared.Left),
        Between { IsSymmetric: false } between => [.. new[] { between.Low, between.High }.SelectMany(bound =>
            ReadsClock(bound) && !ReadsClock(between.Operand) ? Solve(between.Operand, bound)
            : ReadsClock(between.Operand) && !ReadsClock(bound) ? Solve(bound, between.Operand) : [])],
        _ => [],
    };

    /// <summary>The clock in time = clock +- lengths.</summary>
    private static ImmutableArray<Expression> Solve(Expression time, Expression clock)
    {
        while (true)
        {
            switch (clock)
            {
                case Binary { Operator: "+" or "-" } sum when !ReadsClock(sum.Right):
                    time = new Binary(sum.Operator == "+" ? "-" : "+", time, sum.Right, default);
                    clock = sum.Left;
                    break;
                case Binary { Operator: "+" } sum when !ReadsClock(sum.Left):
                    time = new Binary("-", time, sum.Left, default);
                    clock = sum.Right;
                    break;
                case Cast cast:
                    clock = cast.Operand;
                    break;
                case Call or Name:
                    return [new Cast(time, SqlType.TimestampLtz(3), false, default)];
                default:
                    return [];
            }
        }
    }

    private static bool ReadsClock(Expression expression) => ClockText.IsIn(SqlPrinter.Print(expression));
}
