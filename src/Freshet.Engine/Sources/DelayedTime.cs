using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Plan;

namespace Freshet.Engine.Sources;

/// <summary>The usual watermark, a time attribute less a fixed interval, in one loop over the column.</summary>
internal sealed unsafe class DelayedTime(int column, long delayMicros, SqlType type) : VectorExpression(type)
{
    private const int WholeMillisecondDigits = 3;

    /// <summary>The expression in this form, or as it is where it is another one.</summary>
    public static VectorExpression Of(BoundExpression watermark) =>
        watermark is BoundCall { Name: "-", Children: [BoundColumn time, BoundLiteral { IsNull: false, Type.Kind: TypeKind.IntervalDayTime } delay] }
        && time.Type is { Physical: PhysicalKind.Int64, IsTimestamp: true, Precision: >= WholeMillisecondDigits }
            ? new DelayedTime(time.Index, delay.Integer * 1000, watermark.Type)
            : watermark.Lower();

    public override Column Evaluate(EvaluationContext context)
    {
        var times = context.Input.Columns[column];
        var result = Column.Allocate(PhysicalKind.Int64, context.Rows, context.Memory);
        if (times.IsConstant) times = times.Flatten(context.Rows, context.Memory);
        result.Validity = times.Validity;
        var from = times.As<long>();
        var to = result.As<long>();
        for (var row = 0; row < context.Rows; row++) to[row] = from[row] - delayMicros;
        return result;
    }
}
