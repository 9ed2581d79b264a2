using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Times;

/// <summary>The step's journaled clock as a value: the same for all rows of a step.</summary>
public static class Clock
{
    /// <summary>TIMESTAMP_LTZ, or TIMESTAMP, DATE or TIME on the session's clock.</summary>
    public static Column Now(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var local = TimeText.ToLocal(context.ClockMicros, context.TimeZone);
        var day = CivilDate.FloorDivide(local, TimeRounding.DayMicros);
        return types.Result.Kind switch
        {
            TypeKind.TimestampLtz => Column.Constant(PhysicalKind.Int64, TimeText.Truncate(context.ClockMicros, 3), context.Memory),
            TypeKind.Date => Column.Constant(PhysicalKind.Int32, (int)day, context.Memory),
            TypeKind.Time => Column.Constant(PhysicalKind.Int32, (int)((local - day * TimeRounding.DayMicros) / 1_000_000) * 1000, context.Memory),
            _ => Column.Constant(PhysicalKind.Int64, TimeText.Truncate(local, 3), context.Memory),
        };
    }

    /// <summary>UNIX_TIMESTAMP(): seconds since 1970.</summary>
    public static Column UnixTime(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Column.Constant(PhysicalKind.Int64, CivilDate.FloorDivide(context.ClockMicros, 1_000_000), context.Memory);
}
