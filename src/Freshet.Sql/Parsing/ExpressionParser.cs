using System.Collections.Immutable;
using Freshet.Sql.Syntax;
using Freshet.Sql.Text;

namespace Freshet.Sql.Parsing;

/// <summary>
/// Expressions by recursive descent, one method for each level of precedence, lowest first (the levels are Calcite's): OR, AND,
/// NOT, IS, comparison, predicates (BETWEEN, IN, LIKE), + and - and IS DISTINCT FROM, * and / and % and ||, unary sign, then [], .
/// and what stands alone. Chains of AND and OR become balanced trees, so that a thousand of them nest ten deep.
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
    private readonly OverParser _over = new(reader, queries);

    public Expression Parse()
    {
        using var nesting = reader.Nest();
        var first = And();
        if (!reader.Current.Is("OR")) return first;
        var items = new List<Expression> { first };
        while (reader.TryWord("OR")) items.Add(And());
        return Balanced("OR", items);
    }

    /// <summary>An expression without comparison or predicate, for forms in which IN or BETWEEN means something else.</summary>
    public Expression ParseOperand() => Sum();

    public ImmutableArray<Expression> ParseList()
    {
        var items = ImmutableArray.CreateBuilder<Expression>();
        do items.Add(Parse());
        while (reader.TrySymbol(","));
        return items.ToImmutable();
    }

    private Expression And()
    {
        var first = Not();
        if (!reader.Current.Is("AND")) return first;
        var items = new List<Expression> { first };
        while (reader.TryWord("AND")) items.Add(Not());
        return Balanced("AND", items);
    }

    /// <summary>The items of a chain as a tree; those that are such chains themselves, in parentheses, become part of it.</summary>
    private static Expression Balanced(string op, List<Expression> items)
    {
        var parts = items.SelectMany(i => Parts(op, i)).ToList();
        return Balanced(op, parts, 0, parts.Count);
    }

    private static IEnumerable<Expression> Parts(string op, Expression item) =>
        item is Binary binary && binary.Operator == op ? Parts(op, binary.Left).Concat(Parts(op, binary.Right)) : [item];

    private static Expression Balanced(string op, List<Expression> items, int from, int count) =>
        count == 1 ? items[from] : Join(op, Balanced(op, items, from, (count + 1) / 2), Balanced(op, items, from + (count + 1) / 2, count / 2));

    private Expression Not()
    {
        if (!reader.Current.Is("NOT")) return Test();
        using var nesting = reader.Nest();
        var start = reader.Next().Span;
        var operand = Not();
        return new Unary("NOT", operand, start.To(operand.Span));
    }

    private Expression Test()
    {
        var left = Comparison();
        var links = 0;
        while (reader.Current.Is("IS"))
        {
            reader.Link(ref links);
            left = Is(left);
        }

        return left;
    }

    private Expression Comparison()
    {
        var left = Predicate();
        var links = 0;
        while (true)
        {
            if (reader.Current.Kind == TokenKind.Symbol && Comparisons.Contains(reader.Current.Text))
            {
                reader.Link(ref links);
                var op = reader.Next().Text;
                if (op == "!=") op = "<>";
                var quantifier = reader.Peek().IsSymbol("(") ? reader.TryAny("ALL", "ANY", "SOME") : null;
                left = quantifier is null ? Join(op, left, Predicate()) : QuantifiedOf(left, op, quantifier);
            }
            else if (reader.TryWord("OVERLAPS"))
            {
                reader.Link(ref links);
                var right = Predicate();
                left = new Call("OVERLAPS", [left, right], false, null, ImmutableDictionary<string, object>.Empty, left.Span.To(right.Span));
            }
            else
            {
                return left;
            }
        }
    }

    private Quantified QuantifiedOf(Expression left, string op, string quantifier)
    {
        reader.ExpectSymbol("(");
        var query = QueryParser.StartsQuery(reader) ? queries.Parse() : null;
        var items = query is null ? ParseList() : [];
        reader.ExpectSymbol(")");
        return new Quantified(left, op, quantifier, query, items, left.Span.To(reader.Previous.Span));
    }

    private Expression Predicate()
    {
        var left = Sum();
        var links = 0;
        while (true)
        {
            var negated = reader.Current.Is("NOT") && (reader.Peek().Is("IN") || reader.Peek().Is("BETWEEN") || reader.Peek().Is("LIKE") || reader.Peek().Is("SIMILAR"));
            if (negated) reader.Next();
            if (reader.TryWord("BETWEEN")) left = RangeOf(left, negated);
            else if (reader.TryWord("IN")) left = In(left, negated);
            else if (reader.TryWord("LIKE")) left = LikeOf(left, negated, similar: false);
            else if (reader.TryWords("SIMILAR", "TO")) left = LikeOf(left, negated, similar: true);
            else return left;
            reader.Link(ref links);
        }
    }

    private Expression Is(Expression left)
    {
        reader.Next();
        var negated = reader.TryWord("NOT");
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
        var low = Sum();
        reader.ExpectWord("AND");
        var high = Sum();
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
        var pattern = Sum();
        var escape = reader.TryWord("ESCAPE") ? Sum() : null;
        return new Like(left, pattern, escape, similar, negated, left.Span.To((escape ?? pattern).Span));
    }

    private Expression Sum()
    {
        var left = Product();
        var links = 0;
        while (true)
        {
            if (reader.Current.IsSymbol("+") || reader.Current.IsSymbol("-"))
            {
                left = Join(reader.Next().Text, left, Product());
            }
            else if (reader.TryWords("IS", "DISTINCT", "FROM"))
            {
                left = Join("IS DISTINCT FROM", left, Added());
            }
            else if (reader.TryWords("IS", "NOT", "DISTINCT", "FROM"))
            {
                left = Join("IS NOT DISTINCT FROM", left, Added());
            }
            else
            {
                return left;
            }

            reader.Link(ref links);
        }
    }

    /// <summary>A sum as the right side of IS DISTINCT FROM, which takes it whole.</summary>
    private Expression Added()
    {
        var left = Product();
        var links = 0;
        while (reader.Current.IsSymbol("+") || reader.Current.IsSymbol("-"))
        {
            reader.Link(ref links);
            left = Join(reader.Next().Text, left, Product());
        }

        return left;
    }

    private Expression Product()
    {
        var left = Sign();
        var links = 0;
        while (reader.Current.IsSymbol("*") || reader.Current.IsSymbol("/") || reader.Current.IsSymbol("%") || reader.Current.IsSymbol("||"))
        {
            reader.Link(ref links);
            left = Join(reader.Next().Text, left, Sign());
        }

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
        var links = 0;
        while (true)
        {
            reader.Link(ref links);
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
            else if (reader.Current.IsSymbol(".") && reader.Peek().IsSymbol("*"))
            {
                reader.Next();
                reader.Next();
                return new FieldsOf(value, value.Span.To(reader.Previous.Span));
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
            case TokenKind.String: return Text();
            case TokenKind.Binary: return Take(LiteralKind.Binary);
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

    private Literal Take(LiteralKind kind)
    {
        var token = reader.Next();
        return new Literal(kind, kind is LiteralKind.Null or LiteralKind.Boolean ? token.Text.ToUpperInvariant() : token.Text, token.Span);
    }

    /// <summary>'a' and, on a line of its own, 'b': one text.</summary>
    private Literal Text()
    {
        var token = reader.Next();
        var (text, span) = (token.Text, token.Span);
        while (reader.Current.Kind == TokenKind.String && reader.Source.Slice(new TextSpan(span.End, reader.Current.Span.Start - span.End)).Contains('\n', StringComparison.Ordinal))
        {
            text += reader.Current.Text;
            span = span.To(reader.Next().Span);
        }

        return new Literal(LiteralKind.String, text, span);
    }

    /// <summary>{d '...'}, {t '...'}, {ts '...'}, {fn call}: JDBC's escapes.</summary>
    private Expression Escaped()
    {
        var start = reader.Next().Span;
        Expression value;
        if (reader.TryWord("FN")) value = Parse();
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
            case "NULL": return Take(LiteralKind.Null);
            case "TRUE" or "FALSE": return Take(LiteralKind.Boolean);
            case "UNKNOWN" when !next.IsSymbol("."): return new Literal(LiteralKind.Null, "NULL", reader.Next().Span);
            case "DATE" when next.Kind == TokenKind.String: return Typed(LiteralKind.Date);
            case "TIME" when next.Kind == TokenKind.String: return Typed(LiteralKind.Time);
            case "TIMESTAMP" when next.Kind == TokenKind.String: return Typed(LiteralKind.Timestamp);
            case "TIMESTAMP" when next.Is("WITH") && reader.Peek(5).Kind == TokenKind.String: return LocalTimestamp();
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

    private Literal Typed(LiteralKind kind)
    {
        var start = reader.Next().Span;
        var text = reader.Next();
        return new Literal(kind, text.Text, start.To(text.Span));
    }

    private Literal LocalTimestamp()
    {
        var start = reader.Next().Span;
        foreach (var word in new[] { "WITH", "LOCAL", "TIME", "ZONE" }) reader.ExpectWord(word);
        var text = reader.Next();
        return new Literal(LiteralKind.TimestampLtz, text.Text, start.To(text.Span));
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

    private Expression Interval()
    {
        var start = reader.Next().Span;
        var negative = reader.TrySymbol("-");
        if (!negative) reader.TrySymbol("+");
        if (reader.Current.Kind != TokenKind.String)
        {
            var value = Primary();
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

    private Case CaseOf()
    {
        var start = reader.Next().Span;
        var operand = reader.Current.Is("WHEN") ? null : Parse();
        var branches = ImmutableArray.CreateBuilder<WhenThen>();
        while (reader.TryWord("WHEN"))
        {
            // CASE x WHEN 1, 2 THEN y is short for two branches.
            var whens = operand is null ? [Parse()] : ParseList();
            reader.ExpectWord("THEN");
            var then = Parse();
            foreach (var when in whens) branches.Add(new WhenThen(when, then));
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
        if (items is [Binary { Operator: "-" } minus] && reader.Current.Kind == TokenKind.Word && TimeUnits.Normalize(reader.Current.Text.ToUpperInvariant()) is { } unit && IsQualifier(unit))
        {
            // (a - b) DAY is the interval between two times.
            var word = new Word(unit, reader.Next().Span);
            return new Call("MINUS_DATE", [word, minus.Left, minus.Right], false, null, ImmutableDictionary<string, object>.Empty, start.To(reader.Previous.Span));
        }

        return items.Length == 1 ? items[0] : new Constructor("ROW", items, start.To(reader.Previous.Span));
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
        var arguments = reader.Current.IsSymbol(")") ? [] : _special.Arguments(upper, this, ref options);
        if (upper == "ARRAY_AGG" && OverParser.Nulls(reader) is { } nulls) options = options.Add("NULLS", nulls);
        var order = queries.OrderBy();
        reader.ExpectSymbol(")");
        return _over.Rest(upper, arguments, distinct, options, order, this, start);
    }

    private static Binary Join(string op, Expression left, Expression right) => new(op, left, right, left.Span.To(right.Span));
}
