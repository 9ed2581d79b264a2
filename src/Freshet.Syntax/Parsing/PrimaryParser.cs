using System.Collections.Immutable;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>What stands alone in an expression: literals, names, calls, CASE, CAST, constructors, and what is in parentheses.</summary>
internal sealed class PrimaryParser(TokenReader reader, QueryParser queries, ExpressionParser expressions)
{
    /// <summary>Functions that are written without parentheses.</summary>
    private static readonly HashSet<string> Bare = new(StringComparer.OrdinalIgnoreCase)
    {
        "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_ROW_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP", "PI",
    };

    private readonly LiteralParser _literals = new(reader);
    private readonly SpecialCalls _special = new(reader);
    private readonly OverParser _over = new(reader, queries);

    public Expression Parse()
    {
        var token = reader.Current;
        switch (token.Kind)
        {
            case TokenKind.Integer: return _literals.Take(LiteralKind.Integer);
            case TokenKind.Decimal: return _literals.Take(LiteralKind.Decimal);
            case TokenKind.Double: return _literals.Take(LiteralKind.Double);
            case TokenKind.String: return _literals.Text();
            case TokenKind.Binary: return _literals.Take(LiteralKind.Binary);
            case TokenKind.QuotedName: return NameOrCall();
            case TokenKind.Symbol when token.Text == "(": return Parenthesis();
            case TokenKind.Symbol when token.Text == "{": return Escaped();
            case TokenKind.Symbol when token.Text == "*":
                reader.Next();
                return new Star(null, token.Span);
            case TokenKind.Word: return FromWord(token);
            default: throw reader.Expected("an expression");
        }
    }

    /// <summary>{d '...'}, {t '...'}, {ts '...'}, {fn call}: JDBC's escapes.</summary>
    private Expression Escaped()
    {
        var start = reader.Next().Span;
        Expression value;
        if (reader.TryWord("FN")) value = expressions.Parse();
        else if (reader.TryWord("D")) value = new Literal(LiteralKind.Date, reader.ExpectString("a date in quotes"), start.To(reader.Previous.Span));
        else if (reader.TryWord("T")) value = new Literal(LiteralKind.Time, reader.ExpectString("a time in quotes"), start.To(reader.Previous.Span));
        else if (reader.TryWord("TS")) value = new Literal(LiteralKind.Timestamp, reader.ExpectString("a timestamp in quotes"), start.To(reader.Previous.Span));
        else throw reader.Expected("d, t, ts or fn after '{'");
        reader.ExpectSymbol("}");
        return value;
    }

    private Expression FromWord(Token token)
    {
        var next = reader.Peek();
        switch (token.Text.ToUpperInvariant())
        {
            case "NULL": return _literals.Take(LiteralKind.Null);
            case "TRUE" or "FALSE": return _literals.Take(LiteralKind.Boolean);
            case "UNKNOWN" when !next.IsSymbol("."): return new Literal(LiteralKind.Null, "NULL", reader.Next().Span);
            case "DATE" when next.Kind == TokenKind.String: return _literals.Typed(LiteralKind.Date);
            case "TIME" when next.Kind == TokenKind.String: return _literals.Typed(LiteralKind.Time);
            case "TIMESTAMP" when next.Kind == TokenKind.String: return _literals.Typed(LiteralKind.Timestamp);
            case "TIMESTAMP" when next.Is("WITH") && reader.Peek(5).Kind == TokenKind.String: return _literals.LocalTimestamp();
            case "INTERVAL" when next.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Decimal || next.IsSymbol("-") || next.IsSymbol("+") || next.IsSymbol("("): return Interval();
            case "INTERVAL" when TokenReader.IsName(next) && reader.Peek(2) is { Kind: TokenKind.Word } unit && TimeUnits.Normalize(unit.Text.ToUpperInvariant()) is not null: return Interval();
            case "ARRAY" or "MAP" or "MULTISET" when next.IsSymbol("(") && QueryParser.StartsQuery(reader, 2): return CollectionQueryOf();
            case "CASE": return CaseOf();
            case "CAST" or "TRY_CAST" when next.IsSymbol("("): return CastOf();
            case "EXISTS" when next.IsSymbol("("): return ExistsOf();
            case "ARRAY" or "MAP" or "MULTISET" when next.IsSymbol("["): return Bracketed();
            case "ROW" when next.IsSymbol("("): return RowOf();
            case "LEFT" or "RIGHT" or "GROUPING" when next.IsSymbol("("): return NameOrCall();
            case "FINAL" or "RUNNING" when TokenReader.IsName(next) && reader.Peek(2).IsSymbol("("): return Semantics();
        }

        if (TokenReader.IsReserved(token)) throw reader.Expected("an expression");
        return NameOrCall();
    }

    private CollectionQuery CollectionQueryOf()
    {
        var word = reader.Next();
        reader.ExpectSymbol("(");
        var query = queries.Parse();
        reader.ExpectSymbol(")");
        return new CollectionQuery(word.Text.ToUpperInvariant(), query, word.Span.To(reader.Previous.Span));
    }

    /// <summary>FINAL LAST(A.x) of MATCH_RECOGNIZE, as a call named FINAL.</summary>
    private Call Semantics()
    {
        var word = reader.Next();
        var call = NameOrCall();
        return new Call(word.Text.ToUpperInvariant(), [call], false, null, ImmutableDictionary<string, object>.Empty, word.Span.To(call.Span));
    }

    private Case CaseOf()
    {
        var start = reader.Next().Span;
        var operand = reader.Current.Is("WHEN") ? null : expressions.Parse();
        var branches = ImmutableArray.CreateBuilder<WhenThen>();
        while (reader.TryWord("WHEN"))
        {
            // CASE x WHEN 1, 2 THEN y is short for two branches.
            var whens = operand is null ? [expressions.Parse()] : expressions.ParseList();
            reader.ExpectWord("THEN");
            var then = expressions.Parse();
            foreach (var when in whens) branches.Add(new WhenThen(when, then));
        }

        if (branches.Count == 0) throw reader.Expected("WHEN");
        var otherwise = reader.TryWord("ELSE") ? expressions.Parse() : null;
        reader.ExpectWord("END");
        return new Case(operand, branches.ToImmutable(), otherwise, start.To(reader.Previous.Span));
    }

    private Cast CastOf()
    {
        var word = reader.Next();
        reader.ExpectSymbol("(");
        var operand = expressions.Parse();
        reader.ExpectWord("AS");
        var unit = reader.Current.Is("INTERVAL") && reader.Peek(2).IsSymbol(")") ? TimeUnits.Normalize(reader.Peek().Text.ToUpperInvariant()) : null;
        var type = TypeParser.Parse(reader);
        reader.ExpectSymbol(")");
        return new Cast(operand, type, word.Is("TRY_CAST"), word.Span.To(reader.Previous.Span)) { IntervalUnit = unit };
    }

    private Exists ExistsOf()
    {
        var start = reader.Next().Span;
        reader.ExpectSymbol("(");
        var query = queries.Parse();
        reader.ExpectSymbol(")");
        return new Exists(query, start.To(reader.Previous.Span));
    }

    private Constructor Bracketed()
    {
        var word = reader.Next();
        reader.ExpectSymbol("[");
        var items = reader.Current.IsSymbol("]") ? [] : expressions.ParseList();
        reader.ExpectSymbol("]");
        return new Constructor(word.Text.ToUpperInvariant(), items, word.Span.To(reader.Previous.Span));
    }

    private Constructor RowOf()
    {
        var word = reader.Next();
        reader.ExpectSymbol("(");
        var items = reader.Current.IsSymbol(")") ? [] : expressions.ParseList();
        reader.ExpectSymbol(")");
        return new Constructor("ROW", items, word.Span.To(reader.Previous.Span));
    }

    private Expression Parenthesis()
    {
        var start = reader.Next().Span;
        if (QueryParser.StartsQuery(reader))
        {
            var query = queries.Parse();
            reader.ExpectSymbol(")");
            return new ScalarQuery(query, start.To(reader.Previous.Span));
        }

        var items = expressions.ParseList();
        reader.ExpectSymbol(")");
        if (items is [Binary { Operator: "-" } minus] && reader.Current.Kind == TokenKind.Word && TimeUnits.Normalize(reader.Current.Text.ToUpperInvariant()) is { } unit && IsQualifier(unit))
        {
            // (a - b) DAY is the interval between two times.
            var word = new Word(unit, reader.Next().Span);
            return new Call("MINUS_DATE", [word, minus.Left, minus.Right], false, null, ImmutableDictionary<string, object>.Empty, start.To(reader.Previous.Span));
        }

        return items.Length == 1 ? items[0] : new Constructor("ROW", items, start.To(reader.Previous.Span));
    }

    private Expression Interval()
    {
        var start = reader.Next().Span;
        var negative = reader.TrySymbol("-");
        if (!negative) reader.TrySymbol("+");
        if (reader.Current.Kind != TokenKind.String)
        {
            var value = Parse();
            if (negative) value = new Unary("-", value, start.To(value.Span));
            var first = Unit();
            var last = reader.TryWord("TO") ? Unit() : null;
            return new IntervalOf(value, first, last, start.To(reader.Previous.Span));
        }

        var text = reader.ExpectString("a text such as '5' after INTERVAL");
        var from = Unit();
        var to = reader.TryWord("TO") ? Unit() : null;
        return new IntervalLiteral(text, negative, from, to, start.To(reader.Previous.Span));
    }

    private string Unit()
    {
        var span = reader.Current.Span;
        var unit = reader.ExpectName("a time unit").ToUpperInvariant();
        if (reader.TrySymbol("("))
        {
            reader.Next();
            if (reader.TrySymbol(",")) reader.Next();
            reader.ExpectSymbol(")");
        }

        return TimeUnits.Normalize(unit) ?? throw reader.Error(span, $"There is no time unit {unit}.{NearestName.Hint(unit, TimeUnits.All)}");
    }

    private static bool IsQualifier(string unit) => unit is "YEAR" or "MONTH" or "DAY" or "HOUR" or "MINUTE" or "SECOND";

    private Expression NameOrCall()
    {
        var first = reader.Next();
        var parts = ImmutableArray.CreateBuilder<string>();
        parts.Add(first.Text);
        var quoted = first.Kind == TokenKind.QuotedName;
        while (reader.Current.IsSymbol("."))
        {
            if (reader.Peek().IsSymbol("*"))
            {
                reader.Next();
                reader.Next();
                return new Star(new Name(parts.ToImmutable(), first.Span.To(reader.Previous.Span)), first.Span.To(reader.Previous.Span));
            }

            reader.Next();
            if (reader.Current.Kind is not (TokenKind.Word or TokenKind.QuotedName)) throw reader.Expected("a name after '.'");
            parts.Add(reader.Next().Text);
        }

        if (reader.Current.IsSymbol("(")) return CallOf(string.Join('.', parts), first.Span);
        if (!quoted && parts.Count == 1 && Bare.Contains(first.Text)) return new Call(first.Text.ToUpperInvariant(), [], false, null, ImmutableDictionary<string, object>.Empty, first.Span);
        return new Name(parts.ToImmutable(), first.Span.To(reader.Previous.Span));
    }

    private Expression CallOf(string name, TextSpan start)
    {
        reader.ExpectSymbol("(");
        var upper = name.ToUpperInvariant();
        var distinct = reader.TryWord("DISTINCT");
        if (!distinct && reader.Current.Is("ALL") && !reader.Peek().IsSymbol(")")) reader.Next();
        if (distinct && reader.Current.IsSymbol(")")) throw reader.Expected("an argument after DISTINCT");
        var options = ImmutableDictionary<string, object>.Empty;
        var arguments = reader.Current.IsSymbol(")") ? [] : _special.Arguments(upper, expressions, ref options);
        if (upper == "ARRAY_AGG" && OverParser.Nulls(reader) is { } nulls) options = options.Add("NULLS", nulls);
        var order = queries.OrderBy();
        reader.ExpectSymbol(")");
        return _over.Rest(upper, arguments, distinct, options, order, expressions, start);
    }
}
