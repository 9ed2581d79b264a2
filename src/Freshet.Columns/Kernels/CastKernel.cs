using Freshet.Columns.Expressions;
using Freshet.Columns.Formats;
using Freshet.Columns.Json.Kernels;
using Freshet.Columns.Types;

namespace Freshet.Columns.Kernels;

/// <summary>
/// CAST and TRY_CAST between scalar types by Flink's rules: numbers narrow by dropping high bits, decimals that do not fit and
/// integers from NaN are NULL or 0 as in Flink, text that cannot be read is an error of the row (NULL for TRY_CAST).
/// </summary>
public static unsafe class CastKernel
{
    private const long DayMicros = 86_400_000_000;
    private const int DayMillis = 86_400_000;

    /// <summary>The kernel of a cast, or null where Flink has none.</summary>
    public static ScalarKernel? Of(SqlType from, SqlType to, bool isTry)
    {
        if (from.Kind == TypeKind.Null) return static (context, _, types) => Column.ConstantNull(types.Result.Physical, context.Memory);
        if (from.Kind == TypeKind.Variant && to.Kind != TypeKind.Variant) return VariantKernels.Cast(isTry);
        if (to.Kind == TypeKind.Variant) return from.Kind == TypeKind.Variant ? Same : VariantKernels.From;
        if (IsSameLayout(from, to)) return Same;
        if (from.IsCharacter && to.IsBinary) return Same;
        if (from.IsBinary && to.IsCharacter) return Same;
        if (from.IsCharacter && to.IsCharacter) return to.Precision == SqlType.MaxLength ? Same : FitLength;
        if (from.IsCharacter) return to.Physical == PhysicalKind.View ? null : isTry ? FromTextOrNull : FromText;
        if (to.IsCharacter) return from.Physical == PhysicalKind.View ? (from.Fields.IsEmpty ? null : Same) : ToText;
        if (from.IsNumeric && to.IsNumeric) return NumberToNumber;
        if (from.Kind == TypeKind.Boolean && to.IsNumeric) return BooleanToNumber;
        if (from.IsNumeric && to.Kind == TypeKind.Boolean) return NumberToBoolean;
        return Times(from, to);
    }

    private static bool IsSameLayout(SqlType from, SqlType to) =>
        from.Kind == to.Kind && from.Physical == to.Physical && from.Kind switch
        {
            TypeKind.Decimal => from.Scale == to.Scale && from.Precision <= to.Precision,
            TypeKind.Timestamp or TypeKind.TimestampLtz => from.Precision <= to.Precision,
            TypeKind.Char or TypeKind.VarChar => from.Precision <= to.Precision,
            TypeKind.Array or TypeKind.Map or TypeKind.Row or TypeKind.Multiset => from.EqualsIgnoringNullability(to),
            _ => true,
        };

    private static ScalarKernel? Times(SqlType from, SqlType to) => (from.Kind, to.Kind) switch
    {
        (TypeKind.Timestamp, TypeKind.Timestamp) or (TypeKind.TimestampLtz, TypeKind.TimestampLtz) => (c, a, t) => Map<long, long>(c, a, t, static (v, t, _) => TimeText.Truncate(v, t.Precision)),
        (TypeKind.Timestamp, TypeKind.Date) => (c, a, t) => Map<long, int>(c, a, t, static (v, _, _) => (int)FloorDivide(v, DayMicros)),
        (TypeKind.TimestampLtz, TypeKind.Date) => (c, a, t) => Map<long, int>(c, a, t, static (v, _, z) => (int)FloorDivide(TimeText.ToLocal(v, z), DayMicros)),
        (TypeKind.Timestamp, TypeKind.Time) => (c, a, t) => Map<long, int>(c, a, t, static (v, _, _) => (int)(v - FloorDivide(v, DayMicros) * DayMicros) / 1000),
        (TypeKind.TimestampLtz, TypeKind.Time) => (c, a, t) => Map<long, int>(c, a, t, static (v, _, z) => TimeOf(TimeText.ToLocal(v, z))),
        (TypeKind.Date, TypeKind.Timestamp) => (c, a, t) => Map<int, long>(c, a, t, static (v, _, _) => v * DayMicros),
        (TypeKind.Date, TypeKind.TimestampLtz) => (c, a, t) => Map<int, long>(c, a, t, static (v, _, z) => TimeText.ToUtc(v * DayMicros, z)),
        (TypeKind.Time, TypeKind.Timestamp) => (c, a, t) => Map<int, long>(c, a, t, static (v, _, _) => v * 1000L),
        (TypeKind.Time, TypeKind.TimestampLtz) => (c, a, t) => Map<int, long>(c, a, t, static (v, _, z) => TimeText.ToUtc(v * 1000L, z)),
        (TypeKind.Timestamp, TypeKind.TimestampLtz) => (c, a, t) => Map<long, long>(c, a, t, static (v, t, z) => TimeText.Truncate(TimeText.ToUtc(v, z), t.Precision)),
        (TypeKind.TimestampLtz, TypeKind.Timestamp) => (c, a, t) => Map<long, long>(c, a, t, static (v, t, z) => TimeText.Truncate(TimeText.ToLocal(v, z), t.Precision)),
        _ => null,
    };

    private static int TimeOf(long micros) => (int)((micros - FloorDivide(micros, DayMicros) * DayMicros) / 1000) % DayMillis;

    internal static long FloorDivide(long value, long divisor)
    {
        var quotient = value / divisor;
        return value % divisor < 0 ? quotient - 1 : quotient;
    }

    private static Column Same(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => arguments[0];

    private static Column Map<TFrom, TTo>(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types, Func<TFrom, SqlType, TimeZoneInfo, TTo> map)
        where TFrom : unmanaged
        where TTo : unmanaged
    {
        var input = arguments[0].Flatten(context.Rows, context.Memory);
        var output = Column.Allocate(types.Result.Physical, context.Rows, context.Memory);
        output.Validity = input.Validity;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (input.IsValid(row)) output.As<TTo>()[row] = map(input.As<TFrom>()[row], types.Result, context.TimeZone);
        }

        return output;
    }

    private static Column FromText(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => ReadText(context, arguments[0], types.Result, isTry: false);

    private static Column FromTextOrNull(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => ReadText(context, arguments[0], types.Result, isTry: true);

    private static Column ReadText(EvaluationContext context, in Column input, SqlType type, bool isTry)
    {
        var output = Column.Allocate(type.Physical, context.Rows, context.Memory);
        output.Validity = ValidityKernel.Copy(input.IsConstant ? null : input.Validity, context.Rows, context.Memory);
        if (input.IsConstant && input.IsNull(0)) return Column.ConstantNull(type.Physical, context.Memory);
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (output.IsNull(row)) continue;
            var text = StringView.Span(input.As<StringView>() + input.IndexOf(row));
            TextResult result;
            fixed (byte* bytes = text) result = TextValue.TryWrite(bytes, text.Length, type, output.Values, row, context.TimeZone, context.Memory);
            if (result == TextResult.Ok) continue;
            output.SetNull(row);
            if (!isTry) context.Fail(row, TextValue.Reason(result, type) + " TRY_CAST gives NULL instead.", text);
        }

        return output;
    }

    private static Column ToText(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var input = arguments[0];
        var from = types.Arguments[0];
        if (input.IsConstant && input.IsNull(0)) return Column.ConstantNull(PhysicalKind.View, context.Memory);
        var output = Column.Allocate(PhysicalKind.View, context.Rows, context.Memory);
        new Span<StringView>(output.Values, context.Rows).Clear();
        output.Validity = input.IsConstant ? null : input.Validity;
        var text = new Utf8Buffer(64);
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (input.IsNull(row)) continue;
            text.Clear();
            WriteText(from, input, input.IndexOf(row), context.TimeZone, text);
            output.As<StringView>()[row] = StringView.Copy(text.Written, context.Memory);
        }

        return types.Result.Precision == SqlType.MaxLength ? output : FitLength(context, [output], types);
    }

    private static void WriteText(SqlType type, in Column input, int index, TimeZoneInfo zone, Utf8Buffer text)
    {
        switch (type.Kind)
        {
            case TypeKind.Boolean:
                text.Write(input.As<byte>()[index] != 0 ? "TRUE"u8 : "FALSE"u8);
                break;
            case TypeKind.Timestamp or TypeKind.TimestampLtz:
                var micros = input.As<long>()[index];
                if (type.Kind == TypeKind.TimestampLtz) micros = TimeText.ToLocal(micros, zone);
                fixed (byte* target = text.GetSpan(40)) text.Advance(TimeText.WriteTimestamp(micros, (byte)' ', type.Precision, target));
                break;
            default:
                TextValueWriter.Write(type, input.Values, index, (byte)' ', text);
                break;
        }
    }

    private static Column FitLength(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var input = arguments[0].Flatten(context.Rows, context.Memory);
        var output = Column.Allocate(PhysicalKind.View, context.Rows, context.Memory);
        new Span<StringView>(output.Values, context.Rows).Clear();
        output.Validity = input.Validity;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (input.IsNull(row)) continue;
            var text = StringView.Span(input.As<StringView>() + row);
            var cut = Texts.CodePoints.PrefixBytes(text, types.Result.Precision, out var characters);
            if (types.Result.Kind == TypeKind.Char && characters < types.Result.Precision)
            {
                var padded = new byte[cut + types.Result.Precision - characters];
                padded.AsSpan().Fill((byte)' ');
                text[..cut].CopyTo(padded);
                output.As<StringView>()[row] = StringView.Copy(padded, context.Memory);
            }
            else
            {
                output.As<StringView>()[row] = cut == text.Length ? input.As<StringView>()[row] : StringView.Copy(text[..cut], context.Memory);
            }
        }

        return output;
    }

    private static Column BooleanToNumber(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var input = arguments[0].Flatten(context.Rows, context.Memory);
        var output = Column.Allocate(types.Result.Physical, context.Rows, context.Memory);
        output.Validity = input.Validity;
        for (var row = 0; row < context.Rows; row++) WriteNumber(output, row, types.Result, input.As<byte>()[row] != 0 ? 1 : 0);
        return output;
    }

    private static void WriteNumber(in Column output, int row, SqlType type, long value)
    {
        switch (type.Kind)
        {
            case TypeKind.Float: output.As<float>()[row] = value; break;
            case TypeKind.Double: output.As<double>()[row] = value; break;
            case TypeKind.Decimal:
                if (DecimalKernel.TryRescale(value, 0, type.Scale, out var unscaled)) DecimalKernel.TryWrite(output, row, unscaled, type.Precision);
                break;
            case TypeKind.TinyInt: output.As<sbyte>()[row] = (sbyte)value; break;
            case TypeKind.SmallInt: output.As<short>()[row] = (short)value; break;
            case TypeKind.Int: output.As<int>()[row] = (int)value; break;
            default: output.As<long>()[row] = value; break;
        }
    }

    private static Column NumberToBoolean(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var input = arguments[0].Flatten(context.Rows, context.Memory);
        var output = Column.Allocate(PhysicalKind.Bool, context.Rows, context.Memory);
        output.Validity = input.Validity;
        for (var row = 0; row < context.Rows; row++)
        {
            output.As<byte>()[row] = types.Arguments[0].Kind switch
            {
                TypeKind.Float => input.As<float>()[row] != 0,
                TypeKind.Double => input.As<double>()[row] != 0,
                TypeKind.Decimal => DecimalKernel.Read(input, row) != 0,
                _ => ReadInteger(input, row) != 0,
            } ? (byte)1 : (byte)0;
        }

        return output;
    }

    /// <summary>An integer of any width.</summary>
    internal static long ReadInteger(in Column column, int row)
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

    private static Column NumberToNumber(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var (from, to) = (types.Arguments[0], types.Result);
        var input = arguments[0];
        if (input.IsConstant && input.IsNull(0)) return Column.ConstantNull(to.Physical, context.Memory);
        var output = Column.Allocate(to.Physical, context.Rows, context.Memory);
        output.Validity = input.IsConstant ? null : input.Validity;
        if (from.IsInteger && to.IsInteger)
        {
            for (var row = 0; row < context.Rows; row++) WriteNumber(output, row, to, ReadInteger(input, row));
            return output;
        }

        if (from.IsInteger && to.Kind == TypeKind.Double)
        {
            for (var row = 0; row < context.Rows; row++) output.As<double>()[row] = ReadInteger(input, row);
            return output;
        }

        output.Validity = ValidityKernel.Copy(output.Validity, context.Rows, context.Memory);
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (input.IsNull(row)) continue;
            if (!TryConvert(input, row, from, output, to)) output.SetNull(row);
        }

        return output;
    }

    private static bool TryConvert(in Column input, int row, SqlType from, in Column output, SqlType to)
    {
        if (from.Kind == TypeKind.Decimal)
        {
            var value = DecimalKernel.Read(input, row);
            if (to.Kind == TypeKind.Decimal)
                return DecimalKernel.TryRescale(value, from.Scale, to.Scale, out var rescaled) && DecimalKernel.TryWrite(output, row, rescaled, to.Precision);
            if (to.IsApproximate)
            {
                var number = (double)value / (double)NumberText.PowerOfTen(from.Scale);
                if (to.Kind == TypeKind.Float) output.As<float>()[row] = (float)number;
                else output.As<double>()[row] = number;
                return true;
            }

            WriteNumber(output, row, to, (long)(value / (Int128)NumberText.PowerOfTen(from.Scale)));
            return true;
        }

        if (to.Kind == TypeKind.Decimal)
        {
            if (from.IsInteger)
                return DecimalKernel.TryRescale(ReadInteger(input, row), 0, to.Scale, out var whole) && DecimalKernel.TryWrite(output, row, whole, to.Precision);
            return TryFromDouble(ReadDouble(input, row, from), to, out var unscaled) && DecimalKernel.TryWrite(output, row, unscaled, to.Precision);
        }

        if (from.IsInteger)
        {
            WriteNumber(output, row, to, ReadInteger(input, row));
            return true;
        }

        var approximate = ReadDouble(input, row, from);
        if (to.Kind == TypeKind.Double) output.As<double>()[row] = approximate;
        else if (to.Kind == TypeKind.Float) output.As<float>()[row] = (float)approximate;
        else WriteNumber(output, row, to, ToInteger(approximate, to));
        return true;
    }

    private static double ReadDouble(in Column input, int row, SqlType from) =>
        from.Kind == TypeKind.Float ? input.As<float>()[input.IndexOf(row)] : input.As<double>()[input.IndexOf(row)];

    /// <summary>As Java: towards zero, NaN to 0, beyond the range to its end.</summary>
    private static long ToInteger(double value, SqlType to)
    {
        if (double.IsNaN(value)) return 0;
        if (to.Kind == TypeKind.BigInt) return value >= long.MaxValue ? long.MaxValue : value <= long.MinValue ? long.MinValue : (long)value;
        return value >= int.MaxValue ? int.MaxValue : value <= int.MinValue ? int.MinValue : (int)value;
    }

    private static bool TryFromDouble(double value, SqlType to, out Int128 unscaled)
    {
        unscaled = 0;
        if (!double.IsFinite(value)) return false;
        Span<byte> text = stackalloc byte[32];
        value.TryFormat(text, out var length, "R", System.Globalization.CultureInfo.InvariantCulture);
        fixed (byte* bytes = text) return NumberText.TryDecimal(bytes, length, to.Precision, to.Scale, out unscaled) == TextResult.Ok;
    }
}
