using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Rows;

namespace Freshet.Kernels.Numbers;

/// <summary>
/// ROUND and TRUNCATE(x [, digits]): digits after the point, before it where negative; ROUND goes half away from zero. DOUBLE
/// and FLOAT are rounded as the decimal number that they are written as, so that ROUND(1.005, 2) is 1.01 as in Java. An integer
/// that leaves its type wraps, as in Flink.
/// </summary>
public readonly struct ToDigits(bool truncates) : IRowFunction
{
    public unsafe bool TryRow(RowLoop rows, ReadOnlySpan<Column> arguments, int row)
    {
        var digits = arguments.Length > 1 ? RowLoop.Int(arguments[1], row) : 0;
        var type = rows.Types.Arguments[0];
        switch (type.Kind)
        {
            case TypeKind.Float: return rows.Store(Rounded(arguments[0].As<float>()[arguments[0].IndexOf(row)], digits));
            case TypeKind.Double: return rows.Store(Rounded(RowLoop.Double(arguments[0], row), digits));
            case TypeKind.Decimal:
                var unscaled = Rounded(DecimalKernel.Read(arguments[0], row), type.Scale, digits);
                return DecimalKernel.TryRescale(unscaled, type.Scale, rows.Types.Result.Scale, out var result) && rows.StoreUnscaled(result);
            default: return rows.Store((long)Rounded(RowLoop.Integer(arguments[0], row), 0, digits));
        }
    }

    private Int128 Rounded(Int128 unscaled, int scale, int digits)
    {
        if (digits >= scale) return unscaled;
        if (scale - (long)digits > 38) return 0;
        var unit = (Int128)NumberText.PowerOfTen(scale - digits);
        return (truncates ? unscaled / unit : DecimalKernel.DivideRounded(unscaled, unit)) * unit;
    }

    private double Rounded(double value, int digits)
    {
        if (!double.IsFinite(value) || value == 0) return value;
        var number = DecimalDigits.Of(value);
        if (number.Scale <= digits) return value;
        number.Round(digits, truncates);
        return number.ToDouble();
    }
}
