using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Sql.Binding;

/// <summary>
/// Where values must be told apart, a VARIANT is refused: 1 and 1.0, or two spellings of a text, are different bytes of the
/// same value. Where values must be in order, types that have none are refused.
/// </summary>
internal static class Comparable
{
    public static void Check(SourceText source, BoundExpression expression, TextSpan span, string what)
    {
        if (expression.Type.Kind == TypeKind.Variant)
            throw new SqlException(source, span, $"{what} of a VARIANT needs a type: write CAST(... AS STRING) or another one.");
    }

    public static void CheckOrder(SourceText source, SqlType type, TextSpan span)
    {
        if (type is { Kind: TypeKind.Variant or TypeKind.Bitmap } or { Fields.IsEmpty: false })
            throw new SqlException(source, span, $"ORDER BY of {type.Name} is not supported: write a CAST to a type with an order.");
    }
}
