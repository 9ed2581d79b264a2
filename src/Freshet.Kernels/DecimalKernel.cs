using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels;

/// <summary>
/// Exact decimals: unscaled 128-bit numbers with the scales of their types. A result of more digits than its type holds is
/// NULL, as in Flink; division rounds half up. Dividing by zero is an error of the row.
/// </summary>
public static unsafe class DecimalKernel
{
    /// <summary>The unscaled value of a row.</summary>
    public static Int128 Read(in Column column, int row)
    {
        var index = column.IndexOf(row);
        return column.Kind == PhysicalKind.Int64 ? column.As<long>()[index] : column.As<Int128>()[index];
    }

    /// <summary>Stores an unscaled value; false when it has more digits than the type.</summary>
    public static bool TryWrite(in Column column, int row, Int128 unscaled, int precision)
    {
        var limit = (Int128)NumberText.PowerOfTen(precision);
        if (unscaled >= limit || unscaled <= -limit) return false;
        if (column.Kind == PhysicalKind.Int64) column.As<long>()[row] = (long)unscaled;
        else column.As<Int128>()[row] = unscaled;
        return true;
    }

    /// <summary>A value of too many digits is NULL, and an error of the row where the type has no NULL.</summary>
    internal static void Overflow(EvaluationContext context, in Column output, int row, SqlType type)
    {
        output.SetNull(row);
        if (!type.IsNullable) context.Fail(row, $"The value has more digits than {type.Name}.");
    }

    /// <summary>A value at another scale; digits that fall away round half up. False on overflow of 38 digits.</summary>
    public static bool TryRescale(Int128 value, int from, int to, out Int128 result)
    {
        if (to == from)
        {
            result = value;
            return true;
        }

        if (to < from)
        {
            // No 128-bit number is half of 10^39.
            result = from - to > 38 ? 0 : DivideRounded(value, (Int128)NumberText.PowerOfTen(from - to));
            return true;
        }

        var factor = (Int128)NumberText.PowerOfTen(Math.Min(to - from, 38));
        var limit = (Int128)NumberText.PowerOfTen(38) / factor;
        result = value * factor;
        return value < limit && value > -limit;
    }

    /// <summary>Division that rounds half away from zero.</summary>
    public static Int128 DivideRounded(Int128 value, Int128 divisor)
    {
        var quotient = value / divisor;
        var rest = value - quotient * divisor;
        var twice = Int128.Abs(rest) >= Int128.Abs(divisor) - Int128.Abs(rest);
        return twice ? quotient + ((value < 0) == (divisor < 0) ? 1 : -1) : quotient;
    }

    internal static Column Compute<TOperation>(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
        where TOperation : struct, ArithmeticKernel.IOperation
    {
        var rows = context.Rows;
        var (left, right) = (arguments[0], arguments[1]);
        var (ls, rs, result) = (types.Arguments[0].Scale, types.Arguments[1].Scale, types.Result);
        var output = Column.Allocate(result.Physical, rows, context.Memory);
        output.Validity = ValidityKernel.Copy(ValidityKernel.All(arguments, rows, context.Memory, out var isNull), rows, context.Memory);
        if (isNull) return Column.ConstantNull(result.Physical, context.Memory);
        var isMultiply = typeof(TOperation) == typeof(ArithmeticKernel.MultiplyOperation);
        if (isMultiply && ls + rs == result.Scale && types.Arguments[0].Precision + types.Arguments[1].Precision <= result.Precision)
        {
            // The types leave room for every product: nothing to check, so inactive rows do no harm either.
            Products(left, right, output, rows);
            return output;
        }

        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (output.IsNull(row)) continue;
            var l = Read(left, row);
            var r = Read(right, row);
            Int128 value;
            bool fits;
            if (isMultiply)
            {
                fits = TryMultiply(l, r, out value) ? TryRescale(value, ls + rs, result.Scale, out value) : WideProduct.TryScaleDown(l, r, ls + rs - result.Scale, out value);
            }
            else if (TOperation.Divides)
            {
                if (r == 0)
                {
                    context.Fail(row, "Division by zero: guard it, for example with NULLIF(x, 0).");
                    output.SetNull(row);
                    continue;
                }

                if (TOperation.IsRemainder)
                {
                    var scale = Math.Max(ls, rs);
                    fits = TryRescale(l, ls, scale, out l) & TryRescale(r, rs, scale, out r);
                    value = fits ? l % r : 0;
                    fits = fits && TryRescale(value, scale, result.Scale, out value);
                }
                else
                {
                    fits = TryDivide(l, r, result.Scale + rs - ls, out value);
                }
            }
            else
            {
                fits = TryRescale(l, ls, result.Scale, out l) & TryRescale(r, rs, result.Scale, out r);
                value = TOperation.Invoke(l, r);
            }

            if (!fits || !TryWrite(output, row, value, result.Precision)) Overflow(context, output, row, result);
        }

        return output;
    }

    /// <summary>Products that have room in 128 bits, about 1 ns each; a constant of 64 bits takes two multiplications.</summary>
    private static void Products(in Column left, in Column right, in Column output, int rows)
    {
        if (left.IsConstant && !right.IsConstant)
        {
            Products(right, left, output, rows);
            return;
        }

        if (output.Kind == PhysicalKind.Int64)
        {
            for (var row = 0; row < rows; row++) output.As<long>()[row] = left.As<long>()[left.IndexOf(row)] * right.As<long>()[right.IndexOf(row)];
        }
        else if (right.IsConstant && left.Kind == PhysicalKind.Int128 && !left.IsConstant && Read(right, 0) is var factor && (long)factor == factor)
        {
            Products(left.As<ulong>(), (long)factor, output.As<ulong>(), rows);
        }
        else
        {
            for (var row = 0; row < rows; row++) output.As<Int128>()[row] = Read(left, row) * Read(right, row);
        }
    }

    /// <summary>128-bit numbers, low half first, by one of 64 bits; the low 128 bits of two's complement.</summary>
    private static void Products(ulong* numbers, long factor, ulong* products, int rows)
    {
        var f = (ulong)factor;
        var sign = (ulong)(factor >> 63);
        for (var i = 0; i < 2 * rows; i += 2)
        {
            var low = numbers[i];
            var high = Math.BigMul(low, f, out products[i]);
            products[i + 1] = high + numbers[i + 1] * f - (low & sign);
        }
    }

    private static bool TryMultiply(Int128 left, Int128 right, out Int128 product)
    {
        product = left * right;
        if ((long)left == left && (long)right == right) return true;
        return right == 0 || (product / right == left && !(left == -1 && right == Int128.MinValue));
    }

    /// <summary>left * 10^shift / right, rounded; with 256 bits between where 128 do not do.</summary>
    private static bool TryDivide(Int128 left, Int128 right, int shift, out Int128 quotient)
    {
        if (shift <= 0)
        {
            quotient = DivideRounded(left, right);
            return shift == 0 || TryRescale(quotient, -shift, 0, out quotient);
        }

        var factor = (Int128)NumberText.PowerOfTen(Math.Min(shift, 38));
        if (TryMultiply(left, factor, out var scaled) && shift <= 38)
        {
            quotient = DivideRounded(scaled, right);
            return true;
        }

        var wide = System.Numerics.BigInteger.Pow(10, shift) * (System.Numerics.BigInteger)left;
        var divisor = (System.Numerics.BigInteger)right;
        var result = System.Numerics.BigInteger.DivRem(wide, divisor, out var rest);
        if (System.Numerics.BigInteger.Abs(rest) * 2 >= System.Numerics.BigInteger.Abs(divisor)) result += (wide.Sign < 0) == (divisor.Sign < 0) ? 1 : -1;
        var fits = System.Numerics.BigInteger.Abs(result) < System.Numerics.BigInteger.Pow(10, 38);
        quotient = fits ? (Int128)result : 0;
        return fits;
    }
}
