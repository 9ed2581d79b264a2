using System.Globalization;

namespace Freshet.Server.Ingest;

/// <summary>
/// Times as clients write them (ISO-8601 with any fraction, Z, an offset, or none, which is UTC; a date alone is its midnight)
/// and as the log keeps them (<c>2026-11-22T10:05:51.496Z</c>): milliseconds since 1970, years 1 to 9999.
/// </summary>
internal static class EventTime
{
    /// <summary>Bytes of the written form, without quotes.</summary>
    public const int WrittenBytes = 24;

    public const long Min = -62135596800000;
    public const long Max = 253402300799999;

    private static ReadOnlySpan<int> DaysBeforeMonth => [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

    public static bool TryParse(ReadOnlySpan<byte> text, out long milliseconds)
    {
        milliseconds = 0;
        if (text.Length < 10 || text[4] != '-' || text[7] != '-') return false;
        if (!Digits(text[..4], out var year) || !Digits(text[5..7], out var month) || !Digits(text[8..10], out var day)) return false;
        if (year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month)) return false;
        milliseconds = Days(year, month, day) * 86_400_000L;
        text = text[10..];
        if (text.IsEmpty) return true;

        if ((text[0] | 0x20) is not ('t' or ' ') || text.Length < 6 || text[3] != ':') return false;
        if (!Digits(text[1..3], out var hour) || !Digits(text[4..6], out var minute) || hour > 23 || minute > 59) return false;
        text = text[6..];
        var second = 0;
        if (text.Length >= 3 && text[0] == ':')
        {
            if (!Digits(text[1..3], out second) || second > 60) return false;
            second = Math.Min(second, 59); // a leap second is the second before it
            text = text[3..];
        }

        var fraction = 0;
        if (text.Length > 1 && text[0] is (byte)'.' or (byte)',')
        {
            var digits = 1;
            for (; digits < text.Length && char.IsAsciiDigit((char)text[digits]); digits++)
                if (digits <= 3) fraction = fraction * 10 + (text[digits] - '0');
            if (digits == 1) return false;
            for (var i = digits; i <= 3; i++) fraction *= 10;
            text = text[digits..];
        }

        milliseconds += ((hour * 60L + minute) * 60 + second) * 1000 + fraction;
        return TryOffset(text, out var offsetMinutes) && InRange(milliseconds -= offsetMinutes * 60_000L);
    }

    /// <summary>Writes <see cref="WrittenBytes"/> bytes.</summary>
    public static void Write(long milliseconds, Span<byte> to)
    {
        var time = DateTime.UnixEpoch.AddMilliseconds(Math.Clamp(milliseconds, Min, Max));
        Four(time.Year, to);
        to[4] = (byte)'-';
        Two(time.Month, to[5..]);
        to[7] = (byte)'-';
        Two(time.Day, to[8..]);
        to[10] = (byte)'T';
        Two(time.Hour, to[11..]);
        to[13] = (byte)':';
        Two(time.Minute, to[14..]);
        to[16] = (byte)':';
        Two(time.Second, to[17..]);
        to[19] = (byte)'.';
        var ms = time.Millisecond;
        to[20] = (byte)('0' + ms / 100);
        Two(ms % 100, to[21..]);
        to[23] = (byte)'Z';
    }

    public static string Text(long milliseconds) =>
        DateTime.UnixEpoch.AddMilliseconds(Math.Clamp(milliseconds, Min, Max)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static bool InRange(long milliseconds) => milliseconds is >= Min and <= Max;

    private static long Days(int year, int month, int day)
    {
        var before = year - 1;
        var days = before * 365L + before / 4 - before / 100 + before / 400 + DaysBeforeMonth[month - 1] + day - 1;
        if (month > 2 && DateTime.IsLeapYear(year)) days++;
        return days - 719162;
    }

    private static bool TryOffset(ReadOnlySpan<byte> text, out int minutes)
    {
        minutes = 0;
        if (text.IsEmpty) return true;
        if (text.Length == 1) return (text[0] | 0x20) == 'z';
        if (text[0] is not ((byte)'+' or (byte)'-') || text.Length < 3 || !Digits(text[1..3], out var hours) || hours > 18) return false;
        var rest = text[3..];
        if (!rest.IsEmpty && rest[0] == ':') rest = rest[1..];
        var over = 0;
        if (!rest.IsEmpty && (rest.Length != 2 || !Digits(rest, out over) || over > 59)) return false;
        minutes = (hours * 60 + over) * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool Digits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (var c in text)
        {
            var digit = c - '0';
            if ((uint)digit > 9) return false;
            value = value * 10 + digit;
        }

        return true;
    }

    private static void Two(int value, Span<byte> to)
    {
        to[1] = (byte)('0' + value % 10);
        to[0] = (byte)('0' + value / 10);
    }

    private static void Four(int value, Span<byte> to)
    {
        Two(value / 100, to);
        Two(value % 100, to[2..]);
    }
}
