using Freshet.Columns.Types;

namespace Freshet.Sql.Functions;

/// <summary>What an argument of a function may be, by the words that signatures are written with.</summary>
public enum Family
{
    Any,
    String,
    Bytes,
    Integer,

    /// <summary>Any number, as it is.</summary>
    Number,

    /// <summary>Any number, computed with as DOUBLE.</summary>
    Double,
    Boolean,

    /// <summary>DATE, TIME or a timestamp; a text is read as a timestamp.</summary>
    Time,
    Array,
    Map,
    Row,
    Variant,
    Bitmap,
}

/// <summary>
/// Which types belong to a family. As in Flink nothing is cast to fit but NULL, which has no type yet; beyond Flink a VARIANT is
/// cast to what is needed.
/// </summary>
internal static class Families
{
    /// <summary>The type with which a value of <paramref name="type"/> is passed, or null where it does not belong.</summary>
    public static SqlType? Accept(this Family family, SqlType type)
    {
        if (family == Family.Any) return type;
        if (family == Family.Double) return type.IsNumeric || IsOpen(type) ? SqlType.Double.WithNullable(type.IsNullable) : null;
        if (family.Contains(type)) return type;
        if (family == Family.Time && type.IsCharacter) return SqlType.Timestamp(3).WithNullable(type.IsNullable);
        return IsOpen(type) ? family.Usual() : null;
    }

    /// <summary>A type that becomes what is asked for.</summary>
    private static bool IsOpen(SqlType type) => type.Kind is TypeKind.Null or TypeKind.Variant;

    private static bool Contains(this Family family, SqlType type) => family switch
    {
        Family.String => type.IsCharacter,
        Family.Bytes => type.IsBinary,
        Family.Integer => type.IsInteger,
        Family.Number => type.IsNumeric,
        Family.Boolean => type.Kind == TypeKind.Boolean,
        Family.Time => type.IsTimestamp || type.Kind is TypeKind.Date or TypeKind.Time,
        Family.Array => type.Kind == TypeKind.Array,
        Family.Map => type.Kind == TypeKind.Map,
        Family.Row => type.Kind == TypeKind.Row,
        Family.Variant => type.Kind == TypeKind.Variant,
        Family.Bitmap => type.Kind == TypeKind.Bitmap,
        _ => false,
    };

    private static SqlType? Usual(this Family family) => family switch
    {
        Family.String => SqlType.String,
        Family.Bytes => SqlType.Bytes,
        Family.Integer => SqlType.Int,
        Family.Number => SqlType.Double,
        Family.Boolean => SqlType.Boolean,
        Family.Time => SqlType.Timestamp(3),
        Family.Array => SqlType.Array(SqlType.String),
        Family.Map => SqlType.Map(SqlType.String, SqlType.String),
        Family.Bitmap => SqlType.Bitmap,
        _ => null,
    };
}
