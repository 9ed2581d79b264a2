using System.Runtime.CompilerServices;

namespace Freshet.Columns.Formats;

/// <summary>
/// Dates and times from UTF-8 text and to it. Read are Flink's forms and ISO-8601: <c>yyyy-MM-dd</c> (months and days of one
/// digit are allowed), a blank or T, <c>HH:mm[:ss[.fraction]]</c>, and Z or an offset <c>+hh[:mm]</c>.
/// A fraction finer than the type is cut. Years are 0 to 9999. Nothing here depends on the machine's zone or language.
/// </summary>
public static unsafe class TimeText
{
    private const long MicrosPerDay = 86_400_000_000;

    /// <summary>Days since 1970-01-01; a time after a blank is ignored, month and day may be missing.</summary>
    public static TextResult TryDate(byte* text, int length, out int days)
    {
        var at = 0;
        var result = TryDate(text, length, ref at, out days);
        if (result != TextResult.Ok) return result;
        return at == length || text[at] is (byte)' ' or (byte)'T' ? TextResult.Ok : TextResult.Malformed;
    }

    /// <summary>Milliseconds of the day.</summary>
    public static TextResult TryTime(byte* text, int length, out int millis)
    {
        var at = 0;
        var result = TryTime(text, length, ref at, out var micros, out _);
        millis = (int)(micros / 1000);
        return result == TextResult.Ok && at != length ? TextResult.Malformed : result;
    }

    /// <summary>Microseconds since 1970-01-01 00:00 as the text says; <paramref name="hasZone"/> if it names an offset, then in UTC.</summary>
    public static TextResult TryTimestamp(byte* text, int length, out long micros, out bool hasZone) => TryTimestamp(text, length, out micros, out _, out hasZone);

    /// <summary>The same with the <paramref name="nanos"/> after the microseconds, 0 to 999.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // a script reads its file once, before tiering would help
    public static TextResult TryTimestamp(byte* text, int length, out long micros, out int nanos, out bool hasZone)
    {
        hasZone = false;
        nanos = 0;
        if (length >= 19 && TryFixed(text, out micros))
        {
            var next = 19;
            if (next < length && text[next] is (byte)'.' or (byte)',') next = Fraction(text, length, next, ref micros, ref nanos);
            if (next == length) return TextResult.Ok;
            if (next > 0 && text[next] == 'Z' && next + 1 == length)
            {
                hasZone = true;
                return TextResult.Ok;
            }
        }

        return TryTimestampGeneral(text, length, out micros, out nanos, out hasZone);
    }

    /// <summary>Local microseconds in a zone to UTC. In the hour that exists twice the earlier is meant; a time that is skipped is moved on.</summary>
    /// <param name="prefersLater">The later of the two is meant, as in Java's older classes.</param>
    public static long ToUtc(long localMicros, TimeZoneInfo zone, bool prefersLater = false)
    {
        if (ReferenceEquals(zone, TimeZoneInfo.Utc)) return localMicros;
        if (!TryTicks(localMicros, out var ticks)) return localMicros;
        var local = new DateTime(ticks, DateTimeKind.Unspecified);
        var offset = zone.GetUtcOffset(local);
        if (zone.IsAmbiguousTime(local))
        {
            foreach (var candidate in zone.GetAmbiguousTimeOffsets(local))
                if (candidate > offset != prefersLater) offset = candidate;
        }

        return localMicros - offset.Ticks / 10;
    }

    /// <summary>UTC microseconds to the local time of a zone.</summary>
    public static long ToLocal(long utcMicros, TimeZoneInfo zone)
    {
        if (ReferenceEquals(zone, TimeZoneInfo.Utc) || !TryTicks(utcMicros, out var ticks)) return utcMicros;
        return utcMicros + zone.GetUtcOffset(new DateTime(ticks, DateTimeKind.Utc)).Ticks / 10;
    }

    /// <summary>Days since 1970-01-01 of a date of the proleptic Gregorian calendar.</summary>
    public static int DaysOf(int year, int month, int day)
    {
        // Years begin in March, so that the leap day is the last one.
        var shifted = month <= 2 ? year - 1 : year;
        var era = (shifted >= 0 ? shifted : shifted - 399) / 400;
        var yearOfEra = shifted - era * 400;
        var dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468;
    }

    /// <summary>Writes <c>yyyy-MM-dd</c>; returns the bytes written, at most 16.</summary>
    public static int WriteDate(long days, byte* text)
    {
        var (year, month, day) = CivilDate.Of(days);
        var at = 0;
        if (year is < 0 or > 9999)
        {
            System.Buffers.Text.Utf8Formatter.TryFormat(year, new Span<byte>(text, 10), out at);
        }
        else
        {
            Two(text, year / 100);
            Two(text + 2, year % 100);
            at = 4;
        }

        text[at] = (byte)'-';
        Two(text + at + 1, month);
        text[at + 3] = (byte)'-';
        Two(text + at + 4, day);
        return at + 6;
    }

    /// <summary>Writes <c>HH:mm:ss</c> and a fraction of <paramref name="digits"/> digits, or as many as needed where negative.</summary>
    public static int WriteTime(long micros, int digits, byte* text, int nanos = 0)
    {
        var seconds = (int)(micros / 1_000_000);
        var fraction = (int)(micros % 1_000_000) * 1000 + nanos;
        Two(text, seconds / 3600);
        text[2] = (byte)':';
        Two(text + 3, seconds / 60 % 60);
        text[5] = (byte)':';
        Two(text + 6, seconds % 60);
        if (digits < 0)
        {
            if (fraction == 0) return 8;
            digits = 9;
            for (var rest = fraction; rest % 10 == 0; rest /= 10) digits--;
        }

        if (digits == 0) return 8;
        text[8] = (byte)'.';
        var divisor = 100_000_000;
        for (var k = 0; k < digits; k++, divisor /= 10) text[9 + k] = (byte)('0' + fraction / divisor % 10);
        return 9 + digits;
    }

    /// <summary>Writes date, <paramref name="separator"/> and time; at most 40 bytes.</summary>
    public static int WriteTimestamp(long micros, byte separator, int digits, byte* text, int nanos = 0)
    {
        var days = micros >= 0 ? micros / MicrosPerDay : (micros - MicrosPerDay + 1) / MicrosPerDay;
        var at = WriteDate(days, text);
        text[at] = separator;
        return at + 1 + WriteTime(micros - days * MicrosPerDay, digits, text + at + 1, nanos);
    }

    /// <summary>Cuts microseconds to a number of fractional digits, towards the past.</summary>
    public static long Truncate(long micros, int digits)
    {
        if (digits >= 6) return micros;
        long unit = digits switch { 5 => 10, 4 => 100, 3 => 1000, 2 => 10_000, 1 => 100_000, _ => 1_000_000 };
        var rest = micros % unit;
        return micros - (rest < 0 ? rest + unit : rest);
    }

    /// <summary><c>yyyy-MM-ddTHH:mm:ss</c> or with a blank.</summary>
    private static bool TryFixed(byte* text, out long micros)
    {
        micros = 0;
        if (text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':') return false;
        var bad = 0u;
        var year = (int)(Two(text, ref bad) * 100 + Two(text + 2, ref bad));
        var month = (int)Two(text + 5, ref bad);
        var day = (int)Two(text + 8, ref bad);
        var hour = Two(text + 11, ref bad);
        var minute = Two(text + 14, ref bad);
        var second = Two(text + 17, ref bad);
        if (bad != 0 || !IsDate(year, month, day) || hour > 23 || minute > 59 || second > 59) return false;
        micros = (DaysOf(year, month, day) * 86_400L + hour * 3600 + minute * 60 + second) * 1_000_000;
        return true;
    }

    /// <summary>Adds a fraction; returns the position after it, or -1 if there are no digits.</summary>
    private static int Fraction(byte* text, int length, int at, ref long micros, ref int nanos)
    {
        var start = ++at;
        long unit = 100_000_000;
        for (; at < length && (uint)(text[at] - '0') <= 9; at++)
        {
            if (unit >= 1000) micros += unit / 1000 * (text[at] - '0');
            else nanos += (int)unit * (text[at] - '0');
            unit /= 10;
        }

        return at == start || at - start > 9 ? -1 : at;
    }

    private static TextResult TryTimestampGeneral(byte* text, int length, out long micros, out int nanos, out bool hasZone)
    {
        hasZone = false;
        nanos = 0;
        var at = 0;
        micros = 0;
        var result = TryDate(text, length, ref at, out var days);
        if (result != TextResult.Ok) return result;
        micros = days * MicrosPerDay;
        if (at == length) return TextResult.Ok;
        if (text[at] is not ((byte)' ' or (byte)'T' or (byte)'t')) return TextResult.Malformed;
        at++;
        result = TryTime(text, length, ref at, out var time, out nanos);
        if (result != TextResult.Ok) return result;
        micros += time;
        if (at == length) return TextResult.Ok;
        if (text[at] is (byte)'Z' or (byte)'z')
        {
            hasZone = true;
            return at + 1 == length ? TextResult.Ok : TextResult.Malformed;
        }

        if (text[at] is not ((byte)'+' or (byte)'-')) return TextResult.Malformed;
        var negative = text[at++] == '-';
        if (!TryNumber(text, length, ref at, 2, out var hours) || hours > 18) return TextResult.Malformed;
        var minutes = 0;
        if (at < length && text[at] == ':') at++;
        if (at < length && (!TryNumber(text, length, ref at, 2, out minutes) || minutes > 59)) return TextResult.Malformed;
        if (at != length) return TextResult.Malformed;
        hasZone = true;
        var offset = (hours * 60L + minutes) * 60_000_000;
        micros += negative ? offset : -offset;
        return TextResult.Ok;
    }

    private static TextResult TryDate(byte* text, int length, ref int at, out int days)
    {
        days = 0;
        var month = 1;
        var day = 1;
        if (!TryNumber(text, length, ref at, 4, out var year)) return TextResult.Malformed;
        if (at < length && text[at] == '-')
        {
            at++;
            if (!TryNumber(text, length, ref at, 2, out month)) return TextResult.Malformed;
            if (at < length && text[at] == '-')
            {
                at++;
                if (!TryNumber(text, length, ref at, 2, out day)) return TextResult.Malformed;
            }
        }

        if (!IsDate(year, month, day)) return TextResult.OutOfRange;
        days = DaysOf(year, month, day);
        return TextResult.Ok;
    }

    private static TextResult TryTime(byte* text, int length, ref int at, out long micros, out int nanos)
    {
        micros = 0;
        nanos = 0;
        if (!TryNumber(text, length, ref at, 2, out var hour) || at >= length || text[at] != ':') return TextResult.Malformed;
        at++;
        if (!TryNumber(text, length, ref at, 2, out var minute)) return TextResult.Malformed;
        var second = 0;
        if (at < length && text[at] == ':')
        {
            at++;
            if (!TryNumber(text, length, ref at, 2, out second)) return TextResult.Malformed;
            if (at < length && text[at] is (byte)'.' or (byte)',')
            {
                at = Fraction(text, length, at, ref micros, ref nanos);
                if (at < 0) return TextResult.Malformed;
            }
        }

        if (hour > 23 || minute > 59 || second > 59) return TextResult.OutOfRange;
        micros += (hour * 3600L + minute * 60 + second) * 1_000_000;
        return TextResult.Ok;
    }

    private static bool TryNumber(byte* text, int length, ref int at, int maxDigits, out int value)
    {
        value = 0;
        var start = at;
        for (; at < length && at - start < maxDigits && (uint)(text[at] - '0') <= 9; at++) value = value * 10 + (text[at] - '0');
        return at > start && (at == length || (uint)(text[at] - '0') > 9 || at - start == maxDigits);
    }

    private static bool IsDate(int year, int month, int day) =>
        year is >= 0 and <= 9999 && month is >= 1 and <= 12 && day >= 1 && (day <= 28 || day <= CivilDate.DaysIn(year, month));

    private static bool TryTicks(long micros, out long ticks)
    {
        ticks = 0;
        var days = micros / MicrosPerDay;
        if (days is < -719_161 or > 2_932_894) return false;
        ticks = DateTime.UnixEpoch.Ticks + micros * 10;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Two(byte* text, ref uint bad)
    {
        var tens = (uint)(text[0] - '0');
        var ones = (uint)(text[1] - '0');
        bad |= (tens > 9 ? 1u : 0u) | (ones > 9 ? 1u : 0u);
        return tens * 10 + ones;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Two(byte* text, int value)
    {
        text[0] = (byte)('0' + value / 10);
        text[1] = (byte)('0' + value % 10);
    }
}
