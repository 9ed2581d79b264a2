using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Plan.Rules;

/// <summary>
/// What reads no column, no clock and no time zone is computed when the plan is made, by the kernels that would compute it for
/// the rows. A constant that fails is left where it is: it is an error of the rows that reach it.
/// </summary>
internal static class FoldConstants
{
    public static PlanNode Apply(PlanNode node) => node switch
    {
        Filter filter => Filtered(filter, Fold(filter.Condition)),
        Project project => Projected(project),
        Join { Residual: { } residual } join when Fold(residual) is var folded && folded != residual => join.Over(join.Inputs[0], join.Inputs[1], join.LeftKeys, join.RightKeys, Needed(folded)),
        SemiJoin { Residual: { } residual } semi when Fold(residual) is var folded && folded != residual => semi.Over(semi.Inputs[0], semi.Inputs[1], semi.LeftKeys, semi.RightKeys, Needed(folded)),
        _ => node,
    };

    /// <summary>The condition; null where it is TRUE.</summary>
    private static BoundExpression? Needed(BoundExpression condition) => condition is BoundLiteral { IsNull: false } literal && literal.Integer != 0 ? null : condition;

    /// <summary>Whether the value is known when the plan is made.</summary>
    public static bool IsConstant(BoundExpression expression) => Fold(expression) is BoundLiteral;

    /// <summary>Whether the value is known when the plan is made, and NULL.</summary>
    public static bool IsNull(BoundExpression expression) => Fold(expression) is BoundLiteral { IsNull: true };

    /// <summary>Whether the value is known when the plan is made, and zero.</summary>
    public static bool IsZero(BoundExpression expression) =>
        Fold(expression) is BoundLiteral { IsNull: false } literal && literal.Type.IsNumeric
        && (literal.Type.Kind == TypeKind.Double ? BitConverter.Int64BitsToDouble((long)literal.Bits) == 0 : literal.Type.Kind == TypeKind.Float ? BitConverter.Int32BitsToSingle((int)literal.Bits) == 0 : literal.Bits == 0);

    private static PlanNode Filtered(Filter filter, BoundExpression condition)
    {
        if (Needed(condition) is null) return filter.Inputs[0];
        return condition == filter.Condition ? filter : new Filter(filter.Inputs[0], condition);
    }

    private static Project Projected(Project project)
    {
        var expressions = project.Expressions.Select(Fold).ToArray();
        return expressions.SequenceEqual(project.Expressions) ? project : new Project(project.Inputs[0], [.. expressions], project.Names);
    }

    /// <summary>The expression with its constant parts computed.</summary>
    public static BoundExpression Fold(BoundExpression expression) => expression.Rewrite(Reduce);

    private static BoundExpression Reduce(BoundExpression expression)
    {
        if (expression is BoundLogical logical) return Decided(logical);
        return expression is BoundCall or BoundCast or BoundCase or BoundCoalesce && expression.Children.All(c => c is BoundLiteral) && !IsOfSession(expression) ? Value(expression) : expression;
    }

    /// <summary>TRUE AND x is x, FALSE AND x is FALSE; OR likewise.</summary>
    private static BoundExpression Decided(BoundLogical logical)
    {
        for (var side = 0; side < 2; side++)
        {
            if (logical.Children[side] is not BoundLiteral { IsNull: false } literal) continue;
            if (literal.Integer != 0 == logical.IsAnd) return logical.Children[1 - side];
            // The side that does not decide may fail on a row; then the row is an error, as it is without this rule.
            if (side == 0 || !logical.Children[0].CanFail) return literal;
        }

        return logical;
    }

    /// <summary>Whether the value depends on the step's clock or the session's time zone.</summary>
    private static bool IsOfSession(BoundExpression expression) =>
        expression is BoundCall call && (ClockCall.Is(call) || call.Name is ProcessingTime.Name or "FROM_UNIXTIME" or "UNIX_TIMESTAMP")
        || HasZone(expression.Type)
        || expression.Children.Any(c => HasZone(c.Type));

    private static bool HasZone(SqlType type) => type.Kind == TypeKind.TimestampLtz || type.Fields.Any(f => HasZone(f.Type));

    private static unsafe BoundExpression Value(BoundExpression expression)
    {
        var memory = BatchMemory.Create();
        try
        {
            var context = new EvaluationContext();
            context.Begin(new Batch(memory, [], 1), memory);
            var column = expression.Lower().Evaluate(context);
            if (context.Errors.Count > 0) return expression;
            var type = expression.Type;
            if (column.IsNull(0)) return new BoundLiteral(type.WithNullable(true), expression.Span, null);
            return type.Physical switch
            {
                PhysicalKind.View => new BoundLiteral(type, expression.Span, StringView.Span(column.As<StringView>()).ToArray()),
                PhysicalKind.Bool => new BoundLiteral(type, expression.Span, *column.As<byte>()),
                PhysicalKind.Int8 => new BoundLiteral(type, expression.Span, *column.As<sbyte>()),
                PhysicalKind.Int16 => new BoundLiteral(type, expression.Span, *column.As<short>()),
                PhysicalKind.Int32 => new BoundLiteral(type, expression.Span, *column.As<int>()),
                PhysicalKind.Int64 => new BoundLiteral(type, expression.Span, *column.As<long>()),
                PhysicalKind.Int128 => new BoundLiteral(type, expression.Span, *column.As<Int128>()),
                PhysicalKind.Float32 => new BoundLiteral(type, expression.Span, *column.As<uint>()),
                _ => new BoundLiteral(type, expression.Span, (Int128)(UInt128)(*column.As<ulong>())),
            };
        }
        finally
        {
            memory.Release();
        }
    }
}
