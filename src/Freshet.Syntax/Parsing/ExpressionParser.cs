using System.Collections.Immutable;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>
/// Expressions by recursive descent, one method for each level of precedence, lowest first (the levels are Calcite's): OR, AND,
/// NOT, IS, comparison, predicates (BETWEEN, IN, LIKE), + and - and IS DISTINCT FROM, * and / and % and ||, unary sign, then [], .
/// and what stands alone (PrimaryParser). Chains of AND and OR become balanced trees, so that a thousand of them nest ten deep.
/// </summary>
internal sealed class ExpressionParser(TokenReader reader, QueryParser queries)
{
    private static readonly HashSet<string> Comparisons = ["=", "<>", "!=", "<", "<=", ">", ">="];

    private PrimaryParser Primary => field ??= new(reader, queries, this);

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
        var value = Primary.Parse();
        var links = 0;
        while (true)
        {
            reader.Link(ref links);
            if (reader.TrySymbol("["))
            {
                var at = Parse();
                reader.ExpectSymbol("]");
                value = new Tree.Index(value, at, value.Span.To(reader.Previous.Span));
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

    private static Binary Join(string op, Expression left, Expression right) => new(op, left, right, left.Span.To(right.Span));
}
