using System.Globalization;
using Freshet.Columns.Formats;

namespace Freshet.Kernels.Times;

/// <summary>Writes times by a <see cref="JavaTimePattern"/>. Any thread; no allocation.</summary>
internal static class JavaTimeText
{
    private const long DayMicros = 86_400_000_000;

    /// <summary>English names, as Java's root and US locales have them.</summary>
    internal static readonly string[] Months = CultureInfo.InvariantCulture.DateTimeFormat.MonthNames;
    internal static readonly string[] ShortMonths = CultureInfo.InvariantCulture.DateTimeFormat.AbbreviatedMonthNames;

    /// <summary>From Sunday.</summary>
    internal static readonly string[] Days = CultureInfo.InvariantCulture.DateTimeFormat.DayNames;

    /// <summary>Appends a local time; false where the pattern asks for what a time does not have, then <paramref name="letter"/> says what.</summary>
    /// <param name="offsetSeconds">The distance of the local time from UTC, for zone letters; null where there is none.</param>
    public static bool TryWrite(JavaTimePattern pattern, long micros, int nanos, int? offsetSeconds, Utf8Buffer buffer, out char letter)
    {
        var day = CivilDate.FloorDivide(micros, DayMicros);
        var ofDay = micros - day * DayMicros;
        var date = CivilDate.Of(day);
        foreach (var element in pattern.Elements)
        {
            letter = element.Letter;
            if (element.Letter == '\'') buffer.Write(element.Text);
            else if (element.Letter is '[' or ']') continue;
            else if (!TryDate(element, pattern.IsSimple, day, date, buffer) && !TryClock(element, pattern.IsSimple, ofDay, nanos, buffer) && !TryZone(element, offsetSeconds, buffer)) return false;
        }

        letter = '\0';
        return true;
    }

    private static bool TryDate(in JavaTimePattern.Element element, bool isSimple, long day, CivilDate date, Utf8Buffer buffer)
    {
        var count = element.Count;
        switch (element.Letter)
        {
            case 'G': Write(date.Year > 0 ? "AD" : "BC", buffer); break;
            case 'u' when isSimple: Number(CivilDate.IsoDayOfWeek(day), count, buffer); break;
            case 'u': Year(date.Year, count, buffer); break;
            case 'y': Year(date.Year > 0 ? date.Year : 1 - date.Year, count, buffer); break;
            case 'Y': Year(WeekYear(day, date), count, buffer); break;
            case 'M' or 'L' when count == 3: Write(ShortMonths[date.Month - 1], buffer); break;
            case 'M' or 'L' when count == 5 && !isSimple: Write(Months[date.Month - 1].AsSpan(0, 1), buffer); break;
            case 'M' or 'L' when count > 3: Write(Months[date.Month - 1], buffer); break;
            case 'M' or 'L': Number(date.Month, count, buffer); break;
            case 'Q' or 'q' when count == 3: Write("Q", buffer); Number((date.Month + 2) / 3, 1, buffer); break;
            case 'Q' or 'q' when count > 3: Write(((date.Month + 2) / 3) switch { 1 => "1st quarter", 2 => "2nd quarter", 3 => "3rd quarter", _ => "4th quarter" }, buffer); break;
            case 'Q' or 'q': Number((date.Month + 2) / 3, count, buffer); break;
            case 'd': Number(date.Day, count, buffer); break;
            case 'D': Number(date.DayOfYear, count, buffer); break;
            case 'F' when isSimple: Number((date.Day + 6) / 7, count, buffer); break;
            case 'F': Number((date.Day - 1) % 7 + 1, count, buffer); break;
            case 'W': Number((date.Day + 5 + CivilDate.DayOfWeek(day - date.Day + 1)) / 7, count, buffer); break;
            case 'w': Number(WeekOfYear(day, date), count, buffer); break;
            case 'E' or 'e' or 'c' when element.Letter == 'E' || count > 2: Write(Name(Days[CivilDate.DayOfWeek(day) - 1], count, isSimple), buffer); break;
            case 'e' or 'c': Number(CivilDate.DayOfWeek(day), count, buffer); break;
            default: return false;
        }

        return true;
    }

    private static bool TryClock(in JavaTimePattern.Element element, bool isSimple, long ofDay, int nanos, Utf8Buffer buffer)
    {
        var count = element.Count;
        var hour = ofDay / 3_600_000_000;
        switch (element.Letter)
        {
            case 'a': Write(hour < 12 ? "AM" : "PM", buffer); break;
            case 'H': Number(hour, count, buffer); break;
            case 'k': Number(hour == 0 ? 24 : hour, count, buffer); break;
            case 'K': Number(hour % 12, count, buffer); break;
            case 'h': Number(hour % 12 == 0 ? 12 : hour % 12, count, buffer); break;
            case 'm': Number(ofDay / 60_000_000 % 60, count, buffer); break;
            case 's': Number(ofDay / 1_000_000 % 60, count, buffer); break;
            case 'S' when isSimple: Number(ofDay / 1000 % 1000, count, buffer); break;
            case 'S': Fraction(ofDay % 1_000_000 * 1000 + nanos, count, buffer); break;
            case 'A': Number(ofDay / 1000, count, buffer); break;
            case 'n': Number(ofDay % 1_000_000 * 1000 + nanos, count, buffer); break;
            case 'N': Number(ofDay * 1000 + nanos, count, buffer); break;
            default: return false;
        }

        return true;
    }

    private static bool TryZone(in JavaTimePattern.Element element, int? offset, Utf8Buffer buffer)
    {
        if (offset is not { } seconds || element.Letter is not ('X' or 'Z' or 'z')) return false;
        if (element.Letter == 'z')
        {
            // Java's names of zones are data that .NET does not have; UTC is the one that is sure.
            if (seconds != 0) return false;
            Write("UTC", buffer);
            return true;
        }

        if (element.Letter == 'X' && seconds == 0)
        {
            buffer.Write((byte)'Z');
            return true;
        }

        buffer.Write(seconds < 0 ? (byte)'-' : (byte)'+');
        seconds = Math.Abs(seconds);
        Number(seconds / 3600, 2, buffer);
        if (element is { Letter: 'X', Count: 1 }) return true;
        if (element is { Letter: 'X', Count: 3 }) buffer.Write((byte)':');
        Number(seconds / 60 % 60, 2, buffer);
        return true;
    }

    private static ReadOnlySpan<char> Name(string name, int count, bool isSimple) =>
        count <= 3 ? name.AsSpan(0, 3) : count == 5 && !isSimple ? name.AsSpan(0, 1) : name;

    /// <summary>Weeks begin on Sunday, and that of 1 January is the first, as in Java's US locale.</summary>
    private static int WeekOfYear(long day, CivilDate date)
    {
        if (WeekYear(day, date) != date.Year) return 1;
        var first = day - date.DayOfYear + 1;
        return (int)(day - (first - CivilDate.DayOfWeek(first) + 1)) / 7 + 1;
    }

    private static int WeekYear(long day, CivilDate date)
    {
        var saturday = day - CivilDate.DayOfWeek(day) + 7;
        return CivilDate.Of(saturday).Year > date.Year ? date.Year + 1 : date.Year;
    }

    private static void Year(int year, int count, Utf8Buffer buffer)
    {
        if (count == 2) Number(CivilDate.FloorModulo(year, 100), 2, buffer);
        else Number(year, count, buffer);
    }

    private static void Fraction(long nanos, int count, Utf8Buffer buffer)
    {
        long unit = 100_000_000;
        for (var i = 0; i < count; i++, unit /= 10) buffer.Write((byte)('0' + (unit == 0 ? 0 : nanos / unit % 10)));
    }

    private static void Number(long value, int digits, Utf8Buffer buffer)
    {
        if (value < 0)
        {
            buffer.Write((byte)'-');
            value = -value;
        }

        var length = 1;
        for (var rest = value; rest >= 10; rest /= 10) length++;
        for (; length < digits; digits--) buffer.Write((byte)'0');
        buffer.Write(value);
    }

    private static void Write(ReadOnlySpan<char> text, Utf8Buffer buffer) =>
        buffer.Advance(System.Text.Encoding.UTF8.GetBytes(text, buffer.GetSpan(text.Length * 3)));
}
