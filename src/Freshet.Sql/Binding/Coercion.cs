using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Plan;
using Freshet.Sql.Functions;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Sql.Binding;

/// <summary>Casts that the language makes by itself, and the errors where there is none.</summary>
internal sealed class Coercion(SourceText source)
{
    /// <summary>The expression as a type; itself when it has it.</summary>
    public BoundExpression To(BoundExpression expression, SqlType type, bool isTry = false)
    {
        if (expression.Type.EqualsIgnoringNullability(type)) return expression;
        var result = type.WithNullable(isTry || expression.Type.IsNullable);
        if (expression is BoundLiteral { IsNull: true }) return new BoundLiteral(type.WithNullable(true), expression.Span, null);
        if (CastKernel.Of(expression.Type, type, isTry) is null)
            throw new SqlException(source, expression.Span, $"A value of type {expression.Type.Name} cannot be cast to {type.Name}.{Hint(expression.Type, type)}");
        return new BoundCast(expression, result, isTry, expression.Span);
    }

    public SqlType Common(IEnumerable<BoundExpression> expressions, string what)
    {
        SqlType? common = null;
        foreach (var e in expressions)
        {
            common = common is null
                ? e.Type
                : TypeRules.Common(common, e.Type) ?? OfVariant(common, e.Type) ?? throw new SqlException(source, e.Span, $"The values of {what} have no common type: {common.Name} and {e.Type.Name}. Write a CAST.");
        }

        return common!;
    }

    /// <summary>As <see cref="Common"/>, but FLOAT and DOUBLE are DOUBLE whichever comes first: what Flink's functions do and its operators do not.</summary>
    public SqlType Widest(IReadOnlyCollection<BoundExpression> expressions, string what)
    {
        var common = Common(expressions, what);
        return common.Kind == TypeKind.Float && expressions.Any(e => e.Type.Kind == TypeKind.Double) ? SqlType.Double.WithNullable(common.IsNullable) : common;
    }

    /// <summary>A VARIANT takes the type of what it meets.</summary>
    private static SqlType? OfVariant(SqlType left, SqlType right) =>
        left.Kind == TypeKind.Variant || right.Kind == TypeKind.Variant ? TypeRules.ForComparison(left, right) : null;

    private static string Hint(SqlType from, SqlType to)
    {
        if (from.IsNumeric && to.Kind == TypeKind.TimestampLtz) return " TO_TIMESTAMP_LTZ(number, digits) makes one of a number.";
        if (from.IsNumeric && to.Kind == TypeKind.Timestamp) return " TO_TIMESTAMP(FROM_UNIXTIME(seconds)) makes one of a number.";
        if (from.IsTimestamp && to.IsNumeric) return " UNIX_TIMESTAMP(CAST(timestamp AS STRING)) makes a number of one.";
        return "";
    }

    public BoundExpression Boolean(BoundExpression expression, string what)
    {
        if (expression.Type.Kind == TypeKind.Boolean) return expression;
        if (expression.Type.Kind is TypeKind.Null or TypeKind.Variant) return To(expression, SqlType.Boolean);
        throw new SqlException(source, expression.Span, $"{what} must be BOOLEAN, this is {expression.Type.Name}.");
    }
}
