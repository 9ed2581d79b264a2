using System.Runtime.CompilerServices;
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

        // OR is AND of the opposites: with the bits turned, 0 decides in both.
        var turned = isAnd ? 0UL : ulong.MaxValue;
        for (var first = 0; first < rows; first += 64)
        {
            var count = Math.Min(64, rows - first);
            var (leftValid, rightValid) = (Word(left, first), Word(right, first));
            var decided = (leftValid & ~(Truth(left, first, count) ^ turned)) | (rightValid & ~(Truth(right, first, count) ^ turned));
            validity[first >> 6] = (decided | (leftValid & rightValid)) & (ulong.MaxValue >> (64 - count));
            Spread(~decided ^ turned, values + first, count);
        }

        return output;
    }

    /// <summary>The values of up to 64 rows, a bit each. Bytes are 0 or 1.</summary>
    private static ulong Truth(in Column column, int row, int count)
    {
        var values = column.As<byte>();
        if (column.IsConstant) return 0 - (ulong)(values[0] & 1);
        var bits = 0UL;
        var i = 0;
        for (values += row; i + 8 <= count; i += 8)
        {
            // The lowest bits of eight bytes, the first byte's first, come together in the highest byte of the product.
            var eight = Unsafe.ReadUnaligned<ulong>(values + i) & 0x0101_0101_0101_0101;
            bits |= eight * 0x0102_0408_1020_4080 >> 56 << i;
        }

        for (; i < count; i++) bits |= (ulong)(values[i] & 1) << i;
        return bits;
    }

    /// <summary>A byte of 0 or 1 for each bit.</summary>
    private static void Spread(ulong bits, byte* values, int count)
    {
        var i = 0;
        for (; i + 8 <= count; i += 8)
        {
            var eight = (bits >> i & 0xFF) * 0x0101_0101_0101_0101 & 0x8040_2010_0804_0201;
            Unsafe.WriteUnaligned(values + i, eight + 0x7F7F_7F7F_7F7F_7F7F >> 7 & 0x0101_0101_0101_0101);
        }

        for (; i < count; i++) values[i] = (byte)(bits >> i & 1);
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
