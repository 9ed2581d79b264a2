using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Sql.Functions;

/// <summary>Rules for results and for arguments that must agree, used by the declarations of functions.</summary>
internal static class ResultTypes
{
    public static ResultRule Always(SqlType type) => _ => type;

    /// <summary>The type of the first argument.</summary>
    public static SqlType First(ImmutableArray<SqlType> arguments) => arguments[0];

    /// <summary>The first argument's type; a CHAR(n) becomes VARCHAR(n).</summary>
    public static SqlType Varying(ImmutableArray<SqlType> arguments) =>
        arguments[0].Kind == TypeKind.Char ? SqlType.VarChar(arguments[0].Precision) : arguments[0];

    /// <summary>The element type of the first argument.</summary>
    public static SqlType Element(ImmutableArray<SqlType> arguments) => arguments[0].Fields[0].Type;
}
