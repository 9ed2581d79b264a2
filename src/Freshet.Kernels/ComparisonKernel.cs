using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels;

/// <summary>
/// = &lt;&gt; &lt; &lt;= &gt; &gt;= over values of one type. Text is compared by bytes, which is code point order; equal scales are the
/// caller's care for DECIMAL. IS [NOT] DISTINCT FROM counts NULL as a value.
/// </summary>
public static unsafe class ComparisonKernel
{
    public static Column Equal(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Dispatch<EqualTest>(context, arguments);

    public static Column NotEqual(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Dispatch<NotEqualTest>(context, arguments);

    public static Column Less(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Dispatch<LessTest>(context, arguments);

    public static Column LessOrEqual(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Dispatch<LessOrEqualTest>(context, arguments);

    public static Column Greater(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Dispatch<LessTest>(context, [arguments[1], arguments[0]]);

    public static Column GreaterOrEqual(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Dispatch<LessOrEqualTest>(context, [arguments[1], arguments[0]]);

    public static Column IsDistinct(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Distinct(context, arguments, 1);

    public static Column IsNotDistinct(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Distinct(context, arguments, 0);

    private static Column Distinct(EvaluationContext context, ReadOnlySpan<Column> arguments, byte whenDistinct)
    {
        var rows = context.Rows;
        var different = Dispatch<NotEqualTest>(context, arguments).Flatten(rows, context.Memory);
        var output = Column.Allocate(PhysicalKind.Bool, rows, context.Memory);
        for (var i = 0; i < rows; i++)
        {
            var (l, r) = (arguments[0].IsNull(i), arguments[1].IsNull(i));
            var distinct = l || r ? l != r : different.As<byte>()[i] != 0;
            output.As<byte>()[i] = distinct ? whenDistinct : (byte)(1 - whenDistinct);
        }

        return output;
    }

    private static Column Dispatch<TTest>(EvaluationContext context, ReadOnlySpan<Column> arguments)
        where TTest : struct, ITest
    {
        var rows = context.Rows;
        var validity = ValidityKernel.All(arguments, rows, context.Memory, out var isNull);
        if (isNull) return Column.ConstantNull(PhysicalKind.Bool, context.Memory);
        var output = Column.Allocate(PhysicalKind.Bool, rows, context.Memory);
        output.Validity = validity;
        var (left, right) = (arguments[0], arguments[1]);
        var o = output.As<byte>();
        switch (left.Kind)
        {
            case PhysicalKind.Bool: Loop<TTest, byte>(left, right, o, rows); break;
            case PhysicalKind.Int8: Loop<TTest, sbyte>(left, right, o, rows); break;
            case PhysicalKind.Int16: Loop<TTest, short>(left, right, o, rows); break;
            case PhysicalKind.Int32: Loop<TTest, int>(left, right, o, rows); break;
            case PhysicalKind.Int64: Loop<TTest, long>(left, right, o, rows); break;
            case PhysicalKind.Int128: Loop<TTest, Int128>(left, right, o, rows); break;
            case PhysicalKind.Float32: Loop<TTest, float>(left, right, o, rows); break;
            case PhysicalKind.Float64: Loop<TTest, double>(left, right, o, rows); break;
            default: TextLoop<TTest>(context, left, right, o); break;
        }

        return output;
    }

    private static void Loop<TTest, T>(in Column left, in Column right, byte* output, int rows)
        where TTest : struct, ITest
        where T : unmanaged, IComparable<T>, System.Numerics.IComparisonOperators<T, T, bool>
    {
        var l = left.As<T>();
        var r = right.As<T>();
        if (right.IsConstant && !left.IsConstant)
        {
            var value = r[0];
            for (var i = 0; i < rows; i++) output[i] = TTest.Invoke(l[i], value) ? (byte)1 : (byte)0;
        }
        else if (left.IsConstant)
        {
            var value = l[0];
            for (var i = 0; i < rows; i++) output[i] = TTest.Invoke(value, r[right.IndexOf(i)]) ? (byte)1 : (byte)0;
        }
        else
        {
            for (var i = 0; i < rows; i++) output[i] = TTest.Invoke(l[i], r[i]) ? (byte)1 : (byte)0;
        }
    }

    private static void TextLoop<TTest>(EvaluationContext context, in Column left, in Column right, byte* output)
        where TTest : struct, ITest
    {
        var l = left.As<StringView>();
        var r = right.As<StringView>();
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            var a = l + left.IndexOf(row);
            var b = r + right.IndexOf(row);
            output[row] = (TTest.IsEquality ? TTest.Invoke(a->Equals(*b) ? 0 : 1, 0) : TTest.Invoke(StringView.Compare(a, b), 0)) ? (byte)1 : (byte)0;
        }
    }

    private interface ITest
    {
        static abstract bool IsEquality { get; }

        static abstract bool Invoke<T>(T left, T right)
            where T : System.Numerics.IComparisonOperators<T, T, bool>;
    }

    private readonly struct EqualTest : ITest
    {
        public static bool IsEquality => true;

        public static bool Invoke<T>(T left, T right)
            where T : System.Numerics.IComparisonOperators<T, T, bool> => left == right;
    }

    private readonly struct NotEqualTest : ITest
    {
        public static bool IsEquality => true;

        public static bool Invoke<T>(T left, T right)
            where T : System.Numerics.IComparisonOperators<T, T, bool> => left != right;
    }

    private readonly struct LessTest : ITest
    {
        public static bool IsEquality => false;

        public static bool Invoke<T>(T left, T right)
            where T : System.Numerics.IComparisonOperators<T, T, bool> => left < right;
    }

    private readonly struct LessOrEqualTest : ITest
    {
        public static bool IsEquality => false;

        public static bool Invoke<T>(T left, T right)
            where T : System.Numerics.IComparisonOperators<T, T, bool> => left <= right;
    }
}
