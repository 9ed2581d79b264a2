using System.Numerics;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels;

/// <summary>
/// + - * / % and unary minus over numbers of one type. Integers wrap on overflow, as in Flink; dividing an integer by zero is an
/// error of the row; FLOAT and DOUBLE follow IEEE 754. DECIMAL is exact to 38 digits: NULL beyond, as in Flink.
/// Cost: about 1 ns a row and operation for 8-byte numbers.
/// </summary>
public static unsafe class ArithmeticKernel
{
    public static Column Add(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Dispatch<AddOperation>(context, arguments, types);

    public static Column Subtract(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Dispatch<SubtractOperation>(context, arguments, types);

    public static Column Multiply(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Dispatch<MultiplyOperation>(context, arguments, types);

    public static Column Divide(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Dispatch<DivideOperation>(context, arguments, types);

    public static Column Remainder(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Dispatch<RemainderOperation>(context, arguments, types);

    public static Column Negate(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var rows = context.Rows;
        var input = arguments[0].Flatten(rows, context.Memory);
        var output = Column.Allocate(input.Kind, rows, context.Memory);
        output.Validity = input.Validity;
        switch (input.Kind)
        {
            case PhysicalKind.Int8: NegateLoop(input.As<sbyte>(), output.As<sbyte>(), rows); break;
            case PhysicalKind.Int16: NegateLoop(input.As<short>(), output.As<short>(), rows); break;
            case PhysicalKind.Int32: NegateLoop(input.As<int>(), output.As<int>(), rows); break;
            case PhysicalKind.Int64: NegateLoop(input.As<long>(), output.As<long>(), rows); break;
            case PhysicalKind.Int128: NegateLoop(input.As<Int128>(), output.As<Int128>(), rows); break;
            case PhysicalKind.Float32: NegateLoop(input.As<float>(), output.As<float>(), rows); break;
            default: NegateLoop(input.As<double>(), output.As<double>(), rows); break;
        }

        return output;
    }

    private static void NegateLoop<T>(T* input, T* output, int rows)
        where T : unmanaged, INumber<T>
    {
        for (var i = 0; i < rows; i++) output[i] = unchecked(-input[i]);
    }

    private static Column Dispatch<TOperation>(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
        where TOperation : struct, IOperation
    {
        if (types.Result.Kind == TypeKind.Decimal) return DecimalKernel.Compute<TOperation>(context, arguments, types);
        return arguments[0].Kind switch
        {
            PhysicalKind.Int8 => Compute<TOperation, sbyte>(context, arguments),
            PhysicalKind.Int16 => Compute<TOperation, short>(context, arguments),
            PhysicalKind.Int32 => Compute<TOperation, int>(context, arguments),
            PhysicalKind.Int64 => Compute<TOperation, long>(context, arguments),
            PhysicalKind.Float32 => Compute<TOperation, float>(context, arguments),
            _ => Compute<TOperation, double>(context, arguments),
        };
    }

    private static Column Compute<TOperation, T>(EvaluationContext context, ReadOnlySpan<Column> arguments)
        where TOperation : struct, IOperation
        where T : unmanaged, INumber<T>
    {
        var rows = context.Rows;
        var (left, right) = (arguments[0], arguments[1]);
        var output = Column.Allocate(left.Kind, rows, context.Memory);
        var l = left.As<T>();
        var r = right.As<T>();
        var o = output.As<T>();
        output.Validity = ValidityKernel.All(arguments, rows, context.Memory, out var isNull);
        if (isNull) return Column.ConstantNull(left.Kind, context.Memory);
        if (TOperation.Divides && (typeof(T) != typeof(double) && typeof(T) != typeof(float)))
        {
            DivideLoop<TOperation, T>(context, left, right, ref output);
        }
        else if (left.IsConstant)
        {
            var value = l[0];
            for (var i = 0; i < rows; i++) o[i] = TOperation.Invoke(value, r[right.IndexOf(i)]);
        }
        else if (right.IsConstant)
        {
            var value = r[0];
            for (var i = 0; i < rows; i++) o[i] = TOperation.Invoke(l[i], value);
        }
        else
        {
            for (var i = 0; i < rows; i++) o[i] = TOperation.Invoke(l[i], r[i]);
        }

        return output;
    }

    private static void DivideLoop<TOperation, T>(EvaluationContext context, in Column left, in Column right, ref Column output)
        where TOperation : struct, IOperation
        where T : unmanaged, INumber<T>
    {
        if (right.IsConstant && !left.IsConstant && !T.IsZero(*right.As<T>()) && *right.As<T>() != -T.One && context.ActiveCount > context.Rows / 2)
        {
            // Nothing can fail: also the rows that do not matter are divided.
            var by = *right.As<T>();
            var dividends = left.As<T>();
            var results = output.As<T>();
            for (var i = 0; i < context.Rows; i++) results[i] = TOperation.Invoke(dividends[i], by);
            return;
        }

        new Span<T>(output.Values, context.Rows).Clear();
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (output.Validity is not null && output.IsNull(row)) continue;
            var divisor = right.As<T>()[right.IndexOf(row)];
            var dividend = left.As<T>()[left.IndexOf(row)];
            if (T.IsZero(divisor))
            {
                context.Fail(row, "Division by zero: guard it, for example with NULLIF(x, 0).");
                output.Validity = ValidityKernel.Copy(output.Validity, context.Rows, context.Memory);
                output.SetNull(row);
            }
            else if (divisor == -T.One)
            {
                // The smallest value divided by -1 wraps in Java and traps in the processor.
                output.As<T>()[row] = TOperation.IsRemainder ? T.Zero : unchecked(T.Zero - dividend);
            }
            else
            {
                output.As<T>()[row] = TOperation.Invoke(dividend, divisor);
            }
        }
    }

    /// <summary>An operation of two numbers of one type.</summary>
    internal interface IOperation
    {
        static abstract bool Divides { get; }

        static abstract bool IsRemainder { get; }

        static abstract T Invoke<T>(T left, T right)
            where T : INumber<T>;
    }

    internal readonly struct AddOperation : IOperation
    {
        public static bool Divides => false;

        public static bool IsRemainder => false;

        public static T Invoke<T>(T left, T right)
            where T : INumber<T> => unchecked(left + right);
    }

    internal readonly struct SubtractOperation : IOperation
    {
        public static bool Divides => false;

        public static bool IsRemainder => false;

        public static T Invoke<T>(T left, T right)
            where T : INumber<T> => unchecked(left - right);
    }

    internal readonly struct MultiplyOperation : IOperation
    {
        public static bool Divides => false;

        public static bool IsRemainder => false;

        public static T Invoke<T>(T left, T right)
            where T : INumber<T> => unchecked(left * right);
    }

    internal readonly struct DivideOperation : IOperation
    {
        public static bool Divides => true;

        public static bool IsRemainder => false;

        public static T Invoke<T>(T left, T right)
            where T : INumber<T> => left / right;
    }

    internal readonly struct RemainderOperation : IOperation
    {
        public static bool Divides => true;

        public static bool IsRemainder => true;

        public static T Invoke<T>(T left, T right)
            where T : INumber<T> => left % right;
    }
}
