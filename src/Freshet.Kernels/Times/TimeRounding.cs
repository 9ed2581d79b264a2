using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Times;

/// <summary>
/// FLOOR(x TO unit) and CEIL(x TO unit) of a date or time; the result has the argument's type. Weeks begin on Sunday, centuries
/// and millennia in year 1. CEIL to a week and more looks at the date alone, as in Flink: the first day of a month is its own month's ceiling at any
/// time of the day. Units finer than the value, and those of a day and more of a TIME, leave it as it is.
/// </summary>
public static class TimeRounding
{
    internal const long DayMicros = 86_400_000_000;

    public static ScalarKernel Round(TimeUnit unit, bool up) => (context, arguments, types) => TimeRows.Run(context, arguments, types, new RoundRow(unit, up));

    /// <summary>The last start of a unit that is not after the time.</summary>
    internal static long Floor(TimeUnit unit, long micros)
    {
        static long Cut(long value, long size) => CivilDate.FloorDivide(value, size) * size;
        switch (unit)
        {
            case TimeUnit.Nanosecond or TimeUnit.Microsecond: return micros;
            case TimeUnit.Millisecond: return Cut(micros, 1000);
            case TimeUnit.Second: return Cut(micros, 1_000_000);
            case TimeUnit.Minute: return Cut(micros, 60_000_000);
            case TimeUnit.Hour: return Cut(micros, 3_600_000_000);
            case TimeUnit.Day: return Cut(micros, DayMicros);
            case TimeUnit.Week:
                var day = CivilDate.FloorDivide(micros, DayMicros);
                return (day - CivilDate.DayOfWeek(day) + 1) * DayMicros;
        }

        var date = CivilDate.Of(CivilDate.FloorDivide(micros, DayMicros));
        static int Start(int year, int size) => (int)CivilDate.FloorDivide(year - 1, size) * size + 1;
        var first = unit switch
        {
            TimeUnit.Month => new CivilDate(date.Year, date.Month, 1),
            TimeUnit.Quarter => new CivilDate(date.Year, (date.Month - 1) / 3 * 3 + 1, 1),
            TimeUnit.Decade => new CivilDate((int)CivilDate.FloorDivide(date.Year, 10) * 10, 1, 1),
            TimeUnit.Century => new CivilDate(Start(date.Year, 100), 1, 1),
            TimeUnit.Millennium => new CivilDate(Start(date.Year, 1000), 1, 1),
            _ => new CivilDate(date.Year, 1, 1),
        };
        return first.Days * DayMicros;
    }

    private static long Next(TimeUnit unit, long floor)
    {
        var months = unit switch
        {
            TimeUnit.Month => 1,
            TimeUnit.Quarter => 3,
            TimeUnit.Year => 12,
            TimeUnit.Decade => 120,
            TimeUnit.Century => 1200,
            TimeUnit.Millennium => 12_000,
            _ => 0,
        };
        if (months > 0) return CivilDate.AddMonths(floor / DayMicros, months) * DayMicros;
        return floor + unit switch
        {
            TimeUnit.Millisecond => 1000,
            TimeUnit.Second => 1_000_000,
            TimeUnit.Minute => 60_000_000,
            TimeUnit.Hour => 3_600_000_000,
            TimeUnit.Day => DayMicros,
            _ => 7 * DayMicros,
        };
    }

    /// <summary>Whether the time's day begins a unit; of quarters Calcite knows the first one of a year alone.</summary>
    private static bool IsFirstDay(TimeUnit unit, long floor, long micros) =>
        floor == Floor(TimeUnit.Day, micros) && (unit != TimeUnit.Quarter || floor == Floor(TimeUnit.Year, micros));

    private readonly struct RoundRow(TimeUnit unit, bool up) : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value)
        {
            var type = rows.Types.Arguments[0];
            var local = rows.Local(0, row);
            if (unit == TimeUnit.Nanosecond || (type.Kind == TypeKind.Time && unit is not (TimeUnit.Hour or TimeUnit.Minute or TimeUnit.Second)))
            {
                value = rows.Raw(0, row);
                return true;
            }

            var floor = Floor(unit, local.Micros);
            if (up)
            {
                if (unit == TimeUnit.Microsecond) floor += local.Nanos > 0 ? 1 : 0;

                // Calcite's ceiling of a date to days and weeks is that of the moment after midnight: the next one.
                else if (unit is not (TimeUnit.Millisecond or TimeUnit.Second or TimeUnit.Minute or TimeUnit.Hour or TimeUnit.Day))
                    floor = IsFirstDay(unit, floor, local.Micros) ? floor : Next(unit, floor);
                else if (floor != local.Micros || local.Nanos > 0) floor = Next(unit, floor);
                else if (type.Kind == TypeKind.Date && unit == TimeUnit.Day) floor += DayMicros;
            }

            value = new(type.Kind switch
            {
                TypeKind.Date => CivilDate.FloorDivide(floor, DayMicros),
                TypeKind.Time => floor / 1000,
                TypeKind.TimestampLtz => TimeText.ToUtc(floor, rows.Context.TimeZone),
                _ => floor,
            });
            return true;
        }
    }
}
