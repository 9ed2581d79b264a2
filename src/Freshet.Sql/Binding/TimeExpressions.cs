using Freshet.Columns.Types;
using Freshet.Kernels.Times;
using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// Arithmetic with dates, times and intervals, and the calls that have a time unit or whose result depends on a literal.
/// </summary>
internal sealed class TimeExpressions(ExpressionBinder binder)
{
    public static readonly string[] Names = ["EXTRACT", "TIMESTAMPADD", "TIMESTAMPDIFF", "TO_TIMESTAMP_LTZ", "DATE_FORMAT", "UNIX_TIMESTAMP", "OVERLAPS", BoundCurrentWatermark.Name];

    public BoundExpression? TryBind(Call call) => call.Function switch
    {
        "EXTRACT" => Extract(call, UnitOf(call.Arguments[0]), call.Arguments[1]),
        _ when call.Arguments.Length == 1 && UnitOfFunction(call.Function) is { } part => Extract(call, part, call.Arguments[0]),
        "FLOOR" or "CEIL" or "CEILING" when call.Arguments is [_, Word] => Round(call),
        "TIMESTAMPADD" => Add(call),
        "TIMESTAMPDIFF" => Difference(call),
        "MINUS_DATE" => Minus(call),
        "TO_TIMESTAMP_LTZ" => ToTimestampLtz(call),
        "DATE_FORMAT" when call.Arguments.Length == 2 => Format(call),
        "UNIX_TIMESTAMP" when call.Arguments.IsEmpty => ExpressionBinder.Call("UNIX_TIMESTAMP", Clock.UnixTime, [], SqlType.BigInt.NotNull, call.Span),
        BoundCurrentWatermark.Name => CurrentWatermark(call),
        "OVERLAPS" => binder.Comparisons.Overlaps(call),
        _ => null,
    };

    /// <summary>Whether + - * / of two values is the business of this class.</summary>
    public static bool Takes(SqlType left, SqlType right) => IsTime(left) || IsTime(right) || left.IsInterval || right.IsInterval;

    public BoundCall Compute(string op, BoundExpression left, BoundExpression right, TextSpan span)
    {
        if (op == "+" && left.Type.IsInterval && !right.Type.IsInterval) (left, right) = (right, left);
        if (op is "+" or "-" && right.Type.IsInterval && (IsTime(left.Type) || left.Type.Kind == right.Type.Kind))
            return ExpressionBinder.Call(op, TimeArithmetic.AddInterval(op == "+" ? 1 : -1), [left, right], left.Type.WithNullable(true), span);
        if (op == "*" && right.Type.IsInterval) (left, right) = (right, left);
        if (op == "*" && left.Type.IsInterval && right.Type.IsInteger)
            return ExpressionBinder.Call(op, TimeArithmetic.MultiplyInterval, [left, right], left.Type.WithNullable(true), span);
        var hint = op == "-" && IsTime(left.Type) && IsTime(right.Type) ? " Write TIMESTAMPDIFF(unit, from, to), or (a - b) with a unit such as DAY after it." : "";
        throw binder.Error(span, $"{op} is not possible between {left.Type.Name} and {right.Type.Name}.{hint}");
    }

    private BoundCurrentWatermark CurrentWatermark(Call call) =>
        call.Arguments is [var time] && binder.Bind(time) is { Type.IsTimestamp: true } bound
            ? new BoundCurrentWatermark(bound, call.Span)
            : throw binder.Error(call.Span, $"{BoundCurrentWatermark.Name} takes the time attribute of a table that has a watermark.");

    private static bool IsTime(SqlType type) => type.IsTimestamp || type.Kind is TypeKind.Date or TypeKind.Time;

    private static TimeUnit UnitOf(Expression word) => Enum.Parse<TimeUnit>(((Word)word).Text, ignoreCase: true);

    private BoundExpression Time(Expression expression)
    {
        var value = binder.Bind(expression);
        if (IsTime(value.Type)) return value;
        if (value.Type.Kind is TypeKind.Variant or TypeKind.Null) return binder.Coerce.To(value, SqlType.Timestamp(3));
        throw binder.Error(expression.Span, $"A date or a time is needed here, this is {value.Type.Name}.{(value.Type.IsCharacter ? " Write TO_TIMESTAMP(...) or CAST(... AS TIMESTAMP)." : "")}");
    }

    /// <summary>YEAR(x) and the like are EXTRACT(YEAR FROM x).</summary>
    private static TimeUnit? UnitOfFunction(string name) => name switch
    {
        "YEAR" => TimeUnit.Year,
        "QUARTER" => TimeUnit.Quarter,
        "MONTH" => TimeUnit.Month,
        "WEEK" => TimeUnit.Week,
        "HOUR" => TimeUnit.Hour,
        "MINUTE" => TimeUnit.Minute,
        "SECOND" => TimeUnit.Second,
        "DAYOFMONTH" => TimeUnit.Day,
        "DAYOFYEAR" => TimeUnit.Doy,
        "DAYOFWEEK" => TimeUnit.Dow,
        _ => null,
    };

    private BoundCall Extract(Call call, TimeUnit unit, Expression operand)
    {
        var value = binder.Bind(operand) is { Type.IsInterval: true } interval ? interval : Time(operand);
        CheckUnit(unit, value, call);
        return ExpressionBinder.Call($"EXTRACT {unit.ToString().ToUpperInvariant()}", TimeParts.Extract(unit), [value], SqlType.BigInt, call.Span);
    }

    private void CheckUnit(TimeUnit unit, BoundExpression value, Call call)
    {
        var isClock = unit is TimeUnit.Hour or TimeUnit.Minute or TimeUnit.Second or TimeUnit.Millisecond or TimeUnit.Microsecond or TimeUnit.Nanosecond;
        var isMonths = unit is TimeUnit.Year or TimeUnit.Quarter or TimeUnit.Month or TimeUnit.Decade or TimeUnit.Century or TimeUnit.Millennium;
        var isPossible = value.Type.Kind switch
        {
            TypeKind.Time => isClock && unit is not (TimeUnit.Microsecond or TimeUnit.Nanosecond),
            TypeKind.Date => unit is not (TimeUnit.Nanosecond or TimeUnit.Microsecond or TimeUnit.Millisecond),
            TypeKind.IntervalYearMonth => isMonths,
            TypeKind.IntervalDayTime => isClock || unit is TimeUnit.Day or TimeUnit.Epoch,
            _ => true,
        };
        if (!isPossible) throw binder.Error(call.Span, $"{unit.ToString().ToUpperInvariant()} is no part of {value.Type.Name}.");
    }

    private BoundCall Round(Call call)
    {
        var value = Time(call.Arguments[0]);
        return ExpressionBinder.Call($"{call.Function} TO {((Word)call.Arguments[1]).Text}", TimeRounding.Round(UnitOf(call.Arguments[1]), call.Function != "FLOOR"), [value], value.Type, call.Span);
    }

    private SqlException Takes(Call call, string what) => binder.Error(call.Span, $"{call.Function} takes {what}, here are {call.Arguments.Length}.");

    private BoundCall Add(Call call)
    {
        if (call.Arguments.Length != 3) throw Takes(call, "a unit, a number and a time");
        var unit = UnitOf(call.Arguments[0]);
        var time = Time(call.Arguments[2]);
        long factor = unit switch
        {
            TimeUnit.Year => 12,
            TimeUnit.Quarter => 3,
            TimeUnit.Month => 1,
            TimeUnit.Week => 604_800_000,
            TimeUnit.Day => 86_400_000,
            TimeUnit.Hour => 3_600_000,
            TimeUnit.Minute => 60_000,
            TimeUnit.Second => 1000,
            TimeUnit.Millisecond => 1,
            _ => throw binder.Error(call.Arguments[0].Span, $"TIMESTAMPADD has no unit {((Word)call.Arguments[0]).Text}."),
        };
        var isMonths = unit is TimeUnit.Year or TimeUnit.Quarter or TimeUnit.Month;
        if (time.Type.Kind == TypeKind.Date && unit is TimeUnit.Hour or TimeUnit.Minute or TimeUnit.Second or TimeUnit.Millisecond) time = binder.Coerce.To(time, SqlType.Timestamp());
        if (unit == TimeUnit.Millisecond && time.Type.IsTimestamp && time.Type.Precision < 3)
            time = binder.Coerce.To(time, time.Type.Kind == TypeKind.Timestamp ? SqlType.Timestamp(3) : SqlType.TimestampLtz(3));
        var type = isMonths ? SqlType.IntervalYearMonth : SqlType.IntervalDayTime;
        var amount = binder.Coerce.To(binder.Bind(call.Arguments[1]), SqlType.BigInt);
        var interval = ExpressionBinder.Call("TO_INTERVAL", TimeArithmetic.MultiplyInterval, [amount, new BoundLiteral(SqlType.BigInt.NotNull, call.Span, factor)], type, call.Span);
        return ExpressionBinder.Call("+", TimeArithmetic.AddInterval(1), [time, interval], time.Type.WithNullable(true), call.Span);
    }

    private BoundCall Difference(Call call)
    {
        if (call.Arguments.Length != 3) throw Takes(call, "a unit and two times");
        var (from, to) = (Time(call.Arguments[1]), Time(call.Arguments[2]));
        if ((from.Type.Kind == TypeKind.TimestampLtz) != (to.Type.Kind == TypeKind.TimestampLtz))
            throw binder.Error(call.Span, $"TIMESTAMPDIFF of {from.Type.Name} and {to.Type.Name} depends on the zone: cast one to the other's type.");
        return ExpressionBinder.Call($"TIMESTAMPDIFF {((Word)call.Arguments[0]).Text}", TimeArithmetic.Difference(UnitOf(call.Arguments[0])), [from, to], SqlType.Int, call.Span);
    }

    /// <summary>(a - b) unit.</summary>
    private BoundCall Minus(Call call)
    {
        var isMonths = UnitOf(call.Arguments[0]) is TimeUnit.Year or TimeUnit.Month;
        var (left, right) = (Time(call.Arguments[1]), Time(call.Arguments[2]));
        if (left.Type.Kind != right.Type.Kind) throw binder.Error(call.Span, $"- needs two times of one type, these are {left.Type.Name} and {right.Type.Name}. Write a CAST.");
        return ExpressionBinder.Call(isMonths ? "MINUS MONTHS" : "MINUS", TimeArithmetic.Minus, [left, right], isMonths ? SqlType.IntervalYearMonth : SqlType.IntervalDayTime, call.Span);
    }

    /// <summary>A literal says how many digits the result has: 6 in TO_TIMESTAMP_LTZ(n, 6), the S of a pattern.</summary>
    private BoundCall ToTimestampLtz(Call call)
    {
        if (call.Arguments.Length is < 1 or > 3) throw Takes(call, "a number and its digits, or a text, a pattern and a zone");
        var value = binder.Bind(call.Arguments[0]);
        if (value.Type.Kind == TypeKind.Null && call.Arguments.Length > 1) value = binder.Coerce.To(value, binder.Bind(call.Arguments[1]).Type.IsCharacter ? SqlType.String : SqlType.BigInt);
        if (value.Type.IsNumeric || value.Type.Kind == TypeKind.Null) return OfNumber(call, value);
        if (!value.Type.IsCharacter) throw binder.Error(call.Span, $"TO_TIMESTAMP_LTZ takes a number or a text, this is {value.Type.Name}.");
        BoundExpression[] arguments = [value, .. call.Arguments.Skip(1).Select(a => TextOf(a))];
        var digits = arguments.Length > 1 && arguments[1] is BoundLiteral { Text: { } pattern } ? Math.Clamp(pattern.Count(c => c == 'S'), 3, 9) : 3;
        if (arguments.Length > 1 && arguments[1] is BoundLiteral { Text: { } text } && TimeReading.ErrorOf(text) is { } error) throw binder.Error(arguments[1].Span, $"'{text}' is no pattern of a timestamp: {error}");
        if (arguments.Length > 2 && arguments[2] is BoundLiteral { Text: { } zone } && !ZoneNames.IsKnown(zone))
            throw binder.Error(arguments[2].Span, $"There is no time zone '{zone}'.");
        return new BoundCall("TO_TIMESTAMP_LTZ", TimeReading.ToTimestampLtz, [.. arguments], SqlType.TimestampLtz(digits), call.Span);
    }

    private BoundCall OfNumber(Call call, BoundExpression value)
    {
        if (call.Arguments.Length > 2) throw Takes(call, "a number and its digits");
        if (value.Type.Kind is TypeKind.Decimal or TypeKind.Null) value = binder.Coerce.To(value, SqlType.BigInt);
        if (call.Arguments.Length == 1) return new BoundCall("TO_TIMESTAMP_LTZ", TimeReading.FromEpoch, [value], SqlType.TimestampLtz(3), call.Span);
        var digits = binder.Bind(call.Arguments[1]);
        if (!digits.Type.IsInteger && digits.Type.Kind != TypeKind.Null) throw binder.Error(call.Arguments[1].Span, $"The digits of TO_TIMESTAMP_LTZ are a whole number from 0 to 9, this is {digits.Type.Name}.");
        if (digits is BoundLiteral { IsNull: false } literal && literal.Integer is < 0 or > 9) throw binder.Error(digits.Span, $"The digits of TO_TIMESTAMP_LTZ are 0 to 9, here are {literal.Integer}.");
        var precision = digits is BoundLiteral { IsNull: false } known ? Math.Max(3, (int)known.Integer) : 3;
        return new BoundCall("TO_TIMESTAMP_LTZ", TimeReading.FromEpoch, [value, binder.Coerce.To(digits, SqlType.Int)], SqlType.TimestampLtz(precision), call.Span);
    }

    private BoundExpression TextOf(Expression expression)
    {
        var value = binder.Bind(expression);
        return value.Type.IsCharacter || value.Type.Kind == TypeKind.Null
            ? binder.Text(value)
            : throw binder.Error(expression.Span, $"A text is needed here, this is {value.Type.Name}.");
    }

    private BoundCall Format(Call call)
    {
        var value = binder.Bind(call.Arguments[0]);
        var pattern = TextOf(call.Arguments[1]);
        var isText = value.Type.IsCharacter || value.Type.Kind == TypeKind.Variant;
        if (!isText && !value.Type.IsTimestamp && value.Type.Kind is not (TypeKind.Null or TypeKind.Date))
            throw binder.Error(call.Arguments[0].Span, $"DATE_FORMAT takes a timestamp or a text, this is {value.Type.Name}.");
        value = isText ? binder.Text(value) : value.Type.IsTimestamp ? value : binder.Coerce.To(value, SqlType.Timestamp(3));
        return new BoundCall(isText ? "DATE_FORMAT TEXT" : "DATE_FORMAT", isText ? TimeFormats.FormatText : TimeFormats.Format, [value, pattern], SqlType.String, call.Span, canFail: true);
    }
}
