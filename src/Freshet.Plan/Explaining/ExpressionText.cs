using System.Globalization;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Types;

namespace Freshet.Plan.Explaining;

/// <summary>Bound expressions as a person would write them, with the names of the columns that they read.</summary>
internal static class ExpressionText
{
    private static readonly HashSet<string> Infix =
        ["=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "||", "LIKE", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"];

    public static string Of(BoundExpression expression, Schema input) => Write(expression, input, isOuter: true);

    public static string Columns(IEnumerable<int> columns, Schema schema) => string.Join(", ", columns.Select(c => schema.Fields[c].Name));

    private static string Write(BoundExpression expression, Schema input, bool isOuter)
    {
        string Part(BoundExpression part) => Write(part, input, isOuter: false);
        string Whole(BoundExpression part) => Write(part, input, isOuter: true);
        string Parenthesized(string text) => isOuter ? text : $"({text})";
        switch (expression)
        {
            // A subquery's value stands behind the columns of the input until it is joined.
            case BoundColumn column: return column.Index < input.Count ? input.Fields[column.Index].Name : "(SELECT ...)";
            case BoundLiteral literal: return Literal(literal);
            case BoundLogical logical: return Parenthesized($"{Part(logical.Children[0])} {(logical.IsAnd ? "AND" : "OR")} {Part(logical.Children[1])}");
            case BoundCast cast: return $"{(cast.IsTry ? "TRY_CAST" : "CAST")}({Whole(cast.Operand)} AS {cast.Type.Name})";
            case BoundPath path: return Part(path.Operand) + string.Concat(path.Path.Steps.Select(s => s.Key is null ? $"[{s.Index + 1}]" : $"['{s.Key}']"));
            case BoundCoalesce coalesce: return $"COALESCE({string.Join(", ", coalesce.Children.Select(Whole))})";
            case BoundCase @case:
                var text = new StringBuilder("CASE");
                var branches = @case.Children.Length / 2;
                for (var i = 0; i < branches; i++) text.Append(" WHEN ").Append(Whole(@case.Children[i])).Append(" THEN ").Append(Whole(@case.Children[branches + i]));
                return text.Append(" ELSE ").Append(Whole(@case.Children[^1])).Append(" END").ToString();
            case BoundCall { Children.Length: 2 } call when Infix.Contains(call.Name): return Parenthesized($"{Part(call.Children[0])} {call.Name} {Part(call.Children[1])}");
            case BoundCall { Children.Length: 1 } call when call.Name.StartsWith("IS ", StringComparison.Ordinal): return Parenthesized($"{Part(call.Children[0])} {call.Name}");
            case BoundCall { Name: "NOT" } call: return $"NOT {Part(call.Children[0])}";
            case BoundCall { Name: "NEGATE" } call: return $"-{Part(call.Children[0])}";
            default:
                var name = expression is BoundCall named ? named.Name : expression.GetType().Name;
                return expression.Children.IsEmpty ? name : $"{name}({string.Join(", ", expression.Children.Select(Whole))})";
        }
    }

    private static string Literal(BoundLiteral literal)
    {
        if (literal.IsNull) return "NULL";
        if (literal.Type.IsBinary) return $"X'{Convert.ToHexString(literal.Utf8!)}'";
        if (literal.Utf8 is not null) return $"'{literal.Text!.Replace("'", "''", StringComparison.Ordinal)}'";
        return literal.Type.Kind switch
        {
            TypeKind.Boolean => literal.Integer != 0 ? "TRUE" : "FALSE",
            TypeKind.Float => BitConverter.Int32BitsToSingle((int)literal.Bits).ToString(CultureInfo.InvariantCulture),
            TypeKind.Double => BitConverter.Int64BitsToDouble((long)literal.Bits).ToString(CultureInfo.InvariantCulture),
            TypeKind.Decimal => Decimal(literal.Bits, literal.Type.Scale),
            TypeKind.Date or TypeKind.Time => $"{(literal.Type.Kind == TypeKind.Date ? "DATE" : "TIME")} '{Time(literal)}'",
            TypeKind.Timestamp or TypeKind.TimestampLtz => $"TIMESTAMP '{Time(literal)}'",
            TypeKind.IntervalDayTime => Duration(literal.Integer * 1000),
            TypeKind.IntervalYearMonth => $"{literal.Integer.ToString(CultureInfo.InvariantCulture)} months",
            _ => literal.Integer.ToString(CultureInfo.InvariantCulture),
        };
    }

    private static unsafe string Time(BoundLiteral literal)
    {
        var bits = literal.Bits;
        var buffer = new Utf8Buffer();
        TextValueWriter.Write(literal.Type, &bits, 0, (byte)' ', buffer);
        return Encoding.UTF8.GetString(buffer.Written);
    }

    private static string Decimal(Int128 unscaled, int scale)
    {
        var buffer = new Utf8Buffer();
        TextValueWriter.WriteDecimal(unscaled, scale, buffer);
        return Encoding.UTF8.GetString(buffer.Written);
    }

    /// <summary>A length of time in its largest whole unit.</summary>
    public static string Duration(long micros)
    {
        (long Micros, string Unit)[] units = [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1_000, "ms"), (1, "µs")];
        var unit = units.First(u => micros % u.Micros == 0);
        return $"{(micros / unit.Micros).ToString(CultureInfo.InvariantCulture)} {unit.Unit}";
    }
}
