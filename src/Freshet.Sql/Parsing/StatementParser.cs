using System.Collections.Immutable;
using Freshet.Sql.Syntax;
using Freshet.Sql.Text;

namespace Freshet.Sql.Parsing;

/// <summary>A script of statements, each ended by a semicolon.</summary>
public static class SqlParser
{
    /// <summary>Longest text that is read, UTF-16 units.</summary>
    public const int TextMax = 4 << 20;

    /// <summary>All statements of a script.</summary>
    /// <exception cref="SqlException">The text is not SQL of this dialect; names the place.</exception>
    public static ImmutableArray<Statement> ParseScript(SourceText source)
    {
        if (source.Text.Length > TextMax) throw new SqlException(source, default, $"The text has more than {TextMax} characters.");
        var reader = new TokenReader(source);
        var statements = ImmutableArray.CreateBuilder<Statement>();
        while (true)
        {
            while (reader.TrySymbol(";"))
            {
            }

            if (reader.AtEnd) return statements.ToImmutable();
            statements.Add(new StatementParser(reader).Parse());
            if (!reader.AtEnd && !reader.Current.IsSymbol(";")) throw reader.Expected("';' or the end of the statement");
        }
    }

    /// <summary>The one statement of a text.</summary>
    public static Statement ParseOne(SourceText source)
    {
        var statements = ParseScript(source);
        return statements.Length == 1
            ? statements[0]
            : throw new SqlException(source, statements.Length == 0 ? default : statements[1].Span, $"Expected one statement, found {statements.Length}.");
    }
}

/// <summary>Statements: DDL, INSERT, and those that ask.</summary>
internal sealed class StatementParser
{
    private static readonly string[] Starts =
        ["SELECT", "WITH", "VALUES", "CREATE", "INSERT", "EXECUTE", "BEGIN", "EXPLAIN", "SHOW", "DESCRIBE", "SET", "RESET", "USE", "DROP"];

    private readonly TokenReader _reader;
    private readonly QueryParser _queries;

    public StatementParser(TokenReader reader)
    {
        _reader = reader;
        _queries = new QueryParser(reader);
    }

    public Statement Parse()
    {
        var start = _reader.Current.Span;
        if (QueryParser.StartsQuery(_reader))
        {
            var query = _queries.Parse();
            return new Select(query, query.Span);
        }

        if (_reader.TryWord("CREATE")) return Create(start);
        if (_reader.TryWord("INSERT")) return Insert(start);
        if (_reader.TryWord("EXPLAIN")) return ExplainOf(start);
        if (_reader.TryWord("SHOW")) return ShowOf(start);
        if (_reader.TryWord("DESCRIBE") || _reader.TryWord("DESC")) return new Describe(TableName(), start.To(_reader.Previous.Span));
        if (_reader.TryWord("SET")) return Set(start);
        if (_reader.TryWord("RESET")) return new ResetOption(_reader.Current.Kind == TokenKind.String ? _reader.Next().Text : null, start.To(_reader.Previous.Span));
        if (_reader.TryWord("USE"))
        {
            if (!_reader.TryWord("CATALOG")) _reader.TryWord("DATABASE");
            return new Use(TableName(), start.To(_reader.Previous.Span));
        }

        if (_reader.TryWord("DROP")) return DropOf(start);
        if (_reader.TryWords("EXECUTE", "STATEMENT", "SET") || _reader.TryWords("BEGIN", "STATEMENT", "SET")) return StatementSetOf(start);
        if (_reader.Current.Is("EXECUTE") && _reader.Peek().Is("INSERT"))
        {
            _reader.Next();
            _reader.Next();
            return Insert(start);
        }

        var hint = _reader.Current.Kind == TokenKind.Word ? NearestName.Hint(_reader.Current.Text, Starts) : "";
        throw _reader.Error(_reader.Current.Span, $"Expected a statement ({string.Join(", ", Starts)}), found '{_reader.Current.Text}'.{hint}");
    }

    private Name TableName()
    {
        var start = _reader.Current.Span;
        var parts = ImmutableArray.CreateBuilder<string>();
        do parts.Add(_reader.ExpectName("a name"));
        while (_reader.TrySymbol("."));
        return new Name(parts.ToImmutable(), start.To(_reader.Previous.Span));
    }

    private Statement Create(TextSpan start)
    {
        if (_reader.TryWords("OR", "REPLACE")) throw _reader.Error(_reader.Previous.Span, "CREATE OR REPLACE is not supported: change the project's file, the difference is applied at the next start.");
        var temporary = _reader.TryWord("TEMPORARY");
        if (_reader.TryWord("TABLE")) return Table(start, temporary);
        if (_reader.TryWord("VIEW")) return View(start, materialized: false, temporary);
        if (_reader.TryWords("MATERIALIZED", "VIEW")) return View(start, materialized: true, temporary);
        throw _reader.Expected("TABLE, VIEW or MATERIALIZED VIEW");
    }

    private bool IfNotExists() => _reader.TryWords("IF", "NOT", "EXISTS");

    private CreateView View(TextSpan start, bool materialized, bool temporary)
    {
        var ifNotExists = IfNotExists();
        var name = TableName();
        var columns = _queries.NameList();
        if (_reader.TryWord("COMMENT")) _reader.ExpectString("a comment in quotes");
        _reader.ExpectWord("AS");
        var query = _queries.Parse();
        return new CreateView(name, materialized, temporary, ifNotExists, columns, query, start.To(_reader.Previous.Span));
    }

    private CreateTable Table(TextSpan start, bool temporary)
    {
        var ifNotExists = IfNotExists();
        var name = TableName();
        var columns = ImmutableArray.CreateBuilder<ColumnDefinition>();
        WatermarkDefinition? watermark = null;
        ImmutableArray<string> key = [];
        if (_reader.TrySymbol("("))
        {
            do
            {
                if (_reader.Current.Is("WATERMARK") && _reader.Peek().Is("FOR")) watermark = Watermark();
                else if (_reader.Current.Is("PRIMARY") || _reader.Current.Is("CONSTRAINT")) key = PrimaryKey();
                else columns.Add(Column(ref key));
            }
            while (_reader.TrySymbol(","));
            _reader.ExpectSymbol(")");
        }

        if (_reader.TryWord("COMMENT")) _reader.ExpectString("a comment in quotes");
        if (_reader.TryWords("PARTITIONED", "BY")) _queries.NameList();
        var options = _reader.TryWord("WITH") ? Options() : [];
        var like = _reader.TryWord("LIKE") ? Like() : null;
        var query = _reader.TryWord("AS") ? _queries.Parse() : null;
        return new CreateTable(name, temporary, ifNotExists, columns.ToImmutable(), watermark, key, options, like, query, start.To(_reader.Previous.Span));
    }

    private ColumnDefinition Column(ref ImmutableArray<string> key)
    {
        var start = _reader.Current.Span;
        if (_reader.Current.Kind is not (TokenKind.Word or TokenKind.QuotedName)) throw _reader.Expected("a column name");
        var name = _reader.Next().Text;
        if (_reader.TryWord("AS"))
        {
            var expression = _queries.Expressions.Parse();
            Comment();
            return new ComputedColumn(name, expression, start.To(_reader.Previous.Span));
        }

        var type = TypeParser.Parse(_reader);
        if (_reader.TryWord("METADATA"))
        {
            var from = _reader.TryWord("FROM") ? _reader.ExpectString("a metadata key in quotes") : null;
            var isVirtual = _reader.TryWord("VIRTUAL");
            Comment();
            return new MetadataColumn(name, type, from, isVirtual, start.To(_reader.Previous.Span));
        }

        if (_reader.TryWords("PRIMARY", "KEY"))
        {
            _reader.TryWords("NOT", "ENFORCED");
            key = [name];
        }

        Comment();
        return new PhysicalColumn(name, type, start.To(_reader.Previous.Span));
    }

    private void Comment()
    {
        if (_reader.TryWord("COMMENT")) _reader.ExpectString("a comment in quotes");
    }

    private WatermarkDefinition Watermark()
    {
        var start = _reader.Next().Span;
        _reader.ExpectWord("FOR");
        var column = TableName();
        _reader.ExpectWord("AS");
        var expression = _queries.Expressions.Parse();
        return new WatermarkDefinition(column, expression, start.To(_reader.Previous.Span));
    }

    private ImmutableArray<string> PrimaryKey()
    {
        if (_reader.TryWord("CONSTRAINT")) _reader.ExpectName("a name for the constraint");
        _reader.ExpectWord("PRIMARY");
        _reader.ExpectWord("KEY");
        var columns = _queries.NameList();
        if (columns.IsEmpty) throw _reader.Expected("the key's columns in parentheses");
        if (!_reader.TryWords("NOT", "ENFORCED")) throw _reader.Error(_reader.Previous.Span, "A primary key is not checked by the engine: write PRIMARY KEY (...) NOT ENFORCED.");
        return columns;
    }

    private ImmutableArray<OptionPair> Options()
    {
        _reader.ExpectSymbol("(");
        var options = ImmutableArray.CreateBuilder<OptionPair>();
        if (!_reader.Current.IsSymbol(")"))
        {
            do
            {
                var start = _reader.Current.Span;
                var key = _reader.ExpectString("an option's name in quotes");
                _reader.ExpectSymbol("=");
                options.Add(new OptionPair(key, _reader.ExpectString("an option's value in quotes"), start.To(_reader.Previous.Span)));
            }
            while (_reader.TrySymbol(","));
        }

        _reader.ExpectSymbol(")");
        return options.ToImmutable();
    }

    private TableLike Like()
    {
        var start = _reader.Previous.Span;
        var table = TableName();
        var features = ImmutableArray.CreateBuilder<string>();
        if (_reader.TrySymbol("("))
        {
            while (!_reader.Current.IsSymbol(")")) features.Add(_reader.Next().Text.ToUpperInvariant());
            _reader.ExpectSymbol(")");
        }

        return new TableLike(table, features.ToImmutable(), start.To(_reader.Previous.Span));
    }

    private Insert Insert(TextSpan start)
    {
        if (_reader.Current.Is("OVERWRITE")) throw _reader.Error(_reader.Current.Span, "INSERT OVERWRITE is not supported.");
        _reader.ExpectWord("INTO");
        var table = TableName();
        var columns = QueryParser.StartsQuery(_reader) ? [] : _queries.NameList();
        var query = _queries.Parse();
        return new Insert(table, columns, query, start.To(_reader.Previous.Span));
    }

    private StatementSet StatementSetOf(TextSpan start)
    {
        _reader.TryWord("BEGIN");
        _reader.TrySymbol(";");
        var inserts = ImmutableArray.CreateBuilder<Insert>();
        while (!_reader.TryWord("END"))
        {
            var insert = _reader.Current.Span;
            _reader.ExpectWord("INSERT");
            inserts.Add(Insert(insert));
            _reader.ExpectSymbol(";");
        }

        return new StatementSet(inserts.ToImmutable(), start.To(_reader.Previous.Span));
    }

    private Explain ExplainOf(TextSpan start)
    {
        if (_reader.TryWord("PLAN")) _reader.TryWord("FOR");
        while (_reader.Current.Is("ESTIMATED_COST") || _reader.Current.Is("CHANGELOG_MODE") || _reader.Current.Is("JSON_EXECUTION_PLAN") || _reader.Current.IsSymbol(",")) _reader.Next();
        var statement = Parse();
        return new Explain(statement, start.To(_reader.Previous.Span));
    }

    private Show ShowOf(TextSpan start)
    {
        string[] known = ["TABLES", "VIEWS", "FUNCTIONS", "CATALOGS", "DATABASES"];
        if (_reader.TryWords("MATERIALIZED", "VIEWS")) return new Show("MATERIALIZED VIEWS", null, start.To(_reader.Previous.Span));
        if (_reader.TryWords("CREATE", "TABLE")) return new Show("CREATE TABLE", TableName(), start.To(_reader.Previous.Span));
        if (_reader.TryWords("CREATE", "VIEW")) return new Show("CREATE VIEW", TableName(), start.To(_reader.Previous.Span));
        if (_reader.TryWord("COLUMNS"))
        {
            if (!_reader.TryWord("FROM")) _reader.ExpectWord("IN");
            return new Show("COLUMNS", TableName(), start.To(_reader.Previous.Span));
        }

        var what = known.FirstOrDefault(_reader.TryWord) ?? throw _reader.Expected("TABLES, VIEWS, MATERIALIZED VIEWS, FUNCTIONS, COLUMNS or CREATE TABLE after SHOW");
        return new Show(what, null, start.To(_reader.Previous.Span));
    }

    private SetOption Set(TextSpan start)
    {
        if (_reader.AtEnd || _reader.Current.IsSymbol(";")) return new SetOption(null, null, start);
        string key;
        if (_reader.Current.Kind == TokenKind.String)
        {
            key = _reader.Next().Text;
        }
        else
        {
            var parts = new List<string>();
            do parts.Add(_reader.Next().Text);
            while (_reader.TrySymbol(".") || _reader.TrySymbol("-"));
            key = string.Join('.', parts);
        }

        _reader.ExpectSymbol("=");
        var value = _reader.Next().Text;
        return new SetOption(key, value, start.To(_reader.Previous.Span));
    }

    private Drop DropOf(TextSpan start)
    {
        _reader.TryWord("TEMPORARY");
        var what = _reader.TryWords("MATERIALIZED", "VIEW") ? "MATERIALIZED VIEW" : _reader.TryWord("VIEW") ? "VIEW" : _reader.TryWord("TABLE") ? "TABLE" : throw _reader.Expected("TABLE, VIEW or MATERIALIZED VIEW");
        var ifExists = _reader.TryWords("IF", "EXISTS");
        return new Drop(what, TableName(), ifExists, start.To(_reader.Previous.Span));
    }
}
