using Freshet.Columns.Types;

namespace Freshet.Sql.Binding;

/// <summary>What INSERT INTO casts by itself: what loses nothing, as in Flink; the rest asks for a CAST.</summary>
internal static class Assignment
{
    public static bool IsPossible(SqlType from, SqlType to)
    {
        if (from.EqualsIgnoringNullability(to) || from.Kind == TypeKind.Null) return true;
        if (from.Kind == TypeKind.Variant || to.Kind == TypeKind.Variant) return false;
        if (from.IsNumeric && to.IsNumeric) return to.Kind == TypeKind.Decimal ? !from.IsApproximate : from.Kind == TypeKind.Decimal ? to.IsApproximate : from.Kind <= to.Kind;
        if (from.IsCharacter) return to.IsCharacter;
        if (from.IsBinary) return to.IsBinary;
        if (from.IsTimestamp) return to.IsTimestamp;
        if (from.Kind == TypeKind.Date) return to.IsTimestamp;
        return from.Kind == to.Kind;
    }
}
