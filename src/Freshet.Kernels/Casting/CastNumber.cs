using System.Globalization;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Casting;

/// <summary>
/// Numbers and truth values as one another, as Java does it: integers narrow by dropping high bits; FLOAT and DOUBLE go towards
/// zero to the nearest INT or BIGINT and from there narrower, NaN to 0; DECIMAL loses its fraction. To DECIMAL is rounded half
/// up; what has too many digits is NULL, and an error of the row where the type has no NULL.
/// </summary>
internal static unsafe class CastNumber
{
    public static Column Between(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Convert(context, arguments[0], types);

    public static Column FromBoolean(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var input = arguments[0].Flatten(context.Rows, context.Memory);
        var integers = Column.Allocate(PhysicalKind.Int8, context.Rows, context.Memory);
        integers.Validity = input.Validity;
        for (var row = 0; row < context.Rows; row++) integers.As<sbyte>()[row] = (sbyte)(input.As<byte>()[row] != 0 ? 1 : 0);
        return Convert(context, integers, new CallTypes([SqlType.TinyInt], types.Result));
    }

    public static Column ToBoolean(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var input = arguments[0].Flatten(context.Rows, context.Memory);
        var output = Column.Allocate(PhysicalKind.Bool, context.Rows, context.Memory);
        output.Validity = input.Validity;
        var kind = types.Arguments[0].Kind;
        for (var row = 0; row < context.Rows; row++)
        {
            output.As<byte>()[row] = kind switch
            {
                TypeKind.Float => input.As<float>()[row] != 0,
                TypeKind.Double => input.As<double>()[row] != 0,
                TypeKind.Decimal => DecimalKernel.Read(input, row) != 0,
                _ => CastKernel.ReadInteger(input, row) != 0,
            } ? (byte)1 : (byte)0;
        }

        return output;
    }

    private static Column Convert(EvaluationContext context, in Column input, CallTypes types)
    {
        var (from, to) = (types.Arguments[0], types.Result);
        if (input.IsConstant && input.IsNull(0)) return Column.ConstantNull(to.Physical, context.Memory);
        var output = Column.Allocate(to.Physical, context.Rows, context.Memory);
        output.Validity = input.IsConstant ? null : input.Validity;
        if (input.Kind == PhysicalKind.Int64 && from.IsInteger && output.Kind == PhysicalKind.Int128 && to is { Kind: TypeKind.Decimal, Scale: 0 } && !input.IsConstant)
        {
            // More than 18 digits in 128 bits, and no more than 19 in a BIGINT.
            for (var row = 0; row < context.Rows; row++) output.As<Int128>()[row] = input.As<long>()[row];
            return output;
        }

        if (from.IsInteger && to.Kind != TypeKind.Decimal)
        {
            for (var row = 0; row < context.Rows; row++) WriteInteger(output, row, CastKernel.ReadInteger(input, row));
            return output;
        }

        if (to.Kind == TypeKind.Decimal) output.Validity = ValidityKernel.Copy(output.Validity, context.Rows, context.Memory);
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (input.IsNull(row)) continue;
            if (to.Kind == TypeKind.Decimal)
            {
                if (!TryDecimal(input, row, from, output, to)) DecimalKernel.Overflow(context, output, row, to);
            }
            else if (from.Kind == TypeKind.Decimal)
            {
                FromDecimal(input, row, from, output, to);
            }
            else
            {
                FromApproximate(input, row, from, output, to);
            }
        }

        return output;
    }

    private static void WriteInteger(in Column output, int row, long value)
    {
        switch (output.Kind)
        {
            case PhysicalKind.Float32: output.As<float>()[row] = value; break;
            case PhysicalKind.Float64: output.As<double>()[row] = value; break;
            case PhysicalKind.Int8: output.As<sbyte>()[row] = (sbyte)value; break;
            case PhysicalKind.Int16: output.As<short>()[row] = (short)value; break;
            case PhysicalKind.Int32: output.As<int>()[row] = (int)value; break;
            default: output.As<long>()[row] = value; break;
        }
    }

    private static void FromDecimal(in Column input, int row, SqlType from, in Column output, SqlType to)
    {
        var value = DecimalKernel.Read(input, row);
        if (to.Kind == TypeKind.Float) output.As<float>()[row] = (float)ToDouble(value, from.Scale);
        else if (to.Kind == TypeKind.Double) output.As<double>()[row] = ToDouble(value, from.Scale);
        else WriteInteger(output, row, (long)(value / (Int128)NumberText.PowerOfTen(from.Scale)));
    }

    private static void FromApproximate(in Column input, int row, SqlType from, in Column output, SqlType to)
    {
        var value = ReadDouble(input, row, from);
        if (to.Kind == TypeKind.Double) output.As<double>()[row] = value;
        else if (to.Kind == TypeKind.Float) output.As<float>()[row] = (float)value;
        else WriteInteger(output, row, ToInteger(value, to));
    }

    private static bool TryDecimal(in Column input, int row, SqlType from, in Column output, SqlType to)
    {
        if (from.Kind == TypeKind.Decimal)
            return DecimalKernel.TryRescale(DecimalKernel.Read(input, row), from.Scale, to.Scale, out var rescaled) && DecimalKernel.TryWrite(output, row, rescaled, to.Precision);
        if (from.IsInteger)
            return DecimalKernel.TryRescale(CastKernel.ReadInteger(input, row), 0, to.Scale, out var whole) && DecimalKernel.TryWrite(output, row, whole, to.Precision);
        return TryFromDouble(ReadDouble(input, row, from), to, out var unscaled) && DecimalKernel.TryWrite(output, row, unscaled, to.Precision);
    }

    private static double ReadDouble(in Column input, int row, SqlType from) =>
        from.Kind == TypeKind.Float ? input.As<float>()[input.IndexOf(row)] : input.As<double>()[input.IndexOf(row)];

    /// <summary>The nearest double; one exact division where both parts are exact, else by way of the digits.</summary>
    private static double ToDouble(Int128 value, int scale)
    {
        if (scale <= 22 && Int128.Abs(value) <= 1L << 53) return (long)value / (double)NumberText.PowerOfTen(scale);
        Span<byte> digits = stackalloc byte[64];
        value.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        digits[length++] = (byte)'e';
        digits[length++] = (byte)'-';
        System.Buffers.Text.Utf8Formatter.TryFormat(scale, digits[length..], out var more);
        return double.Parse(digits[..(length + more)], NumberStyles.Float, CultureInfo.InvariantCulture);
    }

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
        value.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture);
        fixed (byte* bytes = text) return NumberText.TryDecimal(bytes, length, to.Precision, to.Scale, out unscaled) == TextResult.Ok;
    }
}
