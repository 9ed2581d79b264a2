using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels;

/// <summary>Functions over numbers beyond arithmetic. Arguments of the DOUBLE ones are DOUBLE.</summary>
public static unsafe class NumberKernel
{
    /// <summary>A function of one DOUBLE.</summary>
    public static ScalarKernel OfDouble(Func<double, double> function) => (context, arguments, _) =>
    {
        var input = arguments[0].Flatten(context.Rows, context.Memory);
        var output = Column.Allocate(PhysicalKind.Float64, context.Rows, context.Memory);
        output.Validity = input.Validity;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            output.As<double>()[row] = function(input.As<double>()[row]);
        }

        return output;
    };

    public static ScalarKernel OfDoubles(Func<double, double, double> function) => (context, arguments, _) =>
    {
        var output = Column.Allocate(PhysicalKind.Float64, context.Rows, context.Memory);
        output.Validity = ValidityKernel.All(arguments, context.Rows, context.Memory, out var isNull);
        if (isNull) return Column.ConstantNull(PhysicalKind.Float64, context.Memory);
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            output.As<double>()[row] = function(arguments[0].As<double>()[arguments[0].IndexOf(row)], arguments[1].As<double>()[arguments[1].IndexOf(row)]);
        }

        return output;
    };

    public static Column Abs(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Map(context, arguments[0], types, static (v, _) => Int128.Abs(v), static (v, _) => Math.Abs(v), 0);

    public static Column Sign(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Map(context, arguments[0], types, static (v, one) => Int128.Sign(v) * one, static (v, _) => Numbers.JavaMath.Signum(v), 0);

    public static Column Floor(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Map(context, arguments[0], types, static (v, one) => v >= 0 ? v / one : -((-v + one - 1) / one), static (v, _) => Math.Floor(v), 0);

    public static Column Ceiling(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Map(context, arguments[0], types, static (v, one) => v >= 0 ? (v + one - 1) / one : -(-v / one), static (v, _) => Math.Ceiling(v), 0);

    private static Column Map(EvaluationContext context, in Column input, CallTypes types, Func<Int128, Int128, Int128> exact, Func<double, int, double> approximate, int digits)
    {
        var type = types.Arguments[0];
        if (input.IsConstant && input.IsNull(0)) return Column.ConstantNull(types.Result.Physical, context.Memory);
        var output = Column.Allocate(types.Result.Physical, context.Rows, context.Memory);
        output.Validity = input.IsConstant ? null : input.Validity;
        var one = type.Kind == TypeKind.Decimal ? (Int128)NumberText.PowerOfTen(type.Scale) : 1;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (input.IsNull(row)) continue;
            var index = input.IndexOf(row);
            switch (type.Kind)
            {
                case TypeKind.Float: output.As<float>()[row] = (float)approximate(input.As<float>()[index], digits); break;
                case TypeKind.Double: output.As<double>()[row] = approximate(input.As<double>()[index], digits); break;
                case TypeKind.Decimal: DecimalKernel.TryWrite(output, row, exact(DecimalKernel.Read(input, row), one), types.Result.Precision); break;
                default: WriteInteger(output, row, (long)exact(CastKernel.ReadInteger(input, row), 1)); break;
            }
        }

        return output;
    }

    private static void WriteInteger(in Column output, int row, long value)
    {
        switch (output.Kind)
        {
            case PhysicalKind.Int8: output.As<sbyte>()[row] = (sbyte)value; break;
            case PhysicalKind.Int16: output.As<short>()[row] = (short)value; break;
            case PhysicalKind.Int32: output.As<int>()[row] = (int)value; break;
            default: output.As<long>()[row] = value; break;
        }
    }
}
