using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Times;

/// <summary>
/// EXTRACT(unit FROM x), YEAR(x) and the like: BIGINT. DOW counts from Sunday = 1, ISODOW from Monday = 1; MILLISECOND and
/// finer are parts of the second. A day-time interval has its days, hours ... as parts, a year-month interval years and months.
/// </summary>
public static class TimeParts
{
    public static ScalarKernel Extract(TimeUnit unit) => (context, arguments, types) => types.Arguments[0].IsInterval
        ? TimeRows.Run(context, arguments, types, new IntervalRow(unit))
        : unit == TimeUnit.Hour && types.Arguments[0].Kind == TypeKind.Timestamp && arguments[0] is { Kind: PhysicalKind.Int64, IsConstant: false }
            ? Hours(context, arguments[0])
            : TimeRows.Run(context, arguments, types, new PartRow(unit));

    /// <summary>HOUR of a TIMESTAMP: two divisions by constants, on all rows.</summary>
    private static unsafe Column Hours(EvaluationContext context, in Column input)
    {
        const long HourMicros = 3_600_000_000;
        var output = Column.Allocate(PhysicalKind.Int64, context.Rows, context.Memory);
        output.Validity = input.Validity;
        var micros = new ReadOnlySpan<long>(input.Values, context.Rows);
        var hours = new Span<long>(output.Values, context.Rows);
        for (var row = 0; row < micros.Length; row++)
        {
            var ofDay = micros[row] % TimeRounding.DayMicros;
            hours[row] = (ofDay + (ofDay >> 63 & TimeRounding.DayMicros)) / HourMicros;
        }

        return output;
    }

    internal static long Part(TimeUnit unit, long micros, int nanos)
    {
        var days = CivilDate.FloorDivide(micros, TimeRounding.DayMicros);
        var ofDay = micros - days * TimeRounding.DayMicros;
        switch (unit)
        {
            case TimeUnit.Hour: return ofDay / 3_600_000_000;
            case TimeUnit.Minute: return ofDay / 60_000_000 % 60;
            case TimeUnit.Second: return ofDay / 1_000_000 % 60;
            case TimeUnit.Millisecond: return ofDay / 1000 % 1000;
            case TimeUnit.Microsecond: return ofDay % 1_000_000;
            case TimeUnit.Nanosecond: return ofDay % 1_000_000 * 1000 + nanos;
            case TimeUnit.Epoch: return CivilDate.FloorDivide(micros, 1_000_000);
            case TimeUnit.Dow: return CivilDate.DayOfWeek(days);
            case TimeUnit.IsoDow: return CivilDate.IsoDayOfWeek(days);
            case TimeUnit.Week: return CivilDate.IsoWeek(days);
            case TimeUnit.IsoYear: return CivilDate.IsoYear(days);
        }

        var date = CivilDate.Of(days);
        return unit switch
        {
            TimeUnit.Year => date.Year,
            TimeUnit.Quarter => (date.Month + 2) / 3,
            TimeUnit.Month => date.Month,
            TimeUnit.Day => date.Day,
            TimeUnit.Doy => date.DayOfYear,
            TimeUnit.Decade => CivilDate.FloorDivide(date.Year, 10),
            TimeUnit.Century => date.Year > 0 ? (date.Year + 99) / 100 : (date.Year - 99) / 100,
            _ => date.Year > 0 ? (date.Year + 999) / 1000 : (date.Year - 999) / 1000,
        };
    }

    private readonly struct PartRow(TimeUnit unit) : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value)
        {
            var moment = rows.Local(0, row);
            value = new(Part(unit, moment.Micros, moment.Nanos));
            return true;
        }
    }

    private readonly struct IntervalRow(TimeUnit unit) : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value)
        {
            var amount = rows.Integer(0, row);
            value = new(unit switch
            {
                TimeUnit.Year => amount / 12,
                TimeUnit.Quarter => amount % 12 / 3 + 1,
                TimeUnit.Month => amount % 12,
                TimeUnit.Decade => amount / 120,
                TimeUnit.Century => amount / 1200,
                TimeUnit.Millennium => amount / 12_000,
                TimeUnit.Day => amount / 86_400_000,
                TimeUnit.Hour => amount / 3_600_000 % 24,
                TimeUnit.Minute => amount / 60_000 % 60,
                TimeUnit.Second => amount / 1000 % 60,
                TimeUnit.Millisecond => amount % 60_000,
                TimeUnit.Microsecond => amount % 60_000 * 1000,
                _ => amount / 1000,
            });
            return true;
        }
    }
}
