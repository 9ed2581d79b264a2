using Freshet.Columns.Types;

namespace Freshet.Sql.Functions;

/// <summary>Flink's rules for types that meet: common types, and the results of arithmetic.</summary>
public static class TypeRules
{
    /// <summary>The type to which both can be cast without loss of meaning, or null.</summary>
    public static SqlType? Common(SqlType left, SqlType right)
    {
        var nullable = left.IsNullable || right.IsNullable;
        if (left.Kind == TypeKind.Null) return right.WithNullable(true);
        if (right.Kind == TypeKind.Null) return left.WithNullable(true);
        if (left.EqualsIgnoringNullability(right)) return left.WithNullable(nullable);
        if (left.IsNumeric && right.IsNumeric) return CommonNumber(left, right).WithNullable(nullable);
        if (left.IsCharacter && right.IsCharacter)
        {
            var isChar = left.Kind == TypeKind.Char && right.Kind == TypeKind.Char && left.Precision == right.Precision;
            var length = Math.Max(left.Precision, right.Precision);
            return (isChar ? SqlType.Char(length) : SqlType.VarChar(length)).WithNullable(nullable);
        }

        if (left.IsBinary && right.IsBinary) return SqlType.VarBinary(Math.Max(left.Precision, right.Precision)).WithNullable(nullable);
        if (left.IsTimestamp && right.IsTimestamp)
        {
            var precision = Math.Max(left.Precision, right.Precision);
            return (left.Kind == TypeKind.TimestampLtz || right.Kind == TypeKind.TimestampLtz ? SqlType.TimestampLtz(precision) : SqlType.Timestamp(precision)).WithNullable(nullable);
        }

        if (left.Kind == TypeKind.Time && right.Kind == TypeKind.Time) return (left.Precision > right.Precision ? left : right).WithNullable(nullable);
        if (left.IsInterval && left.Kind == right.Kind) return left.WithNullable(nullable);
        return left.Kind == right.Kind && !left.Fields.IsEmpty ? CommonNested(left, right)?.WithNullable(nullable) : null;
    }

    /// <summary>The same kind of nested type with the common types of its parts.</summary>
    private static SqlType? CommonNested(SqlType left, SqlType right)
    {
        if (left.Fields.Length != right.Fields.Length) return null;
        var parts = new SqlType[left.Fields.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (Common(left.Fields[i].Type, right.Fields[i].Type) is not { } part) return null;
            parts[i] = part;
        }

        return left.Kind switch
        {
            TypeKind.Array => SqlType.Array(parts[0]),
            TypeKind.Multiset => SqlType.Multiset(parts[0]),
            TypeKind.Map => SqlType.Map(parts[0], parts[1]),
            _ => SqlType.Row([.. parts.Select((p, i) => new RowField(left.Fields[i].Name, p))]),
        };
    }

    /// <summary>left || right: the lengths add up.</summary>
    public static SqlType Concat(SqlType left, SqlType right)
    {
        var length = (int)Math.Min((long)left.Precision + right.Precision, SqlType.MaxLength);
        var type = left.Kind == TypeKind.Char && right.Kind == TypeKind.Char ? SqlType.Char(length) : SqlType.VarChar(length);
        return type.WithNullable(left.IsNullable || right.IsNullable);
    }

    /// <summary>The type in which two values are compared: text meets a typed value, and a VARIANT any value, as that value's type.</summary>
    public static SqlType? ForComparison(SqlType left, SqlType right)
    {
        if (Common(left, right) is { } common) return common;
        if (left.Kind == TypeKind.Variant) return OfVariant(right);
        if (right.Kind == TypeKind.Variant) return OfVariant(left);
        if (left.IsCharacter && right.Physical != PhysicalKind.View && !right.IsInterval) return OfText(right).WithNullable(left.IsNullable || right.IsNullable);
        if (right.IsCharacter && left.Physical != PhysicalKind.View && !left.IsInterval) return OfText(left).WithNullable(left.IsNullable || right.IsNullable);
        return null;
    }

    /// <summary>The type in which a text is compared: the other's, but of times all digits and of numbers all that a text may have.</summary>
    private static SqlType OfText(SqlType type) => type.Kind switch
    {
        TypeKind.Timestamp => SqlType.Timestamp(Math.Max(type.Precision, 6)),
        TypeKind.TimestampLtz => SqlType.TimestampLtz(Math.Max(type.Precision, 6)),
        TypeKind.Time => SqlType.Time(3),
        _ => type,
    };

    /// <summary>The type in which a VARIANT is compared: exact numbers with room for both parts, so that 12.5 is more than the INT 12.</summary>
    private static SqlType OfVariant(SqlType type) =>
        type.IsInteger || type.Kind == TypeKind.Decimal ? SqlType.Decimal(SqlType.MaxDecimalPrecision, Math.Max(18, type.Scale)) : type.WithNullable(true);

    /// <summary>The result of + - * / % over numbers; operands are cast to <paramref name="operand"/> where it is not null (decimals keep their own types).</summary>
    public static SqlType Arithmetic(string op, SqlType left, SqlType right, out SqlType? operand)
    {
        var nullable = left.IsNullable || right.IsNullable;
        if (!left.IsApproximate && !right.IsApproximate && (left.Kind == TypeKind.Decimal || right.Kind == TypeKind.Decimal))
        {
            operand = null;
            return DecimalResult(op, AsDecimal(left), AsDecimal(right)).WithNullable(nullable);
        }

        operand = CommonNumber(left, right).WithNullable(nullable);
        return operand;
    }

    /// <summary>An integer type as the decimal that holds it.</summary>
    public static SqlType AsDecimal(SqlType type) => type.Kind switch
    {
        TypeKind.TinyInt => SqlType.Decimal(3, 0),
        TypeKind.SmallInt => SqlType.Decimal(5, 0),
        TypeKind.Int => SqlType.Decimal(10, 0),
        TypeKind.BigInt => SqlType.Decimal(19, 0),
        _ => type,
    };

    private static SqlType CommonNumber(SqlType left, SqlType right)
    {
        // Calcite takes the first of two approximate types, and a FLOAT beside an integer, but DOUBLE beside a DECIMAL.
        if (left.IsApproximate) return right.Kind == TypeKind.Decimal ? SqlType.Double : left;
        if (right.IsApproximate) return left.Kind == TypeKind.Decimal ? SqlType.Double : right;
        if (left.Kind == TypeKind.Decimal || right.Kind == TypeKind.Decimal)
        {
            var (l, r) = (AsDecimal(left), AsDecimal(right));
            var scale = Math.Max(l.Scale, r.Scale);
            return Adjust(Math.Max(l.Precision - l.Scale, r.Precision - r.Scale) + scale, scale);
        }

        return left.Kind > right.Kind ? left : right;
    }

    private static SqlType DecimalResult(string op, SqlType left, SqlType right)
    {
        var (p1, s1, p2, s2) = (left.Precision, left.Scale, right.Precision, right.Scale);
        switch (op)
        {
            case "*": return Adjust(p1 + p2 + 1, s1 + s2);
            case "/":
                var scale = Math.Max(6, s1 + p2 + 1);
                return Adjust(p1 - s1 + s2 + scale, scale);
            case "%": return Adjust(Math.Min(p1 - s1, p2 - s2) + Math.Max(s1, s2), Math.Max(s1, s2));
            default: return Adjust(Math.Max(p1 - s1, p2 - s2) + Math.Max(s1, s2) + 1, Math.Max(s1, s2));
        }
    }

    /// <summary>More than 38 digits: the fraction gives way, down to 6 digits.</summary>
    private static SqlType Adjust(int precision, int scale)
    {
        if (precision <= SqlType.MaxDecimalPrecision) return SqlType.Decimal(Math.Max(1, precision), scale);
        var integral = precision - scale;
        var least = Math.Min(scale, 6);
        var adjusted = Math.Max(SqlType.MaxDecimalPrecision - integral, least);
        return SqlType.Decimal(SqlType.MaxDecimalPrecision, Math.Clamp(adjusted, 0, SqlType.MaxDecimalPrecision));
    }
}
