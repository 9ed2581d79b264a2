using System.Collections.Immutable;
using Freshet.Sql.Syntax;

namespace Freshet.Sql.Parsing;

/// <summary>Queries: WITH, SELECT, VALUES, set operations, ORDER BY, LIMIT, and the tables of FROM.</summary>
internal sealed class QueryParser
{
    private readonly TokenReader _reader;
    private readonly ExpressionParser _expressions;
    private readonly TableParser _tables;

    public QueryParser(TokenReader reader)
    {
        _reader = reader;
        _expressions = new ExpressionParser(reader, this);
        _tables = new TableParser(reader, this, _expressions);
    }

    public ExpressionParser Expressions => _expressions;

    /// <summary>Whether a query begins here, perhaps within parentheses.</summary>
    public static bool StartsQuery(TokenReader reader)
    {
        var ahead = 0;
        while (reader.Peek(ahead).IsSymbol("(")) ahead++;
        var token = reader.Peek(ahead);
        return token.Is("SELECT") || token.Is("WITH") || token.Is("VALUES");
    }

    public Query Parse()
    {
        using var nesting = _reader.Nest();
        var start = _reader.Current.Span;
        var with = With();
        var body = Body();
        var order = OrderBy();
        Expression? limit = null;
        Expression? offset = null;
        while (true)
        {
            if (_reader.TryWord("LIMIT"))
            {
                if (!_reader.TryWord("ALL")) limit = _expressions.Parse();
            }
            else if (_reader.TryWord("OFFSET"))
            {
                offset = _expressions.Parse();
                if (!_reader.TryWord("ROWS")) _reader.TryWord("ROW");
            }
            else if (_reader.TryWord("FETCH"))
            {
                if (!_reader.TryWord("FIRST")) _reader.ExpectWord("NEXT");
                limit = _reader.Current.Is("ROW") || _reader.Current.Is("ROWS") ? new Literal(LiteralKind.Integer, "1", _reader.Current.Span) : _expressions.Parse();
                if (!_reader.TryWord("ROWS")) _reader.ExpectWord("ROW");
                _reader.ExpectWord("ONLY");
            }
            else
            {
                break;
            }
        }

        return new Query(with, body, order, limit, offset, start.To(_reader.Previous.Span));
    }

    private ImmutableArray<CommonTable> With()
    {
        if (!_reader.TryWord("WITH")) return [];
        if (_reader.Current.Is("RECURSIVE")) throw _reader.Error(_reader.Current.Span, "WITH RECURSIVE is not supported.");
        var tables = ImmutableArray.CreateBuilder<CommonTable>();
        do
        {
            var start = _reader.Current.Span;
            var name = _reader.ExpectName("a name for the query");
            var columns = NameList();
            _reader.ExpectWord("AS");
            _reader.ExpectSymbol("(");
            var query = Parse();
            _reader.ExpectSymbol(")");
            tables.Add(new CommonTable(name, columns, query, start.To(_reader.Previous.Span)));
        }
        while (_reader.TrySymbol(","));
        return tables.ToImmutable();
    }

    /// <summary>(a, b, c) or nothing.</summary>
    public ImmutableArray<string> NameList()
    {
        if (!_reader.TrySymbol("(")) return [];
        var names = ImmutableArray.CreateBuilder<string>();
        do names.Add(_reader.ExpectName("a column name"));
        while (_reader.TrySymbol(","));
        _reader.ExpectSymbol(")");
        return names.ToImmutable();
    }

    private ImmutableArray<OrderItem> OrderBy()
    {
        if (!_reader.TryWords("ORDER", "BY")) return [];
        var items = ImmutableArray.CreateBuilder<OrderItem>();
        do
        {
            var expression = _expressions.Parse();
            var descending = _reader.TryWord("DESC");
            if (!descending) _reader.TryWord("ASC");
            bool? nullsFirst = _reader.TryWords("NULLS", "FIRST") ? true : _reader.TryWords("NULLS", "LAST") ? false : null;
            items.Add(new OrderItem(expression, descending, nullsFirst));
        }
        while (_reader.TrySymbol(","));
        return items.ToImmutable();
    }

    private QueryBody Body()
    {
        var left = IntersectBody();
        while (_reader.Current.Is("UNION") || _reader.Current.Is("EXCEPT"))
        {
            var op = _reader.Next().Is("UNION") ? SetOperator.Union : SetOperator.Except;
            left = SetOf(left, op, IntersectBody);
        }

        return left;
    }

    private QueryBody IntersectBody()
    {
        var left = Operand();
        while (_reader.TryWord("INTERSECT")) left = SetOf(left, SetOperator.Intersect, Operand);
        return left;
    }

    private SetBody SetOf(QueryBody left, SetOperator op, Func<QueryBody> operand)
    {
        var all = _reader.TryWord("ALL");
        if (!all) _reader.TryWord("DISTINCT");
        var right = operand();
        return new SetBody(left, op, all, right, left.Span.To(right.Span));
    }

    private QueryBody Operand()
    {
        var start = _reader.Current.Span;
        if (_reader.TrySymbol("("))
        {
            var query = Parse();
            _reader.ExpectSymbol(")");
            return new NestedBody(query, start.To(_reader.Previous.Span));
        }

        if (_reader.TryWord("VALUES")) return Values(start);
        if (!_reader.Current.Is("SELECT")) throw _reader.Expected("SELECT, VALUES or WITH");
        return SelectCore();
    }

    private ValuesBody Values(Text.TextSpan start)
    {
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<Expression>>();
        do
        {
            var row = _expressions.Parse();
            rows.Add(row is Constructor { Kind: "ROW" } constructor ? constructor.Items : [row]);
        }
        while (_reader.TrySymbol(","));
        return new ValuesBody(rows.ToImmutable(), start.To(_reader.Previous.Span));
    }

    private SelectBody SelectCore()
    {
        var start = _reader.Next().Span;
        while (_reader.Current.Kind == TokenKind.Hint) _reader.Next();
        var distinct = _reader.TryWord("DISTINCT");
        if (!distinct) _reader.TryWord("ALL");
        var items = ImmutableArray.CreateBuilder<SelectItem>();
        do items.Add(Item());
        while (_reader.TrySymbol(","));
        var from = _reader.TryWord("FROM") ? _tables.ParseFrom() : null;
        var where = _reader.TryWord("WHERE") ? _expressions.Parse() : null;
        var group = GroupBy();
        var having = _reader.TryWord("HAVING") ? _expressions.Parse() : null;
        if (_reader.Current.Is("QUALIFY")) throw _reader.Error(_reader.Current.Span, "QUALIFY is not supported yet.");
        if (_reader.Current.Is("WINDOW")) throw _reader.Error(_reader.Current.Span, "The WINDOW clause is not supported yet.");
        return new SelectBody(distinct, items.ToImmutable(), from, where, group, having, start.To(_reader.Previous.Span));
    }

    private SelectItem Item()
    {
        var start = _reader.Current.Span;
        var expression = _expressions.Parse();
        string? alias = null;
        if (_reader.TryWord("AS")) alias = _reader.Current.Kind is TokenKind.Word or TokenKind.QuotedName ? _reader.Next().Text : throw _reader.Expected("a column name after AS");
        else if (TokenReader.IsName(_reader.Current)) alias = _reader.Next().Text;
        return new SelectItem(expression, alias, start.To(_reader.Previous.Span));
    }

    private GroupBy? GroupBy()
    {
        var start = _reader.Current.Span;
        if (!_reader.TryWords("GROUP", "BY")) return null;
        if (_reader.TrySymbol("("))
        {
            if (_reader.TrySymbol(")")) return new GroupBy([], start.To(_reader.Previous.Span));
            var inner = _expressions.ParseList();
            _reader.ExpectSymbol(")");
            if (!_reader.TrySymbol(",")) return new GroupBy(inner, start.To(_reader.Previous.Span));
            return new GroupBy([.. inner, .. _expressions.ParseList()], start.To(_reader.Previous.Span));
        }

        if (_reader.Current.Is("GROUPING")) throw _reader.Error(_reader.Current.Span, "GROUPING SETS are not supported yet.");
        return new GroupBy(_expressions.ParseList(), start.To(_reader.Previous.Span));
    }
}
