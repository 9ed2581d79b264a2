using Freshet.Columns.Formats;

namespace Freshet.Kernels.Times;

/// <summary>
/// Timestamps as Flink's CAST and TO_TIMESTAMP read them, which is narrower than what sources may write
/// (<see cref="TimeText"/>): <c>yyyy-M-d</c>, or that, a blank and <c>H:m:s[.fraction]</c>, nothing before or after. The 30th of
/// February is the month's last day and 24:00:00 the next day's start, as in Java's smart resolution.
/// </summary>
public static class TimestampText
{
    public static bool TryRead(ReadOnlySpan<byte> text, out long micros, out int nanos)
    {
        micros = 0;
        nanos = 0;
        var at = 0;
        if (!TryNumber(text, ref at, 4, 4, out var year) || !TryAfter(text, ref at, '-', out var month) || !TryAfter(text, ref at, '-', out var day)) return false;
        if (year == 0 || month is < 1 or > 12 || day is < 1 or > 31) return false;
        micros = TimeText.DaysOf(year, month, Math.Min(day, CivilDate.DaysIn(year, month))) * 86_400_000_000L;
        if (at == text.Length) return true;
        if (!TryAfter(text, ref at, ' ', out var hour) || !TryAfter(text, ref at, ':', out var minute) || !TryAfter(text, ref at, ':', out var second)) return false;
        if (at < text.Length && !TryFraction(text, ref at, ref micros, out nanos)) return false;
        var isMidnight = hour == 24 && minute == 0 && second == 0;
        if ((hour > 23 && !isMidnight) || minute > 59 || second > 59) return false;
        micros += (hour * 3600L + minute * 60L + second) * 1_000_000;
        return at == text.Length;
    }

    /// <summary>Whether a text that was read is written as another day than it is: the 30th of February, 24:00:00.</summary>
    public static bool IsMoved(ReadOnlySpan<byte> text, long micros)
    {
        var at = 8;
        if (text[6] == '-') at = 7;
        TryNumber(text, ref at, 1, 2, out var day);
        return CivilDate.Of(CivilDate.FloorDivide(micros, 86_400_000_000)).Day != day;
    }

    /// <summary>As java.sql.Timestamp.valueOf and Date.valueOf read, to which TO_TIMESTAMP with a pattern falls back: the 30th of February is the 1st or 2nd of March.</summary>
    public static bool TrySqlValue(ReadOnlySpan<byte> text, out long micros, out int nanos)
    {
        while (!text.IsEmpty && text[0] <= ' ') text = text[1..];
        while (!text.IsEmpty && text[^1] <= ' ') text = text[..^1];
        if (!TryRead(text, out micros, out nanos) || text.EndsWith("."u8)) return false;
        var at = 0;
        if (TryNumber(text, ref at, 4, 4, out var year) && TryAfter(text, ref at, '-', out var month) && TryAfter(text, ref at, '-', out var day))
            micros += Math.Max(0, day - CivilDate.DaysIn(year, month)) * 86_400_000_000L;
        return true;
    }

    private static bool TryAfter(ReadOnlySpan<byte> text, ref int at, char separator, out int value)
    {
        value = 0;
        if (at >= text.Length || text[at] != separator) return false;
        at++;
        return TryNumber(text, ref at, 1, 2, out value);
    }

    private static bool TryFraction(ReadOnlySpan<byte> text, ref int at, ref long micros, out int nanos)
    {
        nanos = 0;
        if (text[at] != '.') return false;
        at++;
        var unit = 100_000_000;
        for (; at < text.Length && (uint)(text[at] - '0') <= 9; at++, unit /= 10)
        {
            if (unit == 0) return false;
            nanos += (text[at] - '0') * unit;
        }

        micros += nanos / 1000;
        nanos %= 1000;
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, ref int at, int min, int max, out int value)
    {
        value = 0;
        var start = at;
        for (; at < text.Length && at - start < max && (uint)(text[at] - '0') <= 9; at++) value = value * 10 + (text[at] - '0');
        return at - start >= min;
    }
}
