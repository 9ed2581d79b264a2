using System.Globalization;
using System.Text;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;
using Freshet.Kernels.Times;
using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>Literals as values.</summary>
internal static unsafe class Literals
{
    public static BoundExpression Bind(Literal literal, SourceText source)
    {
        var span = literal.Span;
        var text = Encoding.UTF8.GetBytes(literal.Text);
        switch (literal.Kind)
        {
            case LiteralKind.Null: return BoundLiteral.Null(span);
            case LiteralKind.Boolean: return new BoundLiteral(SqlType.Boolean.NotNull, span, literal.Text.Equals("TRUE", StringComparison.OrdinalIgnoreCase) ? 1 : 0);
            case LiteralKind.Integer when int.TryParse(literal.Text, CultureInfo.InvariantCulture, out var small): return new BoundLiteral(SqlType.Int.NotNull, span, small);
            case LiteralKind.Integer when long.TryParse(literal.Text, CultureInfo.InvariantCulture, out var large): return new BoundLiteral(SqlType.BigInt.NotNull, span, large);
            case LiteralKind.Integer: throw new SqlException(source, span, $"The number {literal.Text} is out of the range of BIGINT: write CAST('{literal.Text}' AS DECIMAL(38, 0)).");
            case LiteralKind.Decimal: return Decimal(literal, text, source);
            case LiteralKind.Double when double.IsInfinity(double.Parse(literal.Text, CultureInfo.InvariantCulture)): throw new SqlException(source, span, $"The number {literal.Text} is out of the range of DOUBLE.");
            case LiteralKind.Double: return new BoundLiteral(SqlType.Double.NotNull, span, (Int128)(UInt128)BitConverter.DoubleToUInt64Bits(double.Parse(literal.Text, CultureInfo.InvariantCulture)));
            case LiteralKind.String: return new BoundLiteral(SqlType.Char(literal.Text.Length).NotNull, span, text);
            case LiteralKind.Binary: return new BoundLiteral(SqlType.Binary(literal.Text.Length / 2).NotNull, span, Hex(literal, source));
            case LiteralKind.Date: return Typed(literal, text, SqlType.Date, source);
            case LiteralKind.Time: return Typed(literal, text, SqlType.Time(Math.Min(3, Digits(literal.Text))), source);
            default: return Timestamp(literal, text, source);
        }
    }

    /// <summary>Milliseconds, or months of a year-month interval.</summary>
    public static BoundLiteral Bind(IntervalLiteral literal, SourceText source)
    {
        var sign = literal.IsNegative ? -1 : 1;
        var text = literal.Text.Trim();
        if (text.StartsWith('-')) (sign, text) = (-sign, text[1..]);
        var parts = text.Split([' ', ':', '-'], StringSplitOptions.RemoveEmptyEntries);
        string[] order = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];
        var first = Array.IndexOf(order, literal.From);
        var last = literal.To is null ? first : Array.IndexOf(order, literal.To);
        if (literal.From is "WEEK" or "QUARTER" && literal.To is null && parts.Length == 1)
            (first, last) = literal.From == "WEEK" ? (2, 2) : (1, 1);
        if (first < 0 || last < first || parts.Length != last - first + 1)
            throw new SqlException(source, literal.Span, $"'{literal.Text}' is no interval of {literal.From}{(literal.To is null ? "" : " TO " + literal.To)}: write for example INTERVAL '10' MINUTE or INTERVAL '1 12' DAY TO HOUR.");
        decimal months = 0;
        decimal millis = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            if (!decimal.TryParse(parts[i], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
                throw new SqlException(source, literal.Span, $"'{parts[i]}' in an interval is no number.");
            if (literal.From == "WEEK") value *= 7;
            if (literal.From == "QUARTER") value *= 3;
            switch (order[first + i])
            {
                case "YEAR": months += value * 12; break;
                case "MONTH": months += value; break;
                case "DAY": millis += value * 86_400_000; break;
                case "HOUR": millis += value * 3_600_000; break;
                case "MINUTE": millis += value * 60_000; break;
                default: millis += value * 1000; break;
            }
        }

        return first < 2
            ? new BoundLiteral(SqlType.IntervalYearMonth.NotNull, literal.Span, sign * (long)months)
            : new BoundLiteral(SqlType.IntervalDayTime.NotNull, literal.Span, sign * (long)millis);
    }

    private static BoundLiteral Decimal(Literal literal, byte[] text, SourceText source)
    {
        var point = literal.Text.IndexOf('.', StringComparison.Ordinal);
        var scale = point < 0 ? 0 : literal.Text.Length - point - 1;
        var digits = literal.Text.Count(char.IsAsciiDigit);
        digits = Math.Max(Math.Max(1, digits), scale);
        if (digits > SqlType.MaxDecimalPrecision) throw new SqlException(source, literal.Span, "A number has at most 38 digits.");
        fixed (byte* bytes = text)
        {
            NumberText.TryDecimal(bytes, text.Length, digits, scale, out var unscaled);
            return new BoundLiteral(SqlType.Decimal(digits, scale).NotNull, literal.Span, unscaled);
        }
    }

    private static int Digits(string text)
    {
        var point = text.LastIndexOf('.');
        return point < 0 ? 0 : text.Length - point - 1;
    }

    private static BoundLiteral Timestamp(Literal literal, byte[] text, SourceText source)
    {
        if (literal.Kind == LiteralKind.TimestampLtz) throw new SqlException(source, literal.Span, "A literal of TIMESTAMP WITH LOCAL TIME ZONE is not supported: write CAST(TIMESTAMP '...' AS TIMESTAMP_LTZ).");
        var type = SqlType.Timestamp(Math.Min(9, Digits(literal.Text)));
        if (!TimestampText.TryRead(text, out var micros, out var nanos) || TimestampText.IsMoved(text, micros)) throw new SqlException(source, literal.Span, $"'{literal.Text}' is no TIMESTAMP: write yyyy-MM-dd HH:mm:ss, with up to 9 digits after a point.");
        Int128 bits = 0;
        TimestampValue.Write(type, &bits, 0, micros, nanos);
        return new BoundLiteral(type.NotNull, literal.Span, type.Physical == PhysicalKind.Int64 ? (long)bits : bits);
    }

    private static BoundLiteral Typed(Literal literal, byte[] text, SqlType type, SourceText source)
    {
        Int128 bits = 0;
        TextResult result;
        fixed (byte* bytes = text) result = TextValue.TryWrite(bytes, text.Length, type, &bits, 0, TimeZoneInfo.Utc, null!);
        if (result != TextResult.Ok) throw new SqlException(source, literal.Span, $"'{literal.Text}' is no {type.Name}.");
        return new BoundLiteral(type.NotNull, literal.Span, type.Physical == PhysicalKind.Int32 ? (int)bits : (long)bits);
    }

    private static byte[] Hex(Literal literal, SourceText source)
    {
        try
        {
            return Convert.FromHexString(literal.Text);
        }
        catch (FormatException)
        {
            throw new SqlException(source, literal.Span, "A binary literal has pairs of hexadecimal digits, such as x'0AFF'.");
        }
    }
}
