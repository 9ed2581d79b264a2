using Freshet.Columns;
using Freshet.Columns.Types;

namespace Freshet.Kernels.Expressions;

/// <summary>The watermark at each row's own position as a time in whole milliseconds; NULL where there is none yet, or the batch says nothing of it.</summary>
public sealed unsafe class RowWatermark(SqlType type) : VectorExpression(type)
{
    private const long None = long.MinValue;
    private const long MillisecondMicros = 1000;

    public override Column Evaluate(EvaluationContext context)
    {
        var result = Column.Allocate(PhysicalKind.Int64, context.Rows, context.Memory);
        var watermarks = context.Input.RowWatermarks;
        result.Validity = context.Memory.AllocateBits(context.Rows, watermarks is not null);
        if (watermarks is null) return result;
        var values = result.As<long>();
        for (var row = 0; row < context.Rows; row++)
        {
            if (watermarks[row] == None) result.SetNull(row);
            else values[row] = watermarks[row] - (((watermarks[row] % MillisecondMicros) + MillisecondMicros) % MillisecondMicros);
        }

        return result;
    }
}
