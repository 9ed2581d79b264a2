using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Casting;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;

namespace Freshet.Kernels;

/// <summary>
/// CAST and TRY_CAST: which pairs of types Flink casts, and the kernel of each. Where a kernel has no value for a row it is an
/// error of the row for CAST and NULL for TRY_CAST; a cast between numbers never fails but to DECIMAL.
/// <code>
/// from                to                                          kernel
/// any                 CHAR, VARCHAR                               CastToText
/// CHAR, VARCHAR       BOOLEAN, numbers, DATE, TIME, TIMESTAMP     CastFromText
/// CHAR, VARCHAR,      BINARY, VARBINARY                           CastBinary: the bytes, cut and filled with zeros
///   BINARY ...
/// numbers, BOOLEAN    numbers, BOOLEAN                            CastNumber
/// dates, times        dates, times                                CastTime
/// ARRAY, MAP ...      the same with other elements                CastNested: element by element
/// VARIANT             any                                         VariantKernels
/// </code>
/// </summary>
public static class CastKernel
{
    /// <summary>The kernel of a cast, or null where Flink has none.</summary>
    public static ScalarKernel? Of(SqlType from, SqlType to, bool isTry)
    {
        if (from.Kind == TypeKind.Null) return static (context, _, types) => Column.ConstantNull(types.Result.Physical, context.Memory);
        if (from.Kind == TypeKind.Variant && to.Kind != TypeKind.Variant) return VariantKernels.Cast(isTry);
        if (to.Kind == TypeKind.Variant) return from.Kind == TypeKind.Variant ? Same : VariantKernels.From;
        if (IsSameLayout(from, to)) return Same;
        if (to.IsBinary) return from.IsCharacter || from.IsBinary ? CastBinary.Of(to) : null;
        if (to.IsCharacter) return CastToText.Of(from);
        if (from.IsCharacter) return CastFromText.Of(to, isTry);
        if (from.IsNumeric && to.IsNumeric) return CastNumber.Between;
        if (from.Kind == TypeKind.Boolean && to.IsNumeric) return CastNumber.FromBoolean;
        if (from.IsNumeric && to.Kind == TypeKind.Boolean) return CastNumber.ToBoolean;
        if (from.IsInteger && to.IsInterval) return CastNumber.Between;
        if (!from.Fields.IsEmpty || !to.Fields.IsEmpty) return CastNested.Of(from, to, isTry);
        return CastTime.Of(from, to);
    }

    private static bool IsSameLayout(SqlType from, SqlType to) =>
        from.Kind == to.Kind && from.Physical == to.Physical && from.Kind switch
        {
            TypeKind.Decimal => from.Scale == to.Scale && from.Precision <= to.Precision,
            TypeKind.Timestamp or TypeKind.TimestampLtz or TypeKind.Time => from.Precision <= to.Precision,
            TypeKind.Char or TypeKind.Binary => from.Precision == to.Precision,
            TypeKind.VarChar or TypeKind.VarBinary => from.Precision <= to.Precision,
            TypeKind.Array or TypeKind.Map or TypeKind.Row or TypeKind.Multiset => HasSameFields(from, to),
            _ => true,
        };

    /// <summary>Whether the fields have the same names and layouts, whatever may be NULL.</summary>
    private static bool HasSameFields(SqlType from, SqlType to)
    {
        if (from.Fields.Length != to.Fields.Length) return false;
        for (var i = 0; i < from.Fields.Length; i++)
            if (from.Fields[i].Name != to.Fields[i].Name || !IsSameLayout(from.Fields[i].Type, to.Fields[i].Type)) return false;
        return true;
    }

    private static Column Same(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => arguments[0];

    /// <summary>An integer of any width.</summary>
    internal static unsafe long ReadInteger(in Column column, int row)
    {
        var index = column.IndexOf(row);
        return column.Kind switch
        {
            PhysicalKind.Int8 => column.As<sbyte>()[index],
            PhysicalKind.Int16 => column.As<short>()[index],
            PhysicalKind.Int32 => column.As<int>()[index],
            _ => column.As<long>()[index],
        };
    }
}
