using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels;

/// <summary>The hidden column of positions: 128-bit numbers, never NULL.</summary>
public static unsafe class PositionKernel
{
    /// <summary>The later of two positions: that of a row of a join.</summary>
    public static Column Later(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var result = Column.Allocate(PhysicalKind.Int128, context.Rows, context.Memory);
        var (left, right) = (arguments[0], arguments[1]);
        for (var i = 0; i < context.Rows; i++)
            result.As<Int128>()[i] = Int128.Max(left.As<Int128>()[left.IndexOf(i)], right.As<Int128>()[right.IndexOf(i)]);
        return result;
    }
}
