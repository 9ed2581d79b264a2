using System.Collections.Immutable;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>Statements: by its first word each goes to the parser of its kind.</summary>
internal sealed class StatementParser
{
    private static readonly string[] Starts =
    [
        "SELECT", "WITH", "VALUES", "CREATE", "INSERT", "EXECUTE", "BEGIN", "EXPLAIN", "SHOW", "DESCRIBE", "SET", "RESET", "USE", "DROP", "UPDATE", "DELETE", "SUBSCRIBE", "ALTER",
    ];

    private readonly TokenReader _reader;
    private readonly QueryParser _queries;
    private readonly DefinitionParser _definitions;
    private readonly OtherParser _others;
    private readonly CustomerParser _customers;

    public StatementParser(TokenReader reader)
    {
        _reader = reader;
        _queries = new QueryParser(reader);
        _definitions = new DefinitionParser(reader, _queries);
        _others = new OtherParser(reader, _queries, _definitions);
        _customers = new CustomerParser(reader, _queries, _definitions);
    }

    public Statement Parse()
    {
        using var nesting = _reader.Nest();
        var start = _reader.Current.Span;
        if (QueryParser.StartsQuery(_reader))
        {
            var query = _queries.Parse();
            return new Select(query, query.Span);
        }

        if (_reader.Current.Kind != TokenKind.Word) throw Unknown();
        return _reader.Current.Text.ToUpperInvariant() switch
        {
            "CREATE" => Create(),
            "INSERT" => Insert(),
            "UPDATE" => UpdateOf(),
            "DELETE" => DeleteOf(),
            "EXPLAIN" => ExplainOf(),
            "SHOW" => new ShowParser(_reader, _definitions, _customers).Parse(),
            "DESCRIBE" or "DESC" => DescribeOf(),
            "SET" => Set(),
            "RESET" => Reset(),
            "USE" => UseOf(),
            "DROP" => DropOf(),
            "SUBSCRIBE" => SubscribeOf(),
            "EXECUTE" => Execute(),
            "BEGIN" => Block("BEGIN"),
            _ => _others.TryParse(start) ?? throw Unknown(),
        };
    }

    private SqlException Unknown()
    {
        var hint = _reader.Current.Kind == TokenKind.Word ? NearestName.Hint(_reader.Current.Text, Starts) : "";
        var found = _reader.AtEnd ? "the end of the text" : $"'{_reader.Current.Text}'";
        return _reader.Error(_reader.Current.Span, $"Expected a statement ({string.Join(", ", Starts)}), found {found}.{hint}");
    }

    private TextSpan From(TextSpan start) => start.To(_reader.Previous.Span);

    private Statement Create()
    {
        var start = _reader.Next().Span;
        if (_reader.Current.Is("OR")) return _others.Replace(start);
        var temporary = _reader.TryWord("TEMPORARY");
        var system = temporary && _reader.TryWord("SYSTEM");
        if (!system && _reader.TryWord("TABLE")) return _definitions.Table(start, temporary);
        if (!system && _reader.TryWord("VIEW")) return View(start, materialized: false, temporary);
        if (_reader.TryWord("FUNCTION")) return _definitions.Function(start, temporary, system);
        if (!system && !temporary && _reader.TryWords("MATERIALIZED", "VIEW")) return View(start, materialized: true, temporary);
        if (!temporary && _reader.TryAny("CATALOG", "DATABASE") is { } kind) return _definitions.Namespace(start, kind);
        if (!temporary && _customers.TryCreate(start) is { } customers) return customers;
        return _others.TryCreate(start) ?? throw _reader.Expected("TABLE, VIEW, MATERIALIZED VIEW, FUNCTION, CATALOG, DATABASE, IDENTIFIER, TRAIT, SEGMENT or EVENT");
    }

    private CreateView View(TextSpan start, bool materialized, bool temporary)
    {
        var ifNotExists = _definitions.IfNotExists();
        var name = _definitions.Name();
        var columns = _queries.NameList();
        var comment = _definitions.Comment();
        var options = materialized && _reader.TryWord("WITH") ? _definitions.Options() : [];
        _reader.ExpectWord("AS");
        var query = _queries.Parse();
        return new CreateView(name, materialized, temporary, ifNotExists, columns, query, From(start)) { Comment = comment, Options = options };
    }

    private Statement Insert()
    {
        var start = _reader.Next().Span;
        var overwrite = _reader.TryWord("OVERWRITE");
        if (!overwrite) _reader.ExpectWord("INTO");
        var table = _definitions.Name();
        var hints = HintParser.Read(_reader);
        var partition = _reader.TryWord("PARTITION") ? _definitions.Assignments() : [];
        var columns = QueryParser.StartsQuery(_reader) ? [] : _queries.NameList();
        var query = _queries.Parse();
        string? conflict = null;
        if (_reader.TryWords("ON", "CONFLICT"))
        {
            _reader.ExpectWord("DO");
            conflict = _reader.TryAny("ERROR", "NOTHING", "DEDUPLICATE") ?? throw _reader.Expected("ERROR, NOTHING or DEDUPLICATE");
        }

        var insert = new Insert(table, columns, query, From(start)) { Hints = hints };
        return !overwrite && partition.IsEmpty && conflict is null ? insert : new InsertWith(insert, overwrite, partition, conflict, From(start));
    }

    private Update UpdateOf()
    {
        var start = _reader.Next().Span;
        var table = _definitions.Name();
        _reader.ExpectWord("SET");
        var assignments = ImmutableArray.CreateBuilder<Assignment>();
        do
        {
            var column = _reader.ExpectName("a column name");
            _reader.ExpectSymbol("=");
            assignments.Add(new Assignment(column, _queries.Expressions.Parse()));
        }
        while (_reader.TrySymbol(","));
        var where = _reader.TryWord("WHERE") ? _queries.Expressions.Parse() : null;
        return new Update(table, assignments.ToImmutable(), where, From(start));
    }

    private Delete DeleteOf()
    {
        var start = _reader.Next().Span;
        _reader.ExpectWord("FROM");
        var table = _definitions.Name();
        var where = _reader.TryWord("WHERE") ? _queries.Expressions.Parse() : null;
        return new Delete(table, where, From(start));
    }

    /// <summary>SUBSCRIBE [TO] view, or SUBSCRIBE [TO] query.</summary>
    private Subscribe SubscribeOf()
    {
        var start = _reader.Next().Span;
        _reader.TryWord("TO");
        if (QueryParser.StartsQuery(_reader)) return new Subscribe(_queries.Parse(), From(start));
        var view = _definitions.Name();
        var all = new SelectBody(false, [new SelectItem(new Star(null, view.Span), null, view.Span)], new NamedTable(view, null, ImmutableDictionary<string, string>.Empty, view.Span), null, null, null, view.Span);
        return new Subscribe(new Query([], all, [], null, null, view.Span), From(start));
    }

    private Statement Execute()
    {
        if (_reader.Peek().Is("PLAN")) return _others.TryParse(_reader.Current.Span)!;
        if (_reader.Peek().Is("STATEMENT")) return Block("EXECUTE");
        _reader.Next();
        return Parse();
    }

    private Statement Block(string word)
    {
        var start = _reader.Current.Span;
        _reader.ExpectWord(word);
        _reader.ExpectWord("STATEMENT");
        _reader.ExpectWord("SET");
        return Block(start, word);
    }

    private Statement Block(TextSpan start, string word)
    {
        if (word == "BEGIN" && _reader.AtEnd) return new OtherStatement("BEGIN STATEMENT SET", null, _reader.Source.Slice(From(start)), From(start));
        if (word != "BEGIN") _reader.ExpectWord("BEGIN");
        _reader.TrySymbol(";");
        var inserts = ImmutableArray.CreateBuilder<Statement>();
        while (!_reader.TryWord("END"))
        {
            if (!_reader.Current.Is("INSERT")) throw _reader.Expected(inserts.Count == 0 ? "INSERT" : "INSERT or END");
            inserts.Add(Insert());
            _reader.ExpectSymbol(";");
        }

        if (inserts.Count == 0) throw _reader.Error(_reader.Previous.Span, "A statement set needs at least one INSERT.");
        return inserts.All(i => i is Insert)
            ? new StatementSet([.. inserts.Cast<Insert>()], From(start))
            : new StatementBlock(inserts.ToImmutable(), From(start));
    }

    /// <summary>A name that ends the statement, behind EXPLAIN.</summary>
    private bool IsViewName()
    {
        var after = 1;
        if (!TokenReader.IsName(_reader.Current)) return false;
        while (_reader.Peek(after).IsSymbol(".")) after += 2;
        return _reader.Peek(after).Kind == TokenKind.End || _reader.Peek(after).IsSymbol(";");
    }

    private Statement ExplainOf()
    {
        var start = _reader.Next().Span;
        if (_reader.TryWords("WATERMARK", "FOR"))
        {
            var view = _definitions.Name();
            return new ExplainWatermark(view, From(start));
        }

        if (_reader.TryWords("MEMBERSHIP", "OF"))
        {
            var profile = _reader.ExpectString("an identifier in quotes: 'user_id:42', 'email:ann@example.com'");
            _reader.ExpectWord("IN");
            var segment = _definitions.Name();
            return new ExplainMembership(profile, segment, From(start));
        }

        var details = ImmutableArray.CreateBuilder<string>();
        if (_reader.TryWord("PLAN"))
        {
            _reader.ExpectWord("FOR");
        }
        else if (_reader.TryAny("ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN", "PLAN_ADVICE") is { } detail)
        {
            details.Add(detail);
            while (_reader.TrySymbol(","))
                details.Add(_reader.TryAny("ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN", "PLAN_ADVICE") ?? throw _reader.Expected("ESTIMATED_COST, CHANGELOG_MODE, JSON_EXECUTION_PLAN or PLAN_ADVICE"));
        }

        if (IsViewName())
        {
            var view = _definitions.Name();
            return new ExplainView(view, From(start)) { IsEstimated = details.Contains("ESTIMATED_COST") };
        }

        var statement = _reader.TryWords("STATEMENT", "SET") ? Block(_reader.Current.Span, "STATEMENT") : Parse();
        return new Explain(statement, From(start)) { Details = details.ToImmutable() };
    }

    private Statement DescribeOf()
    {
        var start = _reader.Next().Span;
        if (_customers.TryKind() is { } own) return new Describe(_customers.NameOf(own), From(start)) { Kind = own };
        if (TokenReader.IsName(_reader.Peek()) && !_reader.Peek().Is("EXTENDED") && _reader.TryAny("CATALOG", "DATABASE", "FUNCTION", "MODEL", "CONNECTION", "JOB") is { } kind) return Other(start, kind, isExtended: false);
        if (_reader.Peek().Is("EXTENDED") && _reader.TryAny("CATALOG", "DATABASE", "FUNCTION", "MODEL", "CONNECTION") is { } wide) return Other(start, wide, _reader.TryWord("EXTENDED"));
        if (_reader.Current.Is("JOB") && _reader.Peek().Kind == TokenKind.String)
        {
            _reader.Next();
            _reader.Next();
            return new OtherStatement("DESCRIBE JOB", null, _reader.Source.Slice(From(start)), From(start));
        }

        var extended = TokenReader.IsName(_reader.Peek()) && _reader.TryWord("EXTENDED");
        _reader.TryWord("TABLE");
        var name = _definitions.Name();
        return new Describe(name, From(start)) { IsExtended = extended };
    }

    private OtherStatement Other(TextSpan start, string kind, bool isExtended)
    {
        var name = _definitions.Name();
        return new OtherStatement("DESCRIBE " + kind + (isExtended ? " EXTENDED" : ""), name, _reader.Source.Slice(From(start)), From(start));
    }

    private SetOption Set()
    {
        var start = _reader.Next().Span;
        if (_reader.AtEnd || _reader.Current.IsSymbol(";")) return new SetOption(null, null, start);
        var key = OptionKey();
        _reader.ExpectSymbol("=");
        if (_reader.AtEnd || _reader.Current.Kind == TokenKind.Symbol) throw _reader.Expected("a value, in quotes");
        var value = _reader.Next().Text;
        return new SetOption(key, value, From(start));
    }

    private ResetOption Reset()
    {
        var start = _reader.Next().Span;
        var key = _reader.AtEnd || _reader.Current.IsSymbol(";") ? null : OptionKey();
        return new ResetOption(key, From(start));
    }

    private string OptionKey()
    {
        if (_reader.Current.Kind == TokenKind.String) return _reader.Next().Text;
        if (_reader.Current.Kind is not (TokenKind.Word or TokenKind.QuotedName)) throw _reader.Expected("an option's name in quotes");
        var key = _reader.Next().Text;
        while (_reader.Current.IsSymbol(".") || _reader.Current.IsSymbol("-")) key += _reader.Next().Text + _reader.Next().Text;
        return key;
    }

    private Statement UseOf()
    {
        var start = _reader.Next().Span;
        if (_reader.Current.Is("MODULES") && TokenReader.IsName(_reader.Peek())) return _others.Modules(start);
        var catalog = TokenReader.IsName(_reader.Peek()) && _reader.TryWord("CATALOG");
        if (!catalog && TokenReader.IsName(_reader.Peek())) _reader.TryWord("DATABASE");
        var name = _definitions.Name();
        return new Use(name, From(start)) { IsCatalog = catalog };
    }

    private Statement DropOf()
    {
        var start = _reader.Next().Span;
        var temporary = _reader.TryWord("TEMPORARY");
        var system = temporary && _reader.TryWord("SYSTEM");
        if (!temporary && _reader.TryAny(CustomerParser.Kinds) is { } own)
        {
            var isThere = _reader.TryWords("IF", "EXISTS");
            return new Drop(own, _customers.NameOf(own), isThere, From(start));
        }

        var what = _reader.TryWords("MATERIALIZED", "VIEW") ? "MATERIALIZED VIEW"
            : _reader.TryWords("MATERIALIZED", "TABLE") ? "MATERIALIZED TABLE"
            : _reader.TryAny("TABLE", "VIEW", "FUNCTION", "DATABASE", "CATALOG", "MODEL", "CONNECTION") ?? throw _reader.Expected("TABLE, VIEW, MATERIALIZED VIEW, FUNCTION, DATABASE, CATALOG, IDENTIFIER, TRAIT, SEGMENT or EVENT");
        if (system && what is not ("FUNCTION" or "CONNECTION")) throw _reader.Error(_reader.Previous.Span, "SYSTEM belongs to functions.");
        var ifExists = _reader.TryWords("IF", "EXISTS");
        var name = _definitions.Name();
        if (what == "DATABASE") _reader.TryAny("RESTRICT", "CASCADE");
        if (what is "MODEL" or "CONNECTION" or "MATERIALIZED TABLE") return new OtherStatement("DROP " + what, name, _reader.Source.Slice(From(start)), From(start));
        return new Drop(what, name, ifExists, From(start)) { IsTemporary = temporary };
    }
}
