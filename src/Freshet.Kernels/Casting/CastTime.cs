using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Times;

namespace Freshet.Kernels.Casting;

/// <summary>
/// Dates and times as one another. A TIMESTAMP_LTZ is seen on the session's clock; a TIME as a timestamp is one of 1970-01-01;
/// digits that the target has not are cut. There is no cast between DATE and TIME.
/// </summary>
internal static class CastTime
{
    public static ScalarKernel? Of(SqlType from, SqlType to)
    {
        if (from.IsTimestamp) return to.IsTimestamp || to.Kind is TypeKind.Date or TypeKind.Time ? Between : null;
        if (from.Kind == TypeKind.Time && to.Kind == TypeKind.Time) return Between;
        return from.Kind is TypeKind.Date or TypeKind.Time && to.IsTimestamp ? Between : null;
    }

    private static Column Between(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => TimeRows.Run(context, arguments, types, default(CastRow));

    /// <summary>Milliseconds with so many digits of the second.</summary>
    internal static long Cut(long millis, int digits)
    {
        var unit = digits switch { 0 => 1000, 1 => 100, 2 => 10, _ => 1 };
        return millis / unit * unit;
    }

    private readonly struct CastRow : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value)
        {
            var (from, to) = (rows.Types.Arguments[0], rows.Types.Result);
            if (from.Kind == to.Kind && from.IsTimestamp)
            {
                value = rows.Raw(0, row);
                return true;
            }

            var (local, nanos) = rows.Local(0, row);
            var day = CivilDate.FloorDivide(local, TimeRounding.DayMicros);
            value = new(to.Kind switch
            {
                TypeKind.Date => day,
                TypeKind.Time => Cut((local - day * TimeRounding.DayMicros) / 1000, to.Precision),
                TypeKind.TimestampLtz => TimeText.ToUtc(local, rows.Context.TimeZone),
                _ => local,
            }, nanos);
            return true;
        }
    }
}
