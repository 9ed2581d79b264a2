using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Plan;

namespace Freshet.Sql.Functions;

/// <summary>Rules for results and for arguments that must agree, used by the declarations of functions.</summary>
internal static class ResultTypes
{
    public static ResultRule Always(SqlType type) => _ => type;

    /// <summary>The type of the first argument.</summary>
    public static SqlType First(ImmutableArray<SqlType> arguments) => arguments[0];

    /// <summary>The first argument's type; a CHAR(n) becomes VARCHAR(n).</summary>
    public static SqlType Varying(ImmutableArray<SqlType> arguments) =>
        arguments[0].Kind == TypeKind.Char ? SqlType.VarChar(arguments[0].Precision).WithNullable(arguments[0].IsNullable) : arguments[0];

    /// <summary>The element type of the first argument.</summary>
    public static SqlType Element(ImmutableArray<SqlType> arguments) => arguments[0].Fields[0].Type;

    /// <summary>A type that is NULL where the first argument is.</summary>
    public static ResultRule NullableAsFirst(SqlType type) => arguments => type.WithNullable(arguments[0].IsNullable);

    /// <summary>The first argument's array with elements that may be NULL where the second argument may be.</summary>
    public static SqlType ArrayWithElement(ImmutableArray<SqlType> arguments)
    {
        // As in Flink an array whose elements become nullable is nullable itself.
        var element = arguments[0].Fields[0].Type;
        var widens = arguments[1].IsNullable && !element.IsNullable;
        return widens ? SqlType.Array(element.WithNullable(true)) : arguments[0];
    }

    /// <summary>The second argument is, or becomes without loss, an element of the array that is the first one.</summary>
    public static ImmutableArray<SqlType> SecondIsElement(ImmutableArray<SqlType> arguments)
    {
        var element = arguments[0].Fields[0].Type;
        var given = arguments[1];
        if (given.Kind == TypeKind.Null) return arguments.SetItem(1, element.WithNullable(true));
        var fits = element.IsCharacter ? given.IsCharacter : Common(element, given) is { } common && HasSameLayout(common, element);
        return fits ? arguments.SetItem(1, element.WithNullable(given.IsNullable)) : default;
    }

    /// <summary>All arguments as their common type.</summary>
    public static ImmutableArray<SqlType> AllCommon(ImmutableArray<SqlType> arguments)
    {
        SqlType? common = arguments[0];
        foreach (var argument in arguments) common = common is null ? null : Common(common, argument);
        return common is null ? default : [.. arguments.Select(a => common.WithNullable(a.IsNullable))];
    }

    /// <summary>The first argument is an array of values that have an order.</summary>
    public static ImmutableArray<SqlType> ElementsHaveOrder(ImmutableArray<SqlType> arguments)
    {
        var element = arguments[0].Fields[0].Type;
        return element.Fields.IsEmpty && element.Kind is not (TypeKind.Boolean or TypeKind.Row or TypeKind.Variant or TypeKind.Bitmap or TypeKind.Null) ? arguments : default;
    }

    /// <summary>The first argument is an array of texts.</summary>
    public static ImmutableArray<SqlType> ElementsAreTexts(ImmutableArray<SqlType> arguments) =>
        arguments[0].Fields[0].Type.IsCharacter ? arguments : default;

    /// <summary>The common type, of nested types part by part.</summary>
    public static SqlType? Common(SqlType left, SqlType right)
    {
        if (TypeRules.Common(left, right) is { } simple) return simple;
        if (left.Kind != right.Kind || left.Fields.Length != right.Fields.Length || left.Fields.IsEmpty) return null;
        var parts = ImmutableArray.CreateBuilder<RowField>(left.Fields.Length);
        for (var i = 0; i < left.Fields.Length; i++)
        {
            if (Common(left.Fields[i].Type, right.Fields[i].Type) is not { } part) return null;
            parts.Add(new RowField(left.Fields[i].Name, part));
        }

        var fields = parts.MoveToImmutable();
        var type = left.Kind switch
        {
            TypeKind.Array => SqlType.Array(fields[0].Type),
            TypeKind.Multiset => SqlType.Multiset(fields[0].Type),
            TypeKind.Map => SqlType.Map(fields[0].Type, fields[1].Type),
            _ => SqlType.Row(fields),
        };
        return type.WithNullable(left.IsNullable || right.IsNullable);
    }

    /// <summary>Types that differ in what may be NULL at most.</summary>
    public static bool HasSameLayout(SqlType left, SqlType right)
    {
        if (left.Kind != right.Kind || left.Precision != right.Precision || left.Scale != right.Scale || left.Fields.Length != right.Fields.Length) return false;
        for (var i = 0; i < left.Fields.Length; i++)
            if (left.Fields[i].Name != right.Fields[i].Name || !HasSameLayout(left.Fields[i].Type, right.Fields[i].Type)) return false;
        return true;
    }

    /// <summary>ROUND and TRUNCATE of a decimal have as many digits after the point as are asked for, where that is written.</summary>
    public static SqlType ToDigits(ImmutableArray<BoundExpression> arguments)
    {
        var type = arguments[0].Type;
        if (type.Kind != TypeKind.Decimal) return type;
        if (arguments.Length > 1 && arguments[1] is not BoundLiteral) return type;
        var digits = arguments.Length > 1 ? ((BoundLiteral)arguments[1]).Integer : 0;
        if (digits >= type.Scale) return type;
        var whole = 1 + type.Precision - type.Scale;
        return SqlType.Decimal((int)Math.Min(SqlType.MaxDecimalPrecision, digits < 0 ? whole : whole + digits), (int)Math.Max(0, digits));
    }
}
