using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Times;
using static Freshet.Sql.Functions.ResultTypes;

namespace Freshet.Sql.Functions;

/// <summary>
/// Functions of dates and times. DATE_FORMAT and TO_TIMESTAMP_LTZ take numbers, times or texts and are bound by
/// <see cref="Binding.TimeExpressions"/>; here they are described.
/// </summary>
internal static class TimeFunctions
{
    public static IEnumerable<ScalarFunction> All =>
    [
        Time("DATE_FORMAT", "TIME, STRING", SqlType.String, TimeFormats.Format, "A time as text by a pattern of Java's letters.", ("DATE_FORMAT(TIMESTAMP '2026-11-24 10:05:00', 'yyyy-MM')", "2026-11")) with { CanFail = true, Nulls = NullRule.Always },
        Time("TO_TIMESTAMP", "STRING [, STRING]", SqlType.Timestamp(3), TimeReading.ToTimestamp, "A text as a timestamp; NULL where it is none.", ("TO_TIMESTAMP('2026-11-24 10:05:00')", "2026-11-24 10:05:00.000"), ("TO_TIMESTAMP('24.11.2026', 'dd.MM.yyyy')", "2026-11-24 00:00:00.000")) with { Nulls = NullRule.Always },
        Time("TO_DATE", "STRING [, STRING]", SqlType.Date, TimeReading.ToDate, "A text as a date; NULL where it is none.", ("TO_DATE('2026-11-24')", "2026-11-24")) with { Nulls = NullRule.Always },
        Time("TO_TIMESTAMP_LTZ", "NUMBER [, INTEGER]", SqlType.TimestampLtz(3), TimeReading.FromEpoch, "Milliseconds since 1970, or units of so many digits of the second (0: seconds), as a timestamp; or a text by a pattern in a zone, UTC without one. NULL outside the years 0 to 9999.", ("TO_TIMESTAMP_LTZ(0, 3)", "1970-01-01 00:00:00.000"), ("TO_TIMESTAMP_LTZ('2026-11-24 10:05:00')", "2026-11-24 10:05:00.000")).Or("STRING [, STRING, STRING]", TimeReading.ToTimestampLtz) with { Nulls = NullRule.Always },
        Time("FROM_UNIXTIME", "INTEGER [, STRING]", SqlType.String, TimeFormats.FromUnixTime, "Seconds since 1970 as text in the session's zone, by a pattern.", ("FROM_UNIXTIME(44)", "1970-01-01 00:00:44")) with { CanFail = true, Nulls = NullRule.Always },
        Time("UNIX_TIMESTAMP", "[STRING, STRING]", SqlType.BigInt, TimeReading.UnixTimestamp, "Seconds since 1970 of a text in the session's zone, the least BIGINT where it is none; without arguments now.", ("UNIX_TIMESTAMP('1970-01-01 00:00:44')", "44")),
        Time("CONVERT_TZ", "STRING, STRING, STRING", SqlType.String, TimeFormats.ConvertZone, "A time of one zone as text in another; NULL where it is none.", ("CONVERT_TZ('1970-01-01 00:00:00', 'UTC', 'America/Los_Angeles')", "1969-12-31 16:00:00")) with { Nulls = NullRule.Always },
        Now("CURRENT_TIMESTAMP NOW CURRENT_ROW_TIMESTAMP", SqlType.TimestampLtz(3), "The time of the step."),
        Now("LOCALTIMESTAMP", SqlType.Timestamp(3), "The time of the step on the session's clock."),
        Now("CURRENT_DATE", SqlType.Date, "The date of the step on the session's clock."),
        Now("LOCALTIME CURRENT_TIME", SqlType.Time(), "The time of day of the step on the session's clock."),
        Part("YEAR", TimeUnit.Year, "2026"),
        Part("QUARTER", TimeUnit.Quarter, "4"),
        Part("MONTH", TimeUnit.Month, "11"),
        Part("WEEK", TimeUnit.Week, "48"),
        Part("HOUR", TimeUnit.Hour, "10"),
        Part("MINUTE", TimeUnit.Minute, "5"),
        Part("SECOND", TimeUnit.Second, "30"),
        Part("DAYOFMONTH", TimeUnit.Day, "24", "day of the month"),
        Part("DAYOFYEAR", TimeUnit.Doy, "328", "day of the year"),
        Part("DAYOFWEEK", TimeUnit.Dow, "3", "day of the week (1 is Sunday)"),
    ];

    private static ScalarFunction Time(string names, string signature, SqlType type, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        FunctionCatalogue.Function("Times", names, signature, Always(type), kernel, sentence, examples);

    private static ScalarFunction Now(string names, SqlType type, string sentence) => Time(names, "", type, Clock.Now, sentence);

    private static ScalarFunction Part(string name, TimeUnit unit, string result, string? what = null) =>
        Time(name, "TIME", SqlType.BigInt, TimeParts.Extract(unit), $"The {what ?? name.ToLowerInvariant()} of a time.", ($"{name}(TIMESTAMP '2026-11-24 10:05:30')", result));
}
