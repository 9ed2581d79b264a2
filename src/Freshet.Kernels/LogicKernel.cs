using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels;

/// <summary>Three-valued logic over BOOLEAN columns.</summary>
public static unsafe class LogicKernel
{
    /// <summary>AND or OR of two columns.</summary>
    public static Column Combine(EvaluationContext context, in Column left, in Column right, bool isAnd)
    {
        var rows = context.Rows;
        var output = Column.Allocate(PhysicalKind.Bool, rows, context.Memory);
        var l = left.As<byte>();
        var r = right.As<byte>();
        var values = output.As<byte>();
        if (left.Validity is null && right.Validity is null && !left.IsConstant && !right.IsConstant)
        {
            // A side that was not computed for a row holds any byte; the other side decides, and the result is 0 or 1.
            for (var i = 0; i < rows; i++) values[i] = (byte)((isAnd ? l[i] & r[i] : l[i] | r[i]) & 1);
            return output;
        }

        var validity = output.Validity = context.Memory.AllocateBits(rows, false);
        var (leftStep, rightStep) = (left.IsConstant ? 0 : 1, right.IsConstant ? 0 : 1);

        // OR is AND of the opposites: with the bits turned, 0 decides in both.
        var turned = isAnd ? 0 : 1;
        for (var first = 0; first < rows; first += 64)
        {
            var valid = 0UL;
            var leftValid = Word(left, first);
            var rightValid = Word(right, first);
            var count = Math.Min(64, rows - first);
            for (var i = 0; i < count; i++)
            {
                var hasLeft = (int)(leftValid >> i) & 1;
                var hasRight = (int)(rightValid >> i) & 1;
                var decides = (hasLeft & ~(l[(first + i) * leftStep] ^ turned)) | (hasRight & ~(r[(first + i) * rightStep] ^ turned));
                values[first + i] = (byte)(~decides & 1 ^ turned);
                valid |= (ulong)(uint)((decides | (hasLeft & hasRight)) & 1) << i;
            }

            validity[first >> 6] = valid;
        }

        return output;
    }

    /// <summary>The validity of 64 rows.</summary>
    private static ulong Word(in Column column, int row) =>
        column.Validity is null ? ulong.MaxValue : column.IsConstant ? 0 - (column.Validity[0] & 1) : column.Validity[row >> 6];

    /// <summary>NOT x.</summary>
    public static Column Not(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var output = Column.Allocate(PhysicalKind.Bool, context.Rows, context.Memory);
        var input = arguments[0].Flatten(context.Rows, context.Memory);
        for (var i = 0; i < context.Rows; i++) output.As<byte>()[i] = (byte)(input.As<byte>()[i] ^ 1);
        output.Validity = input.Validity;
        return output;
    }

    public static Column IsNull(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Test(context, arguments[0], static (valid, _) => !valid);

    public static Column IsNotNull(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Test(context, arguments[0], static (valid, _) => valid);

    public static Column IsTrue(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Test(context, arguments[0], static (valid, value) => valid && value);

    public static Column IsNotTrue(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Test(context, arguments[0], static (valid, value) => !(valid && value));

    public static Column IsFalse(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Test(context, arguments[0], static (valid, value) => valid && !value);

    public static Column IsNotFalse(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Test(context, arguments[0], static (valid, value) => !(valid && !value));

    private static Column Test(EvaluationContext context, in Column input, Func<bool, bool, bool> test)
    {
        var output = Column.Allocate(PhysicalKind.Bool, context.Rows, context.Memory);
        var isBool = input.Kind == PhysicalKind.Bool;
        for (var i = 0; i < context.Rows; i++)
            output.As<byte>()[i] = test(input.IsValid(i), isBool && input.As<byte>()[input.IndexOf(i)] != 0) ? (byte)1 : (byte)0;
        return output;
    }
}
