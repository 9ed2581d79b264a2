using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Times;

/// <summary>
/// Times and intervals added, subtracted and compared. An interval is ms (day to second) or months (year to month). Months are
/// added on the calendar, of a TIMESTAMP_LTZ on that of UTC as in Flink, the 31st becoming the last day of a shorter month; a day
/// is 24 hours.
/// A DATE moves by whole days only, a TIME goes round the clock.
/// </summary>
public static class TimeArithmetic
{
    private const long DayMillis = 86_400_000;

    /// <summary>x + interval (sign 1), x - interval (sign -1), for a time or an interval x.</summary>
    public static ScalarKernel AddInterval(int sign) => (context, arguments, types) => TimeRows.Run(context, arguments, types, new AddRow(sign));

    /// <summary>interval * number, with the interval first.</summary>
    public static Column MultiplyInterval(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        TimeRows.Run(context, arguments, types, default(MultiplyRow));

    /// <summary>TIMESTAMPDIFF(unit, from, to): whole units, towards zero.</summary>
    public static ScalarKernel Difference(TimeUnit unit) => (context, arguments, types) => TimeRows.Run(context, arguments, types, new DifferenceRow(unit));

    /// <summary>(x - y) unit as an interval: months, or ms.</summary>
    public static Column Minus(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        TimeRows.Run(context, arguments, types, default(MinusRow));

    private static long AddMonths(long micros, long months)
    {
        var days = CivilDate.FloorDivide(micros, TimeRounding.DayMicros);
        return CivilDate.AddMonths(days, months) * TimeRounding.DayMicros + (micros - days * TimeRounding.DayMicros);
    }

    /// <summary>Calcite's months between two moments.</summary>
    private static long MonthsBetween(long from, long to)
    {
        var fromDay = CivilDate.FloorDivide(from, TimeRounding.DayMicros);
        var toDay = CivilDate.FloorDivide(to, TimeRounding.DayMicros);
        var months = CivilDate.MonthsBetween(fromDay, toDay);
        var isLastPart = CivilDate.AddMonths(fromDay, months) == toDay && to - toDay * TimeRounding.DayMicros < from - fromDay * TimeRounding.DayMicros;
        return isLastPart ? months - 1 : months;
    }

    private readonly struct AddRow(int sign) : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value)
        {
            var (type, interval) = (rows.Types.Arguments[0], rows.Types.Arguments[1]);
            var amount = sign * rows.Integer(1, row);
            var (raw, nanos) = rows.Raw(0, row);
            var isMonths = interval.Kind == TypeKind.IntervalYearMonth;
            value = new(type.Kind switch
            {
                TypeKind.IntervalYearMonth or TypeKind.IntervalDayTime => raw + amount,
                TypeKind.Date => isMonths ? CivilDate.AddMonths(raw, amount) : raw + amount / DayMillis,
                TypeKind.Time => isMonths ? raw : CivilDate.FloorModulo(raw + amount, DayMillis),
                _ => isMonths ? AddMonths(raw, amount) : raw + amount * 1000,
            }, nanos);
            return true;
        }
    }

    private readonly struct MultiplyRow : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value)
        {
            value = new(rows.Integer(0, row) * rows.Integer(1, row));
            return true;
        }
    }

    private readonly struct DifferenceRow(TimeUnit unit) : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value)
        {
            // Flink counts on its millisecond clock: what is finer is no part of a difference.
            var from = Whole(rows.Local(0, row));
            var to = Whole(rows.Local(1, row));
            value = new(unit switch
            {
                TimeUnit.Year => MonthsBetween(from, to) / 12,
                TimeUnit.Quarter => MonthsBetween(from, to) / 3,
                TimeUnit.Month => MonthsBetween(from, to),
                TimeUnit.Week => (to - from) / (7 * TimeRounding.DayMicros),
                TimeUnit.Day => (to - from) / TimeRounding.DayMicros,
                TimeUnit.Hour => (to - from) / 3_600_000_000,
                TimeUnit.Minute => (to - from) / 60_000_000,
                TimeUnit.Second => (to - from) / 1_000_000,
                // Flink counts the seconds and gives them as milliseconds.
                TimeUnit.Millisecond => (to - from) / 1_000_000 * 1000,
                _ => (to - from) / 1_000_000 * 1_000_000,
            });
            return true;
        }

        private static long Whole(Moment moment) => CivilDate.FloorDivide(moment.Micros, 1000) * 1000;
    }

    private readonly struct MinusRow : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value)
        {
            var (left, right) = (rows.Local(0, row).Micros, rows.Local(1, row).Micros);
            value = new(rows.Types.Result.Kind == TypeKind.IntervalYearMonth ? MonthsBetween(right, left) : (left - right) / 1000);
            return true;
        }
    }
}
