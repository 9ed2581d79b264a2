using Freshet.Columns.Types;
using Freshet.Sql.Plan;
using Freshet.Sql.Text;

namespace Freshet.Sql.Binding;

/// <summary>
/// Where values must be told apart, a VARIANT is refused: 1 and 1.0, or two spellings of a text, are different bytes of the
/// same value.
/// </summary>
internal static class Comparable
{
    public static void Check(SourceText source, BoundExpression expression, TextSpan span, string what)
    {
        if (expression.Type.Kind == TypeKind.Variant)
            throw new SqlException(source, span, $"{what} of a VARIANT needs a type: write CAST(... AS STRING) or another one.");
    }
}
