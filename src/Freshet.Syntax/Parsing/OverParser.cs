using System.Collections.Immutable;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>What follows the parentheses of a call: IGNORE NULLS, WITHIN GROUP, FILTER, OVER; and the windows of OVER and WINDOW.</summary>
internal sealed class OverParser(TokenReader reader, QueryParser queries)
{
    public Expression Rest(string name, ImmutableArray<Expression> arguments, bool distinct, ImmutableDictionary<string, object> options, ImmutableArray<OrderItem> order, ExpressionParser expressions, TextSpan start)
    {
        var call = new Call(name, arguments, distinct, null, options, start.To(reader.Previous.Span));
        var nulls = Nulls(reader);
        var within = reader.TryWords("WITHIN", "GROUP");
        if (within)
        {
            if (!order.IsEmpty) throw reader.Error(reader.Previous.Span, "The order of the rows is given twice: in the call, and by WITHIN GROUP.");
            reader.ExpectSymbol("(");
            order = queries.OrderBy();
            if (order.IsEmpty) throw reader.Expected("ORDER BY");
            reader.ExpectSymbol(")");
        }

        if (reader.TryWord("FILTER"))
        {
            reader.ExpectSymbol("(");
            reader.ExpectWord("WHERE");
            call = call with { Filter = expressions.Parse() };
            reader.ExpectSymbol(")");
            call = call with { Span = start.To(reader.Previous.Span) };
        }

        nulls ??= Nulls(reader);
        Expression value = order.IsEmpty && nulls is null ? call : new OrderedCall(call, order, within, nulls, start.To(reader.Previous.Span));
        if (!reader.TryWord("OVER")) return value;
        if (reader.Current.IsSymbol("("))
        {
            var window = Window();
            return new OverCall(value, null, window, start.To(reader.Previous.Span));
        }

        var windowName = reader.ExpectName("a window's name or '('");
        return new OverCall(value, windowName, null, start.To(reader.Previous.Span));
    }

    /// <summary>(name PARTITION BY ... ORDER BY ... ROWS ...).</summary>
    public WindowSpec Window()
    {
        using var nesting = reader.Nest();
        var start = reader.Current.Span;
        reader.ExpectSymbol("(");
        var starts = reader.Current.Is("PARTITION") || reader.Current.Is("ORDER") || (reader.Current.Is("ROWS") || reader.Current.Is("RANGE"));
        var name = !starts && TokenReader.IsName(reader.Current) ? reader.Next().Text : null;
        var partition = reader.TryWords("PARTITION", "BY") ? queries.Expressions.ParseList() : [];
        var order = queries.OrderBy();
        var frame = Frame();
        if (!reader.Current.IsSymbol(")")) throw reader.Expected("PARTITION BY, ORDER BY, ROWS, RANGE or ')'");
        reader.Next();
        return new WindowSpec(name, partition, order, frame, start.To(reader.Previous.Span));
    }

    private WindowFrame? Frame()
    {
        var kind = reader.TryAny("ROWS", "RANGE");
        if (kind is null) return null;
        if (!reader.TryWord("BETWEEN")) return new WindowFrame(kind == "RANGE", Bound(), null);
        var from = Bound();
        reader.ExpectWord("AND");
        return new WindowFrame(kind == "RANGE", from, Bound());
    }

    private FrameBound Bound()
    {
        if (reader.TryWords("CURRENT", "ROW")) return new FrameBound(FrameBoundKind.CurrentRow, null);
        if (reader.TryWord("UNBOUNDED"))
            return new FrameBound(IsPreceding() ? FrameBoundKind.UnboundedPreceding : FrameBoundKind.UnboundedFollowing, null);
        var distance = queries.Expressions.ParseOperand();
        return new FrameBound(IsPreceding() ? FrameBoundKind.Preceding : FrameBoundKind.Following, distance);
    }

    private bool IsPreceding() => reader.TryAny("PRECEDING", "FOLLOWING") switch
    {
        "PRECEDING" => true,
        "FOLLOWING" => false,
        _ => throw reader.Expected("PRECEDING or FOLLOWING"),
    };

    internal static string? Nulls(TokenReader reader) => reader.TryWords("IGNORE", "NULLS") ? "IGNORE" : reader.TryWords("RESPECT", "NULLS") ? "RESPECT" : null;
}
