using System.Collections.Immutable;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>Queries: WITH, SELECT, VALUES, set operations, ORDER BY, LIMIT, and the tables of FROM.</summary>
internal sealed class QueryParser
{
    private static readonly string[] AfterQuery = ["UNION", "INTERSECT", "EXCEPT", "MINUS", "ORDER", "LIMIT", "OFFSET", "FETCH", "ON"];

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

    /// <summary>Whether a query begins here, perhaps within parentheses: ((SELECT 1) + 2) is none, ((SELECT 1) UNION ...) is one.</summary>
    public static bool StartsQuery(TokenReader reader, int ahead = 0)
    {
        var open = 0;
        while (reader.Peek(ahead + open).IsSymbol("(")) open++;
        var token = reader.Peek(ahead + open);
        if (!token.Is("SELECT") && !token.Is("WITH") && !token.Is("VALUES")) return false;
        if (open == 0) return true;
        var after = reader.PeekBehindParenthesis(ahead);
        return after.Kind == TokenKind.End || after.IsSymbol(")") || after.IsSymbol(";") || AfterQuery.Any(after.Is);
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
        var recursive = _reader.TryWord("RECURSIVE");
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
            tables.Add(new CommonTable(name, columns, query, start.To(_reader.Previous.Span)) { IsRecursive = recursive });
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

    /// <summary>ORDER BY ..., or nothing.</summary>
    public ImmutableArray<OrderItem> OrderBy()
    {
        return _reader.TryWords("ORDER", "BY") ? OrderItems() : [];
    }

    public ImmutableArray<OrderItem> OrderItems()
    {
        var items = ImmutableArray.CreateBuilder<OrderItem>();
        do items.Add(OrderItem());
        while (_reader.TrySymbol(","));
        return items.ToImmutable();
    }

    public OrderItem OrderItem()
    {
        var expression = _expressions.Parse();
        var descending = _reader.TryWord("DESC");
        if (!descending) _reader.TryWord("ASC");
        bool? nullsFirst = _reader.TryWords("NULLS", "FIRST") ? true : _reader.TryWords("NULLS", "LAST") ? false : null;
        return new OrderItem(expression, descending, nullsFirst);
    }

    private QueryBody Body()
    {
        var left = IntersectBody();
        var links = 0;
        while (_reader.Current.Is("UNION") || _reader.Current.Is("EXCEPT") || _reader.Current.Is("MINUS"))
        {
            _reader.Link(ref links);
            var op = _reader.Next().Is("UNION") ? SetOperator.Union : SetOperator.Except;
            left = SetOf(left, op, IntersectBody);
        }

        return left;
    }

    private QueryBody IntersectBody()
    {
        var left = Operand();
        var links = 0;
        while (_reader.TryWord("INTERSECT"))
        {
            _reader.Link(ref links);
            left = SetOf(left, SetOperator.Intersect, Operand);
        }

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

    private QueryBody SelectCore()
    {
        var start = _reader.Next().Span;
        var hints = HintParser.Read(_reader);
        _reader.TryWord("STREAM");
        var distinct = _reader.TryWord("DISTINCT");
        if (!distinct) _reader.TryWord("ALL");
        var items = ImmutableArray.CreateBuilder<SelectItem>();
        do items.Add(Item());
        while (_reader.TrySymbol(","));
        var from = _reader.TryWord("FROM") ? _tables.ParseFrom() : null;
        var where = _reader.TryWord("WHERE") ? _expressions.Parse() : null;
        var group = GroupBy();
        var having = _reader.TryWord("HAVING") ? _expressions.Parse() : null;
        var windows = Windows();
        var qualify = _reader.TryWord("QUALIFY") ? _expressions.Parse() : null;
        var span = start.To(_reader.Previous.Span);
        var select = new SelectBody(distinct, items.ToImmutable(), from, where, group, having, span) { Hints = hints };
        return windows.IsEmpty && qualify is null ? select : new WindowedBody(select, windows, qualify, span);
    }

    private ImmutableArray<NamedWindow> Windows()
    {
        if (!_reader.TryWord("WINDOW")) return [];
        var windows = ImmutableArray.CreateBuilder<NamedWindow>();
        var over = new OverParser(_reader, this);
        do
        {
            var name = _reader.ExpectName("a window's name");
            _reader.ExpectWord("AS");
            windows.Add(new NamedWindow(name, over.Window()));
        }
        while (_reader.TrySymbol(","));
        return windows.ToImmutable();
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
        var keys = ImmutableArray.CreateBuilder<Expression>();
        do
        {
            // At this level (a, b) is two keys, and () is none.
            var item = GroupingItem();
            if (item is GroupingSet set) keys.AddRange(set.Keys);
            else keys.Add(item);
        }
        while (_reader.TrySymbol(","));
        return new GroupBy(keys.ToImmutable(), start.To(_reader.Previous.Span));
    }

    /// <summary>A key, a list of keys in parentheses, or ROLLUP, CUBE, GROUPING SETS.</summary>
    private Expression GroupingItem()
    {
        using var nesting = _reader.Nest();
        var start = _reader.Current.Span;
        var kind = _reader.Current.Is("GROUPING") && _reader.Peek().Is("SETS") ? "GROUPING SETS"
            : _reader.Current.Is("ROLLUP") && _reader.Peek().IsSymbol("(") ? "ROLLUP"
            : _reader.Current.Is("CUBE") && _reader.Peek().IsSymbol("(") ? "CUBE" : null;
        if (kind is null) return _reader.Current.IsSymbol("(") ? Parenthesized(start) : _expressions.Parse();
        _reader.Next();
        _reader.TryWord("SETS");
        _reader.ExpectSymbol("(");
        var items = ImmutableArray.CreateBuilder<Expression>();
        do items.Add(GroupingItem());
        while (_reader.TrySymbol(","));
        _reader.ExpectSymbol(")");
        return new GroupingSets(kind, items.ToImmutable(), start.To(_reader.Previous.Span));
    }

    private Expression Parenthesized(Text.TextSpan start)
    {
        if (_reader.Peek().IsSymbol(")"))
        {
            _reader.Next();
            _reader.Next();
            return new GroupingSet([], start.To(_reader.Previous.Span));
        }

        // (a + b) * c is one key, (a, b) are two.
        var value = _expressions.Parse();
        return value is Constructor { Kind: "ROW" } row && _reader.Source.Text[row.Span.Start] == '(' ? new GroupingSet(row.Items, row.Span) : value;
    }
}
