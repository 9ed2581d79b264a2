using System.Collections.Immutable;
using Freshet.Sql.Syntax;
using Freshet.Sql.Text;

namespace Freshet.Sql.Parsing;

/// <summary>
/// Expressions by recursive descent, one method for each level of precedence, lowest first: OR, AND, NOT, comparison and
/// predicates, ||, + and -, * and / and %, unary sign, then [], . and what stands alone.
/// </summary>
internal sealed class ExpressionParser(TokenReader reader, QueryParser queries)
{
    private static readonly HashSet<string> Comparisons = ["=", "<>", "!=", "<", "<=", ">", ">="];

    /// <summary>Functions that are written without parentheses.</summary>
    private static readonly HashSet<string> Bare = new(StringComparer.OrdinalIgnoreCase)
    {
        "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_ROW_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP", "PI",
    };

    private readonly SpecialCalls _special = new(reader);

    public Expression Parse()
    {
        using var nesting = reader.Nest();
        var left = And();
        while (reader.TryWord("OR")) left = Join("OR", left, And());
        return left;
    }

    /// <summary>An expression without comparison or predicate, for forms in which IN or BETWEEN means something else.</summary>
    public Expression ParseOperand() => Concatenation();

    public ImmutableArray<Expression> ParseList()
    {
        var items = ImmutableArray.CreateBuilder<Expression>();
        do items.Add(Parse());
        while (reader.TrySymbol(","));
        return items.ToImmutable();
    }

    private Expression And()
    {
        var left = Not();
        while (reader.TryWord("AND")) left = Join("AND", left, Not());
        return left;
    }

    private Expression Not()
    {
        if (!reader.Current.Is("NOT") || reader.Peek().Is("NULL")) return Predicate();
        using var nesting = reader.Nest();
        var start = reader.Next().Span;
        var operand = Not();
        return new Unary("NOT", operand, start.To(operand.Span));
    }

    private Expression Predicate()
    {
        var left = Concatenation();
        while (true)
        {
            if (reader.Current.Kind == TokenKind.Symbol && Comparisons.Contains(reader.Current.Text))
            {
                var op = reader.Next().Text;
                left = Join(op == "!=" ? "<>" : op, left, Concatenation());
            }
            else if (reader.Current.Is("IS"))
            {
                left = Is(left);
            }
            else
            {
                var negated = reader.Current.Is("NOT") && (reader.Peek().Is("IN") || reader.Peek().Is("BETWEEN") || reader.Peek().Is("LIKE") || reader.Peek().Is("SIMILAR"));
                if (negated) reader.Next();
                if (reader.TryWord("BETWEEN")) left = RangeOf(left, negated);
                else if (reader.TryWord("IN")) left = In(left, negated);
                else if (reader.TryWord("LIKE")) left = LikeOf(left, negated, similar: false);
                else if (reader.TryWords("SIMILAR", "TO")) left = LikeOf(left, negated, similar: true);
                else return left;
            }
        }
    }

    private Expression Is(Expression left)
    {
        reader.Next();
        var negated = reader.TryWord("NOT");
        if (reader.TryWords("DISTINCT", "FROM"))
        {
            var right = Concatenation();
            return new Binary(negated ? "IS NOT DISTINCT FROM" : "IS DISTINCT FROM", left, right, left.Span.To(right.Span));
        }

        foreach (var test in new[] { "NULL", "TRUE", "FALSE", "UNKNOWN" })
            if (reader.TryWord(test)) return new IsTest(left, test, negated, left.Span.To(reader.Previous.Span));
        if (reader.TryWord("JSON"))
        {
            var kind = new[] { "VALUE", "OBJECT", "ARRAY", "SCALAR" }.FirstOrDefault(reader.TryWord) ?? "VALUE";
            return new IsTest(left, "JSON " + kind, negated, left.Span.To(reader.Previous.Span));
        }

        throw reader.Expected("NULL, TRUE, FALSE, UNKNOWN, JSON or DISTINCT FROM after IS");
    }

    private Between RangeOf(Expression left, bool negated)
    {
        var symmetric = reader.TryWord("SYMMETRIC");
        if (!symmetric) reader.TryWord("ASYMMETRIC");
        var low = Concatenation();
        reader.ExpectWord("AND");
        var high = Concatenation();
        return new Between(left, low, high, symmetric, negated, left.Span.To(high.Span));
    }

    private Expression In(Expression left, bool negated)
    {
        reader.ExpectSymbol("(");
        if (QueryParser.StartsQuery(reader))
        {
            var query = queries.Parse();
            reader.ExpectSymbol(")");
            return new InQuery(left, query, negated, left.Span.To(reader.Previous.Span));
        }

        var items = ParseList();
        reader.ExpectSymbol(")");
        return new InList(left, items, negated, left.Span.To(reader.Previous.Span));
    }

    private Like LikeOf(Expression left, bool negated, bool similar)
    {
        var pattern = Concatenation();
        var escape = reader.TryWord("ESCAPE") ? Concatenation() : null;
        return new Like(left, pattern, escape, similar, negated, left.Span.To((escape ?? pattern).Span));
    }

    private Expression Concatenation()
    {
        var left = Sum();
        while (reader.TrySymbol("||")) left = Join("||", left, Sum());
        return left;
    }

    private Expression Sum()
    {
        var left = Product();
        while (reader.Current.IsSymbol("+") || reader.Current.IsSymbol("-")) left = Join(reader.Next().Text, left, Product());
        return left;
    }

    private Expression Product()
    {
        var left = Sign();
        while (reader.Current.IsSymbol("*") || reader.Current.IsSymbol("/") || reader.Current.IsSymbol("%")) left = Join(reader.Next().Text, left, Sign());
        return left;
    }

    private Expression Sign()
    {
        if (!reader.Current.IsSymbol("-") && !reader.Current.IsSymbol("+")) return Postfix();
        using var nesting = reader.Nest();
        var sign = reader.Next();
        var operand = Sign();
        return sign.Text == "+" ? operand : new Unary("-", operand, sign.Span.To(operand.Span));
    }

    private Expression Postfix()
    {
        var value = Primary();
        while (true)
        {
            if (reader.TrySymbol("["))
            {
                var at = Parse();
                reader.ExpectSymbol("]");
                value = new Syntax.Index(value, at, value.Span.To(reader.Previous.Span));
            }
            else if (reader.Current.IsSymbol(".") && reader.Peek().Kind is TokenKind.Word or TokenKind.QuotedName)
            {
                reader.Next();
                value = new FieldAccess(value, reader.Next().Text, value.Span.To(reader.Previous.Span));
            }
            else
            {
                return value;
            }
        }
    }

    private Expression Primary()
    {
        var token = reader.Current;
        switch (token.Kind)
        {
            case TokenKind.Integer: return Take(LiteralKind.Integer);
            case TokenKind.Decimal: return Take(LiteralKind.Decimal);
            case TokenKind.Double: return Take(LiteralKind.Double);
            case TokenKind.String: return Take(LiteralKind.String);
            case TokenKind.Binary: return Take(LiteralKind.Binary);
            case TokenKind.QuotedName: return NameOrCall();
            case TokenKind.Symbol when token.Text == "(": return Parenthesis();
            case TokenKind.Symbol when token.Text == "*":
                reader.Next();
                return new Star(null, token.Span);
            case TokenKind.Word: return FromWord(token);
            default: throw reader.Expected("an expression");
        }
    }

    private Literal Take(LiteralKind kind)
    {
        var token = reader.Next();
        return new Literal(kind, token.Text, token.Span);
    }

    private Expression FromWord(Token token)
    {
        var next = reader.Peek();
        switch (token.Text.ToUpperInvariant())
        {
            case "NULL": return Take(LiteralKind.Null);
            case "TRUE" or "FALSE": return Take(LiteralKind.Boolean);
            case "UNKNOWN" when !next.IsSymbol("."): return new Literal(LiteralKind.Null, "NULL", reader.Next().Span);
            case "DATE" when next.Kind == TokenKind.String: return Typed(LiteralKind.Date);
            case "TIME" when next.Kind == TokenKind.String: return Typed(LiteralKind.Time);
            case "TIMESTAMP" when next.Kind == TokenKind.String: return Typed(LiteralKind.Timestamp);
            case "INTERVAL" when next.Kind == TokenKind.String || next.IsSymbol("-") || next.IsSymbol("+"): return Interval();
            case "CASE": return CaseOf();
            case "CAST" or "TRY_CAST" when next.IsSymbol("("): return CastOf();
            case "EXISTS" when next.IsSymbol("("): return ExistsOf();
            case "ARRAY" or "MAP" when next.IsSymbol("["): return Bracketed();
            case "ROW" when next.IsSymbol("("): return RowOf();
            case "LEFT" or "RIGHT" when next.IsSymbol("("): return NameOrCall();
        }

        if (TokenReader.IsReserved(token)) throw reader.Expected("an expression");
        return NameOrCall();
    }

    private Literal Typed(LiteralKind kind)
    {
        var start = reader.Next().Span;
        var text = reader.Next();
        return new Literal(kind, text.Text, start.To(text.Span));
    }

    private IntervalLiteral Interval()
    {
        var start = reader.Next().Span;
        var negative = reader.TrySymbol("-");
        if (!negative) reader.TrySymbol("+");
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

    private Case CaseOf()
    {
        var start = reader.Next().Span;
        var operand = reader.Current.Is("WHEN") ? null : Parse();
        var branches = ImmutableArray.CreateBuilder<WhenThen>();
        while (reader.TryWord("WHEN"))
        {
            var when = Parse();
            reader.ExpectWord("THEN");
            branches.Add(new WhenThen(when, Parse()));
        }

        if (branches.Count == 0) throw reader.Expected("WHEN");
        var otherwise = reader.TryWord("ELSE") ? Parse() : null;
        reader.ExpectWord("END");
        return new Case(operand, branches.ToImmutable(), otherwise, start.To(reader.Previous.Span));
    }

    private Cast CastOf()
    {
        var word = reader.Next();
        reader.ExpectSymbol("(");
        var operand = Parse();
        reader.ExpectWord("AS");
        var type = TypeParser.Parse(reader);
        reader.ExpectSymbol(")");
        return new Cast(operand, type, word.Is("TRY_CAST"), word.Span.To(reader.Previous.Span));
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
        var items = reader.Current.IsSymbol("]") ? [] : ParseList();
        reader.ExpectSymbol("]");
        return new Constructor(word.Text.ToUpperInvariant(), items, word.Span.To(reader.Previous.Span));
    }

    private Constructor RowOf()
    {
        var word = reader.Next();
        reader.ExpectSymbol("(");
        var items = reader.Current.IsSymbol(")") ? [] : ParseList();
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

        var items = ParseList();
        reader.ExpectSymbol(")");
        return items.Length == 1 ? items[0] : new Constructor("ROW", items, start.To(reader.Previous.Span));
    }

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
        var options = ImmutableDictionary<string, object>.Empty;
        var arguments = reader.Current.IsSymbol(")") ? [] : _special.Arguments(upper, this, ref options);
        reader.ExpectSymbol(")");
        Expression? filter = null;
        if (reader.TryWord("FILTER"))
        {
            reader.ExpectSymbol("(");
            reader.ExpectWord("WHERE");
            filter = Parse();
            reader.ExpectSymbol(")");
        }

        if (reader.Current.Is("OVER")) throw reader.Error(reader.Current.Span, "OVER windows are not supported yet.");
        return new Call(upper, arguments, distinct, filter, options, start.To(reader.Previous.Span));
    }

    private static Binary Join(string op, Expression left, Expression right) => new(op, left, right, left.Span.To(right.Span));
}
