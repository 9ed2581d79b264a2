using System.Globalization;
using System.Text;
using Freshet.Columns.Expressions;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;

namespace Freshet.Columns.Kernels;

/// <summary>
/// Functions over dates and times. Timestamps are µs; TIMESTAMP_LTZ is shown and cut in the session's time zone, TIMESTAMP has
/// none. Calendar: proleptic Gregorian.
/// </summary>
public static unsafe class TimeKernel
{
    public const long DayMicros = 86_400_000_000;

    /// <summary>EXTRACT(unit FROM x), YEAR(x) and the like: BIGINT.</summary>
    public static ScalarKernel Extract(string unit) => (context, arguments, types) =>
        Longs(context, arguments, PhysicalKind.Int64, (a, row) => Part(unit, LocalMicros(context, a[0], types.Arguments[0], row)));

    /// <summary>FLOOR(x TO unit) and CEIL(x TO unit) of a date or timestamp; the result has the argument's type.</summary>
    public static ScalarKernel Round(string unit, bool up) => (context, arguments, types) => Longs(context, arguments, types.Result.Physical, (a, row) =>
    {
        var type = types.Arguments[0];
        var local = LocalMicros(context, a[0], type, row);
        var floor = Floor(unit, local);
        if (up && floor != local) floor = Next(unit, floor);
        return type.Kind switch
        {
            TypeKind.Date => CastKernel.FloorDivide(floor, DayMicros),
            TypeKind.TimestampLtz => TimeText.ToUtc(floor, context.TimeZone),
            _ => floor,
        };
    });

    /// <summary>x + interval, x - interval, TIMESTAMPADD: the interval is ms, or months for a year-month interval.</summary>
    public static ScalarKernel AddInterval(int sign) => (context, arguments, types) => Longs(context, arguments, types.Result.Physical, (a, row) =>
    {
        var (type, interval) = (types.Arguments[0], types.Arguments[1]);
        var amount = sign * CastKernel.ReadInteger(a[1], row);
        var value = CastKernel.ReadInteger(a[0], row);
        if (interval.Kind == TypeKind.IntervalYearMonth)
        {
            return type.Kind switch
            {
                TypeKind.Date => CastKernel.FloorDivide(AddMonths(value * DayMicros, amount), DayMicros),
                TypeKind.TimestampLtz => TimeText.ToUtc(AddMonths(TimeText.ToLocal(value, context.TimeZone), amount), context.TimeZone),
                TypeKind.IntervalYearMonth => value + amount,
                _ => AddMonths(value, amount),
            };
        }

        return type.Kind switch
        {
            TypeKind.Date => value + amount / 86_400_000,
            TypeKind.Time => ((value + amount) % 86_400_000 + 86_400_000) % 86_400_000,
            TypeKind.IntervalDayTime => value + amount,
            _ => value + amount * 1000,
        };
    });

    /// <summary>interval * number, with the interval first.</summary>
    public static Column MultiplyInterval(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) =>
        Longs(context, arguments, types.Result.Physical, (a, row) => CastKernel.ReadInteger(a[0], row) * CastKernel.ReadInteger(a[1], row));

    /// <summary>TIMESTAMPDIFF(unit, from, to): whole units, INT.</summary>
    public static ScalarKernel Difference(string unit) => (context, arguments, types) => Longs(context, arguments, PhysicalKind.Int32, (a, row) =>
    {
        var from = LocalMicros(context, a[0], types.Arguments[0], row);
        var to = LocalMicros(context, a[1], types.Arguments[1], row);
        return unit switch
        {
            "SECOND" => (to - from) / 1_000_000,
            "MINUTE" => (to - from) / 60_000_000,
            "HOUR" => (to - from) / 3_600_000_000,
            "DAY" => (to - from) / DayMicros,
            "WEEK" => (to - from) / (7 * DayMicros),
            "MONTH" => MonthsBetween(from, to),
            "QUARTER" => MonthsBetween(from, to) / 3,
            "YEAR" => MonthsBetween(from, to) / 12,
            _ => (to - from) / 1000,
        };
    });

    /// <summary>x - y of two timestamps or dates as a day-time interval, ms.</summary>
    public static Column Minus(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Longs(context, arguments, PhysicalKind.Int64, (a, row) =>
        (LocalMicros(context, a[0], types.Arguments[0], row) - LocalMicros(context, a[1], types.Arguments[1], row)) / 1000);

    /// <summary>DATE_FORMAT(x, pattern) with Java's pattern letters.</summary>
    public static Column Format(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var output = Column.Allocate(PhysicalKind.View, context.Rows, context.Memory);
        new Span<StringView>(output.Values, context.Rows).Clear();
        output.Validity = ValidityKernel.Copy(ValidityKernel.All(arguments, context.Rows, context.Memory, out var isNull), context.Rows, context.Memory);
        if (isNull) return Column.ConstantNull(PhysicalKind.View, context.Memory);
        string? pattern = null;
        var text = new StringBuilder();
        var lastMicros = long.MinValue;
        StringView last = default;
        Span<byte> utf8 = stackalloc byte[256];
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (output.IsNull(row)) continue;
            if (pattern is null || !arguments[1].IsConstant) (pattern, lastMicros) = (Encoding.UTF8.GetString(TextKernel.Text(arguments[1], row)), long.MinValue);
            var micros = LocalMicros(context, arguments[0], types.Arguments[0], row);
            // Neighbours often have the same time; formatting is the dear part.
            if (micros != lastMicros)
            {
                text.Clear();
                if (!JavaTimePattern.TryFormat(pattern, micros, text, out var letter)) context.Fail(row, $"The pattern letter '{letter}' is not known.", TextKernel.Text(arguments[1], row));
                var formatted = text.ToString();
                var bytes = formatted.Length <= 64 ? utf8 : new byte[Encoding.UTF8.GetMaxByteCount(formatted.Length)];
                last = StringView.Copy(bytes[..Encoding.UTF8.GetBytes(formatted, bytes)], context.Memory);
                lastMicros = micros;
            }

            output.As<StringView>()[row] = last;
        }

        return output;
    }

    /// <summary>TO_TIMESTAMP(text [, pattern]) and TO_DATE: NULL for what cannot be read.</summary>
    public static Column Parse(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var output = Column.Allocate(types.Result.Physical, context.Rows, context.Memory);
        output.Validity = ValidityKernel.Copy(ValidityKernel.All(arguments, context.Rows, context.Memory, out var isNull), context.Rows, context.Memory);
        if (isNull) return Column.ConstantNull(types.Result.Physical, context.Memory);
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (output.IsNull(row)) continue;
            var text = TextKernel.Text(arguments[0], row);
            bool ok;
            long micros;
            if (arguments.Length > 1)
            {
                ok = JavaTimePattern.TryParse(Encoding.UTF8.GetString(TextKernel.Text(arguments[1], row)), Encoding.UTF8.GetString(text), out micros);
            }
            else
            {
                fixed (byte* bytes = text) ok = TimeText.TryTimestamp(bytes, text.Length, out micros, out _) == TextResult.Ok;
            }

            if (!ok) output.SetNull(row);
            else if (types.Result.Kind == TypeKind.Date) output.As<int>()[row] = (int)CastKernel.FloorDivide(micros, DayMicros);
            else output.As<long>()[row] = TimeText.Truncate(micros, types.Result.Precision);
        }

        return output;
    }

    /// <summary>TO_TIMESTAMP_LTZ(number, precision): seconds for 0, milliseconds for 3.</summary>
    public static Column FromEpoch(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types) => Longs(context, arguments, PhysicalKind.Int64, (a, row) =>
    {
        var precision = a.Length > 1 ? CastKernel.ReadInteger(a[1], row) : 3;
        var value = CastKernel.ReadInteger(a[0], row);
        return precision == 0 ? value * 1_000_000 : precision == 3 ? value * 1000 : value;
    });

    /// <summary>FROM_UNIXTIME(seconds [, pattern]) by the session's time zone.</summary>
    public static Column FromUnixTime(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var time = Longs(context, arguments[..1], PhysicalKind.Int64, (a, row) => CastKernel.ReadInteger(a[0], row) * 1_000_000);
        var pattern = arguments.Length > 1 ? arguments[1] : new LiteralExpression(SqlType.String, false, 0, "yyyy-MM-dd HH:mm:ss"u8.ToArray()).Evaluate(context);
        return Format(context, [time, pattern], new CallTypes([SqlType.TimestampLtz(3), SqlType.String], SqlType.String));
    }

    /// <summary>UNIX_TIMESTAMP(text [, pattern]) in seconds; without arguments the step's clock.</summary>
    public static Column UnixTimestamp(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        if (arguments.Length == 0) return Column.Constant(PhysicalKind.Int64, CastKernel.FloorDivide(context.ClockMicros, 1_000_000), context.Memory);
        var parsed = Parse(context, arguments, new CallTypes(types.Arguments, SqlType.Timestamp(3)));
        return Longs(context, [parsed], PhysicalKind.Int64, (a, row) => CastKernel.FloorDivide(TimeText.ToUtc(a[0].As<long>()[row], context.TimeZone), 1_000_000));
    }

    /// <summary>The step's clock as TIMESTAMP_LTZ, TIMESTAMP, DATE or TIME.</summary>
    public static Column Now(EvaluationContext context, ReadOnlySpan<Column> arguments, CallTypes types)
    {
        var local = TimeText.ToLocal(context.ClockMicros, context.TimeZone);
        return types.Result.Kind switch
        {
            TypeKind.TimestampLtz => Column.Constant(PhysicalKind.Int64, TimeText.Truncate(context.ClockMicros, 3), context.Memory),
            TypeKind.Date => Column.Constant(PhysicalKind.Int32, (int)CastKernel.FloorDivide(local, DayMicros), context.Memory),
            TypeKind.Time => Column.Constant(PhysicalKind.Int32, (int)((local - CastKernel.FloorDivide(local, DayMicros) * DayMicros) / 1000), context.Memory),
            _ => Column.Constant(PhysicalKind.Int64, TimeText.Truncate(local, 3), context.Memory),
        };
    }

    private delegate long LongFunction(ReadOnlySpan<Column> arguments, int row);

    private static Column Longs(EvaluationContext context, ReadOnlySpan<Column> arguments, PhysicalKind kind, LongFunction function)
    {
        var validity = ValidityKernel.All(arguments, context.Rows, context.Memory, out var isNull);
        if (isNull) return Column.ConstantNull(kind, context.Memory);
        var output = Column.Allocate(kind, context.Rows, context.Memory);
        output.Validity = validity;
        for (var i = 0; i < context.ActiveCount; i++)
        {
            var row = ValidityKernel.RowOf(context, i);
            if (validity is not null && output.IsNull(row)) continue;
            var value = function(arguments, row);
            if (kind == PhysicalKind.Int32) output.As<int>()[row] = (int)value;
            else output.As<long>()[row] = value;
        }

        return output;
    }

    /// <summary>Any date or time as µs since 1970 on the session's clock.</summary>
    private static long LocalMicros(EvaluationContext context, in Column column, SqlType type, int row)
    {
        var value = CastKernel.ReadInteger(column, row);
        return type.Kind switch
        {
            TypeKind.Date => value * DayMicros,
            TypeKind.Time or TypeKind.IntervalDayTime => value * 1000,
            TypeKind.TimestampLtz => TimeText.ToLocal(value, context.TimeZone),
            _ => value,
        };
    }

    private static DateTime DateOf(long micros) => DateTime.UnixEpoch.AddTicks(micros * 10);

    private static long MicrosOf(DateTime date) => (date - DateTime.UnixEpoch).Ticks / 10;

    private static long AddMonths(long micros, long months) => MicrosOf(DateOf(micros).AddMonths((int)months));

    private static long MonthsBetween(long from, long to)
    {
        var (f, t) = (DateOf(from), DateOf(to));
        long months = (t.Year - f.Year) * 12 + t.Month - f.Month;
        if (months > 0 && f.AddMonths((int)months) > t) months--;
        else if (months < 0 && f.AddMonths((int)months) < t) months++;
        return months;
    }

    private static long Part(string unit, long micros)
    {
        var ofDay = micros - CastKernel.FloorDivide(micros, DayMicros) * DayMicros;
        switch (unit)
        {
            case "HOUR": return ofDay / 3_600_000_000;
            case "MINUTE": return ofDay / 60_000_000 % 60;
            case "SECOND": return ofDay / 1_000_000 % 60;
            case "MILLISECOND": return ofDay / 1000 % 60_000;
            case "MICROSECOND": return ofDay % 60_000_000;
            case "EPOCH": return CastKernel.FloorDivide(micros, 1_000_000);
        }

        var date = DateOf(micros);
        return unit switch
        {
            "YEAR" => date.Year,
            "QUARTER" => (date.Month + 2) / 3,
            "MONTH" => date.Month,
            "WEEK" => ISOWeek.GetWeekOfYear(date),
            "DAY" => date.Day,
            "DOY" => date.DayOfYear,
            "DOW" => (int)date.DayOfWeek + 1,
            "ISODOW" => date.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)date.DayOfWeek,
            "ISOYEAR" => ISOWeek.GetYear(date),
            "DECADE" => date.Year / 10,
            "CENTURY" => (date.Year + 99) / 100,
            _ => (date.Year + 999) / 1000,
        };
    }

    private static long Floor(string unit, long micros)
    {
        long Cut(long size) => CastKernel.FloorDivide(micros, size) * size;
        switch (unit)
        {
            case "MILLISECOND": return Cut(1000);
            case "SECOND": return Cut(1_000_000);
            case "MINUTE": return Cut(60_000_000);
            case "HOUR": return Cut(3_600_000_000);
            case "DAY": return Cut(DayMicros);
            case "WEEK": return CastKernel.FloorDivide(micros + 4 * DayMicros, 7 * DayMicros) * 7 * DayMicros - 4 * DayMicros;
        }

        var date = DateOf(micros);
        return MicrosOf(unit switch
        {
            "MONTH" => new DateTime(date.Year, date.Month, 1),
            "QUARTER" => new DateTime(date.Year, (date.Month - 1) / 3 * 3 + 1, 1),
            _ => new DateTime(date.Year, 1, 1),
        });
    }

    private static long Next(string unit, long floor) => unit switch
    {
        "MILLISECOND" => floor + 1000,
        "SECOND" => floor + 1_000_000,
        "MINUTE" => floor + 60_000_000,
        "HOUR" => floor + 3_600_000_000,
        "DAY" => floor + DayMicros,
        "WEEK" => floor + 7 * DayMicros,
        "MONTH" => AddMonths(floor, 1),
        "QUARTER" => AddMonths(floor, 3),
        _ => AddMonths(floor, 12),
    };
}
