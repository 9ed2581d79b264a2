using Freshet.Columns.Expressions;
using Freshet.Columns.Kernels;
using Freshet.Columns.Types;
using static Freshet.Sql.Functions.ResultTypes;

namespace Freshet.Sql.Functions;

/// <summary>Functions of dates and times.</summary>
internal static class TimeFunctions
{
    public static IEnumerable<ScalarFunction> All =>
    [
        Time("DATE_FORMAT", "TIME, STRING", SqlType.String, TimeKernel.Format, "A time as text by a pattern of Java's letters.", ("DATE_FORMAT(TIMESTAMP '2026-11-24 10:05:00', 'yyyy-MM')", "2026-11")) with { CanFail = true, Nulls = NullRule.Always },
        Time("TO_TIMESTAMP", "STRING [, STRING]", SqlType.Timestamp(3), TimeKernel.Parse, "A text as a timestamp; NULL where it is none.", ("TO_TIMESTAMP('2026-11-24 10:05:00')", "2026-11-24 10:05:00.000")) with { Nulls = NullRule.Always },
        Time("TO_DATE", "STRING [, STRING]", SqlType.Date, TimeKernel.Parse, "A text as a date; NULL where it is none.", ("TO_DATE('2026-11-24')", "2026-11-24")) with { Nulls = NullRule.Always },
        Time("TO_TIMESTAMP_LTZ", "INTEGER [, INTEGER]", SqlType.TimestampLtz(3), TimeKernel.FromEpoch, "Seconds (precision 0) or milliseconds (3) since 1970 as a timestamp.", ("TO_TIMESTAMP_LTZ(0, 3)", "1970-01-01 00:00:00.000")),
        Time("FROM_UNIXTIME", "INTEGER [, STRING]", SqlType.String, TimeKernel.FromUnixTime, "Seconds since 1970 as text, by a pattern.", ("FROM_UNIXTIME(44)", "1970-01-01 00:00:44")),
        Time("UNIX_TIMESTAMP", "[STRING, STRING]", SqlType.BigInt, TimeKernel.UnixTimestamp, "Seconds since 1970 of a text, or now.", ("UNIX_TIMESTAMP('1970-01-01 00:00:44')", "44")),
        Clock("CURRENT_TIMESTAMP NOW CURRENT_ROW_TIMESTAMP", SqlType.TimestampLtz(3), "The time of the step."),
        Clock("LOCALTIMESTAMP", SqlType.Timestamp(3), "The time of the step on the session's clock."),
        Clock("CURRENT_DATE", SqlType.Date, "The date of the step on the session's clock."),
        Clock("LOCALTIME CURRENT_TIME", SqlType.Time(), "The time of day of the step on the session's clock."),
        Part("YEAR", "2026"),
        Part("QUARTER", "4"),
        Part("MONTH", "11"),
        Part("WEEK", "48"),
        Part("HOUR", "10"),
        Part("MINUTE", "5"),
        Part("SECOND", "30"),
        Time("DAYOFMONTH", "TIME", SqlType.BigInt, TimeKernel.Extract("DAY"), "The day of the month.", ("DAYOFMONTH(DATE '2026-11-24')", "24")),
        Time("DAYOFYEAR", "TIME", SqlType.BigInt, TimeKernel.Extract("DOY"), "The day of the year.", ("DAYOFYEAR(DATE '2026-11-24')", "328")),
        Time("DAYOFWEEK", "TIME", SqlType.BigInt, TimeKernel.Extract("DOW"), "The day of the week; 1 is Sunday.", ("DAYOFWEEK(DATE '2026-11-24')", "3")),
    ];

    private static ScalarFunction Time(string names, string signature, SqlType type, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        FunctionCatalogue.Function("Times", names, signature, Always(type), kernel, sentence, examples);

    private static ScalarFunction Clock(string names, SqlType type, string sentence) => Time(names, "", type, TimeKernel.Now, sentence) with { IsVolatile = true };

    private static ScalarFunction Part(string unit, string result) =>
        Time(unit, "TIME", SqlType.BigInt, TimeKernel.Extract(unit), $"The {unit.ToLowerInvariant()} of a time.", ($"{unit}(TIMESTAMP '2026-11-24 10:05:30')", result));
}
