namespace Freshet.Columns.Formats;

/// <summary>
/// A day of the proleptic Gregorian calendar, of any year, and the arithmetic on days and months that SQL needs.
/// Days are counted from 1970-01-01. The algorithms are Howard Hinnant's, "chrono-compatible low-level date algorithms".
/// </summary>
public readonly record struct CivilDate(int Year, int Month, int Day)
{
    private const int DaysPerEra = 146_097;

    public static CivilDate Of(long days)
    {
        var shifted = days + 719_468;
        var era = FloorDivide(shifted, DaysPerEra);
        var dayOfEra = (int)(shifted - era * DaysPerEra);
        var yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        var dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        var monthFromMarch = (5 * dayOfYear + 2) / 153;
        var month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        return new((int)(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1);
    }

    /// <summary>Days since 1970-01-01.</summary>
    public int Days => TimeText.DaysOf(Year, Month, Day);

    /// <summary>1 for 1 January.</summary>
    public int DayOfYear => Days - TimeText.DaysOf(Year, 1, 1) + 1;

    public static bool IsLeap(int year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    public static int DaysIn(int year, int month) => month == 2 ? IsLeap(year) ? 29 : 28 : month is 4 or 6 or 9 or 11 ? 30 : 31;

    /// <summary>1 for Sunday to 7 for Saturday.</summary>
    public static int DayOfWeek(long days) => (int)FloorModulo(days + 4, 7) + 1;

    /// <summary>1 for Monday to 7 for Sunday.</summary>
    public static int IsoDayOfWeek(long days) => (int)FloorModulo(days + 3, 7) + 1;

    /// <summary>The year that most days of the day's week (Monday to Sunday) belong to.</summary>
    public static int IsoYear(long days) => Of(days - IsoDayOfWeek(days) + 4).Year;

    /// <summary>The number of the day's week in its <see cref="IsoYear"/>.</summary>
    public static int IsoWeek(long days) => (Of(days - IsoDayOfWeek(days) + 4).DayOfYear + 6) / 7;

    /// <summary>The same day so many months later, or the last day of a shorter month.</summary>
    public static long AddMonths(long days, long months)
    {
        var date = Of(days);
        var index = date.Year * 12L + date.Month - 1 + months;
        var year = (int)FloorDivide(index, 12);
        var month = (int)FloorModulo(index, 12) + 1;
        return new CivilDate(year, month, Math.Min(date.Day, DaysIn(year, month))).Days;
    }

    /// <summary>Whole months from one day to another, by Calcite's rule: the most months that can be added without passing the day.</summary>
    public static long MonthsBetween(long from, long to)
    {
        if (to < from) return -MonthsBetween(to, from);
        for (var months = (to - from) / 31; ; months++)
        {
            if (AddMonths(from, months) >= to || AddMonths(from, months + 1) > to) return months;
        }
    }

    public static long FloorDivide(long value, long divisor)
    {
        var quotient = value / divisor;
        return value % divisor < 0 ? quotient - 1 : quotient;
    }

    public static long FloorModulo(long value, long divisor)
    {
        var rest = value % divisor;
        return rest < 0 ? rest + divisor : rest;
    }
}
