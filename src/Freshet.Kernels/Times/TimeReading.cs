using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Times;

/// <summary>
/// Text and numbers as times.
/// <code>
/// function                              kernel           reads
/// TO_TIMESTAMP(text)                    ToTimestamp      yyyy-M-d [H:m:s[.fraction]]; other text is NULL
/// TO_TIMESTAMP(text, pattern)           ToTimestamp      DateTimeFormatter, else as java.sql.Timestamp and Date read; else NULL
/// TO_TIMESTAMP_LTZ(text [, p [, zone]]) ToTimestampLtz   the same, in UTC or the zone
/// TO_TIMESTAMP_LTZ(number [, digits])   FromEpoch        units of 10^-digits s since 1970; NULL outside the years 0 to 9999
/// TO_DATE(text)                         ToDate           as CAST, NULL for other text
/// TO_DATE(text, pattern)                ToDate           SimpleDateFormat; NULL for other text
/// UNIX_TIMESTAMP(text [, pattern])      UnixTimestamp    SimpleDateFormat in the session's zone; the least BIGINT for other text
/// UNIX_TIMESTAMP()                      Clock.UnixTime   the step's clock
/// </code>
/// </summary>
public static unsafe class TimeReading
{
    /// <summary>Year 0 and the end of year 9999, µs.</summary>
    private const long FirstMicros = -62_167_219_200_000_000;
    private const long LastMicros = 253_402_300_799_999_999;

    public static Column ToTimestamp(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => TimeRows.Run(context, arguments, types, default(TimestampRow));

    public static Column ToTimestampLtz(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => TimeRows.Run(context, arguments, types, default(LtzRow));

    public static Column ToDate(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => TimeRows.Run(context, arguments, types, default(DateRow));

    public static Column UnixTimestamp(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => TimeRows.Run(context, arguments, types, default(UnixRow));

    /// <summary>TO_TIMESTAMP_LTZ of an integer, FLOAT or DOUBLE.</summary>
    public static Column FromEpoch(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => TimeRows.Run(context, arguments, types, default(EpochRow));

    /// <summary>What is wrong with a pattern of TO_TIMESTAMP, or null.</summary>
    public static string? ErrorOf(string pattern) => JavaTimePattern.Of(System.Text.Encoding.UTF8.GetBytes(pattern), isSimple: false).Error;

    private static bool TryLocal(in TimeRows rows, int row, out Moment value)
    {
        var text = rows.Text(0, row);
        var ok = rows.Count > 1
            ? JavaTimeReader.TryRead(JavaTimePattern.Of(rows.Text(1, row), isSimple: false), text, out var micros, out var nanos, out _) || TimestampText.TrySqlValue(text, out micros, out nanos)
            : TimestampText.TryRead(text, out micros, out nanos);
        value = new(micros, nanos);
        return ok;
    }

    private readonly struct TimestampRow : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value) => TryLocal(rows, row, out value);
    }

    private readonly struct LtzRow : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value)
        {
            if (!TryLocal(rows, row, out value)) return false;
            if (rows.Count < 3) return true;
            if (ZoneNames.Find(rows.Text(2, row)) is not { } zone) return false;
            value = new(TimeText.ToUtc(value.Micros, zone), value.Nanos);
            return true;
        }
    }

    private readonly struct DateRow : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value)
        {
            value = default;
            var text = rows.Text(0, row);
            if (rows.Count > 1)
            {
                if (!JavaTimeReader.TryRead(JavaTimePattern.Of(rows.Text(1, row), isSimple: true), text, out var micros, out _, out _)) return false;
                value = new(CivilDate.FloorDivide(micros, TimeRounding.DayMicros));
                return true;
            }

            fixed (byte* bytes = text)
            {
                var ok = TimeText.TryDate(bytes, text.Length, out var days) == TextResult.Ok && !text.Contains((byte)'T');
                value = new(days);
                return ok;
            }
        }
    }

    private readonly struct UnixRow : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value)
        {
            var pattern = JavaTimePattern.Of(rows.Count > 1 ? rows.Text(1, row) : TimeFormats.TimestampPattern, isSimple: true);
            value = new(long.MinValue);
            if (!JavaTimeReader.TryRead(pattern, rows.Text(0, row), out var micros, out _, out var offset)) return true;
            var utc = offset is { } seconds ? micros - seconds * 1_000_000L : TimeText.ToUtc(micros, rows.Context.TimeZone, prefersLater: true);
            value = new(utc / 1000 / 1000);
            return true;
        }
    }

    private readonly struct EpochRow : ITimeRow
    {
        public bool TryRow(in TimeRows rows, int row, out Moment value)
        {
            value = default;
            var digits = rows.Count > 1 ? rows.Integer(1, row) : 3;
            if (digits is < 0 or > 9) return false;
            if (rows.Types.Arguments[0].IsApproximate)
            {
                var nanosOfDouble = rows.Double(0, row) * Math.Pow(10, 9 - digits);
                if (!(Math.Abs(nanosOfDouble) < 1e21)) return false;
                return TrySplit((Int128)nanosOfDouble, out value);
            }

            return TrySplit(rows.Integer(0, row) * (Int128)NumberText.PowerOfTen((int)(9 - digits)), out value);
        }

        private static bool TrySplit(Int128 nanos, out Moment value)
        {
            value = default;
            var micros = nanos / 1000;
            var rest = (int)(nanos - micros * 1000);
            if (rest < 0) (micros, rest) = (micros - 1, rest + 1000);
            if (micros < FirstMicros || micros > LastMicros) return false;
            value = new((long)micros, rest);
            return true;
        }
    }
}
