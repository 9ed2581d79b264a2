using System.Collections.Immutable;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Printing;

/// <summary>Calls as text, with the words that some functions have between their arguments.</summary>
internal sealed class CallPrinter(SqlWriter writer, ExpressionPrinter expressions)
{
    private static readonly HashSet<string> Bare = ["CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_ROW_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP"];

    /// <param name="order">ORDER BY within the parentheses.</param>
    /// <param name="after">What stands between the parentheses and FILTER.</param>
    public void Print(Call call, ImmutableArray<OrderItem> order, Action? after)
    {
        if (call.Function is "FINAL" or "RUNNING" && call.Arguments is [Call])
        {
            writer.Add(call.Function).Add(" ");
            expressions.Print(call.Arguments[0]);
            return;
        }

        if (call is { Function: "OVERLAPS", Arguments: [var left, var right] })
        {
            expressions.Print(left);
            writer.Add(" OVERLAPS ");
            expressions.Print(right);
            return;
        }

        if (call is { Function: "MINUS_DATE", Arguments: [Word unit, var end, var begin] })
        {
            writer.Add("(");
            expressions.Print(new Binary("-", end, begin, call.Span));
            writer.Add(") ").Add(unit.Text);
            return;
        }

        writer.Add(call.Function);
        if (call.Arguments.IsEmpty && Bare.Contains(call.Function)) return;
        writer.Add("(").Add(call.IsDistinct, "DISTINCT ");
        Arguments(call);
        Options(call);
        if (!order.IsEmpty)
        {
            writer.Add(" ");
            expressions.Order(order);
        }

        writer.Add(")");
        after?.Invoke();
        if (call.Filter is null) return;
        writer.Add(" FILTER (WHERE ");
        expressions.Print(call.Filter);
        writer.Add(")");
    }

    private void Arguments(Call call)
    {
        switch (call.Function)
        {
            case "EXTRACT" when call.Arguments is [Word unit, var from]:
                writer.Add(unit.Text).Add(" FROM ");
                expressions.Print(from);
                break;
            case "TRIM" when call.Arguments is [Word where, .. var rest]:
                // Characters stand before FROM, though they are the last argument.
                writer.Add(where.Text).Add(" ");
                if (rest.Length > 1) expressions.Print(rest[1]);
                writer.Add(rest.Length > 1, " ").Add("FROM ");
                expressions.Print(rest[0]);
                break;
            case "FLOOR" or "CEIL" or "CEILING" when call.Arguments is [var value, Word unit]:
                expressions.Print(value);
                writer.Add(" TO ").Add(unit.Text);
                break;
            case "JSON_OBJECT" or "JSON_OBJECTAGG":
                for (var i = 0; i + 1 < call.Arguments.Length; i += 2)
                {
                    writer.Add(i > 0, ", ").Add("KEY ");
                    expressions.Print(call.Arguments[i]);
                    writer.Add(" VALUE ");
                    expressions.Print(call.Arguments[i + 1]);
                }

                break;
            case "POSITION" when call.Arguments is [var part, var whole]:
                writer.Add("(");
                expressions.Print(part);
                writer.Add(") IN ");
                expressions.Print(whole);
                break;
            default:
                expressions.Print(call.Arguments);
                break;
        }
    }

    private void Options(Call call)
    {
        if (call.Options.TryGetValue("RETURNING", out var returning))
        {
            writer.Add(" RETURNING ");
            expressions.Option(returning);
        }

        if (call.Options.TryGetValue("NULLS", out var nulls)) writer.Add($" {nulls} NULLS");
        if (call.Options.TryGetValue("WRAPPER", out var wrapper)) writer.Add((string)wrapper == "WITHOUT" ? " WITHOUT ARRAY WRAPPER" : $" WITH {wrapper} ARRAY WRAPPER");
        foreach (var when in new[] { "ON NULL", "ON EMPTY", "ON ERROR" })
        {
            if (!call.Options.TryGetValue(when, out var behaviour)) continue;
            writer.Add(" ");
            expressions.Option(behaviour);
            writer.Add(" ").Add(when);
        }
    }
}
