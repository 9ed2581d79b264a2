using Freshet.Columns.Kernels;
using Freshet.Columns.Types;
using Freshet.Sql.Functions;
using Freshet.Sql.Plan;
using Freshet.Sql.Text;

namespace Freshet.Sql.Binding;

/// <summary>Casts that the language makes by itself, and the errors where there is none.</summary>
internal sealed class Coercion(SourceText source)
{
    /// <summary>The expression as a type; itself when it has it.</summary>
    public BoundExpression To(BoundExpression expression, SqlType type, bool isTry = false)
    {
        if (expression.Type.EqualsIgnoringNullability(type)) return expression;
        var result = type.WithNullable(isTry || expression.Type.IsNullable || expression.Type.Kind == TypeKind.Variant || type.Kind == TypeKind.Decimal);
        if (expression is BoundLiteral { IsNull: true }) return new BoundLiteral(type.WithNullable(true), expression.Span, null);
        if (CastKernel.Of(expression.Type, type, isTry) is null)
            throw new SqlException(source, expression.Span, $"A value of type {expression.Type.Name} cannot be cast to {type.Name}.");
        return new BoundCast(expression, result, isTry, expression.Span);
    }

    public SqlType Common(IEnumerable<BoundExpression> expressions, string what)
    {
        SqlType? common = null;
        foreach (var e in expressions)
        {
            common = common is null
                ? e.Type
                : TypeRules.Common(common, e.Type) ?? TypeRules.ForComparison(common, e.Type) ?? throw new SqlException(source, e.Span, $"The values of {what} have no common type: {common.Name} and {e.Type.Name}. Write a CAST.");
        }

        return common!;
    }

    public BoundExpression Boolean(BoundExpression expression, string what)
    {
        if (expression.Type.Kind == TypeKind.Boolean) return expression;
        if (expression.Type.Kind is TypeKind.Null or TypeKind.Variant) return To(expression, SqlType.Boolean);
        throw new SqlException(source, expression.Span, $"{what} must be BOOLEAN, this is {expression.Type.Name}.");
    }
}
