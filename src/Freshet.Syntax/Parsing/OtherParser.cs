using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>Statements of Flink that are read but not carried out here: see <see cref="OtherStatement"/>.</summary>
internal sealed class OtherParser(TokenReader reader, QueryParser queries, DefinitionParser definitions)
{
    private OtherStatement Other(string what, Name? name, TextSpan start)
    {
        var span = start.To(reader.Previous.Span);
        return new OtherStatement(what, name, reader.Source.Slice(span), span);
    }

    /// <summary>Null: no such statement begins here; nothing was read then.</summary>
    public Statement? TryParse(TextSpan start)
    {
        if (reader.TryWord("ALTER")) return Alter(start);
        if (reader.Current.Is("REPLACE")) return Replace(start);
        if (reader.TryWords("LOAD", "MODULE")) return Module(start);
        if (reader.TryWords("UNLOAD", "MODULE")) return Other("UNLOAD MODULE", definitions.Name(), start);
        if (reader.TryAny("ADD", "REMOVE") is { } change)
        {
            reader.ExpectWord("JAR");
            reader.ExpectString("a path in quotes");
            return Other(change + " JAR", null, start);
        }

        if (reader.TryWords("TRUNCATE", "TABLE")) return Other("TRUNCATE TABLE", definitions.Name(), start);
        if (reader.TryWords("EXECUTE", "PLAN"))
        {
            reader.ExpectString("a path in quotes");
            return Other("EXECUTE PLAN", null, start);
        }

        if (reader.TryWord("COMPILE")) return Compile(start);
        if (reader.TryWords("ANALYZE", "TABLE")) return Analyze(start);
        if (reader.TryWords("STOP", "JOB")) return StopJob(start);
        if (reader.TryWord("CALL"))
        {
            queries.Expressions.Parse();
            return Other("CALL", null, start);
        }

        return reader.TryWord("END") ? Other("END", null, start) : null;
    }

    public OtherStatement Modules(TextSpan start)
    {
        reader.ExpectWord("MODULES");
        do reader.ExpectName("a module");
        while (reader.TrySymbol(","));
        return Other("USE MODULES", null, start);
    }

    private OtherStatement Module(TextSpan start)
    {
        var name = definitions.Name();
        if (reader.TryWord("WITH")) definitions.Options();
        return Other("LOAD MODULE", name, start);
    }

    private OtherStatement Compile(TextSpan start)
    {
        var execute = reader.TryWords("AND", "EXECUTE");
        reader.ExpectWord("PLAN");
        reader.ExpectString("a path in quotes");
        definitions.IfNotExists();
        reader.ExpectWord("FOR");
        if (reader.Current.Is("STATEMENT"))
        {
            reader.Next();
            reader.ExpectWord("SET");
            reader.ExpectWord("BEGIN");
            do
            {
                if (!reader.Current.Is("INSERT")) throw reader.Expected("INSERT or END");
                new StatementParser(reader).Parse();
                reader.ExpectSymbol(";");
            }
            while (!reader.TryWord("END"));
        }
        else
        {
            if (!reader.Current.Is("INSERT")) throw reader.Expected("INSERT or STATEMENT SET");
            new StatementParser(reader).Parse();
        }

        return Other(execute ? "COMPILE AND EXECUTE PLAN" : "COMPILE PLAN", null, start);
    }

    private OtherStatement Analyze(TextSpan start)
    {
        var table = definitions.Name();
        if (reader.TryWord("PARTITION")) definitions.Assignments();
        reader.ExpectWord("COMPUTE");
        reader.ExpectWord("STATISTICS");
        if (reader.TryWord("FOR") && !reader.TryWords("ALL", "COLUMNS"))
        {
            reader.ExpectWord("COLUMNS");
            do reader.ExpectName("a column");
            while (reader.TrySymbol(","));
        }

        return Other("ANALYZE TABLE", table, start);
    }

    private OtherStatement StopJob(TextSpan start)
    {
        reader.ExpectString("a job's identity in quotes");
        if (reader.TryWords("WITH", "SAVEPOINT")) reader.TryWords("WITH", "DRAIN");
        return Other("STOP JOB", null, start);
    }

    /// <summary>[CREATE OR] REPLACE [TEMPORARY] TABLE ... AS query, and CREATE OR ALTER MATERIALIZED TABLE.</summary>
    public Statement Replace(TextSpan start)
    {
        if (reader.TryWords("OR", "ALTER", "MATERIALIZED", "TABLE")) return MaterializedTable(start);
        var create = reader.TryWord("OR");
        reader.ExpectWord("REPLACE");
        var temporary = reader.TryWord("TEMPORARY");
        reader.ExpectWord("TABLE");
        var table = definitions.Table(start, temporary, isReplacing: true);
        return table.As is null ? throw reader.Expected("AS and a query") : table with { IsReplacing = true, IsBareReplace = !create };
    }

    public Statement? TryCreate(TextSpan start)
    {
        if (reader.TryWords("MATERIALIZED", "TABLE")) return MaterializedTable(start);
        if (reader.TryWord("MODEL"))
        {
            definitions.IfNotExists();
            var model = definitions.Name();
            if (reader.TryWord("INPUT")) new ElementParser(reader, queries, definitions).List(isAlter: false);
            if (reader.TryWord("OUTPUT")) new ElementParser(reader, queries, definitions).List(isAlter: false);
            definitions.Comment();
            if (reader.TryWord("WITH")) definitions.Options();
            if (reader.TryWord("AS")) queries.Parse();
            return Other("CREATE MODEL", model, start);
        }

        if (!reader.TryWord("CONNECTION")) return null;
        definitions.IfNotExists();
        var connection = definitions.Name();
        definitions.Comment();
        reader.ExpectWord("WITH");
        definitions.Options();
        return Other("CREATE CONNECTION", connection, start);
    }

    private OtherStatement MaterializedTable(TextSpan start)
    {
        definitions.IfNotExists();
        var name = definitions.Name();
        if (reader.Current.IsSymbol("(")) new ElementParser(reader, queries, definitions).List(isAlter: false);
        definitions.Comment();
        definitions.TryDistribution("DISTRIBUTED");
        if (reader.TryWords("PARTITIONED", "BY")) queries.NameList();
        if (reader.TryWord("WITH")) definitions.Options();
        if (reader.TryWord("START_MODE")) StartMode();
        if (reader.TryWord("FRESHNESS")) Freshness();
        if (reader.TryWord("REFRESH_MODE")) RefreshMode();
        reader.ExpectWord("AS");
        queries.Parse();
        return Other("CREATE MATERIALIZED TABLE", name, start);
    }

    private void Freshness()
    {
        reader.ExpectSymbol("=");
        if (queries.Expressions.Parse() is not IntervalLiteral interval) throw reader.Error(reader.Previous.Span, "FRESHNESS is an interval such as INTERVAL '3' MINUTE.");
        if (interval.IsNegative) throw reader.Error(interval.Span, "FRESHNESS is not negative.");
    }

    private void RefreshMode()
    {
        reader.ExpectSymbol("=");
        if (reader.TryAny("FULL", "CONTINUOUS") is null) throw reader.Expected("FULL or CONTINUOUS");
    }

    private void StartMode()
    {
        reader.ExpectSymbol("=");
        string[] modes = ["FROM_BEGINNING", "FROM_NOW", "FROM_TIMESTAMP", "RESUME_OR_FROM_BEGINNING", "RESUME_OR_FROM_NOW", "RESUME_OR_FROM_TIMESTAMP"];
        var mode = reader.TryAny(modes) ?? throw reader.Expected(string.Join(", ", modes));
        if (!reader.TrySymbol("("))
        {
            if (mode.EndsWith("TIMESTAMP", StringComparison.Ordinal)) throw reader.Expected("a timestamp in parentheses");
            return;
        }

        if (mode.EndsWith("BEGINNING", StringComparison.Ordinal)) throw reader.Error(reader.Previous.Span, $"{mode} takes no argument.");
        var value = queries.Expressions.Parse();
        if (mode.EndsWith("NOW", StringComparison.Ordinal) && value is not IntervalLiteral) throw reader.Error(value.Span, $"{mode} takes an interval.");
        if (mode.EndsWith("TIMESTAMP", StringComparison.Ordinal) && value is not Literal { Kind: LiteralKind.Timestamp or LiteralKind.TimestampLtz }) throw reader.Error(value.Span, $"{mode} takes a timestamp.");
        reader.ExpectSymbol(")");
    }

    private OtherStatement Alter(TextSpan start)
    {
        reader.TryWord("TEMPORARY");
        reader.TryWord("SYSTEM");
        var what = reader.TryWords("MATERIALIZED", "TABLE") ? "MATERIALIZED TABLE"
            : reader.TryAny("TABLE", "VIEW", "FUNCTION", "DATABASE", "CATALOG", "MODEL", "CONNECTION") ?? throw reader.Expected("TABLE, VIEW, FUNCTION, DATABASE or CATALOG");
        reader.TryWords("IF", "EXISTS");
        var name = definitions.Name();
        if (what is "TABLE" or "MATERIALIZED TABLE" && TryTableChange(what == "TABLE")) return Other("ALTER " + what, name, start);
        if (what == "MATERIALIZED TABLE" && TryMaterializedChange()) return Other("ALTER " + what, name, start);
        if (what is "VIEW" or "MATERIALIZED TABLE" && reader.TryWord("AS"))
        {
            queries.Parse();
        }
        else if (what == "FUNCTION" && reader.TryWord("AS"))
        {
            reader.ExpectString("a class name in quotes");
            if (reader.TryWord("LANGUAGE")) reader.ExpectName("a language");
        }
        else if (what is not ("CATALOG" or "FUNCTION" or "DATABASE") && reader.TryWords("RENAME", "TO"))
        {
            var to = definitions.Name();
            return Other("ALTER " + what, name, start) with { RenameTo = to };
        }
        else if (what is not ("VIEW" or "FUNCTION") && reader.TryWord("SET"))
        {
            var options = definitions.Options();
            return Other("ALTER " + what, name, start) with { SetOptions = options };
        }
        else if (what is not ("VIEW" or "FUNCTION") && reader.TryWord("RESET"))
        {
            var keys = definitions.OptionKeys();
            return Other("ALTER " + what, name, start) with { ResetOptions = keys };
        }
        else if (what == "CATALOG" && reader.Current.Is("COMMENT"))
        {
            definitions.Comment();
        }
        else
        {
            throw reader.Expected("a change such as SET ('key' = 'value')");
        }

        return Other("ALTER " + what, name, start);
    }

    private bool TryTableChange(bool isTable)
    {
        if (reader.TryAny("ADD", "MODIFY") is not null)
        {
            definitions.IfNotExists();
            if (reader.TryWord("PARTITION")) return AddPartitions();
            if (definitions.TryDistribution("DISTRIBUTION") is not null) return true;
            var elements = new ElementParser(reader, queries, definitions);
            if (reader.Current.IsSymbol("(")) elements.List(isAlter: true);
            else elements.One(isAlter: true);
            return true;
        }

        if (reader.TryWord("DROP")) return DropPart();
        if (isTable && reader.Current.Is("RENAME") && !reader.Peek().Is("TO"))
        {
            reader.Next();
            definitions.Name();
            reader.ExpectWord("TO");
            definitions.Name();
            return true;
        }

        return isTable && reader.TryWord("COMPACT");
    }

    private bool AddPartitions()
    {
        do
        {
            definitions.Assignments();
            if (reader.TryWord("WITH")) definitions.Options();
        }
        while (reader.TryWord("PARTITION"));
        return true;
    }

    private bool DropPart()
    {
        reader.TryWords("IF", "EXISTS");
        if (reader.TryWord("PARTITION"))
        {
            definitions.Assignments();
            while (reader.TrySymbol(","))
            {
                reader.ExpectWord("PARTITION");
                definitions.Assignments();
            }

            return true;
        }

        if (reader.TryWords("PRIMARY", "KEY") || reader.TryWord("WATERMARK") || reader.TryWord("DISTRIBUTION")) return true;
        if (reader.TryWord("CONSTRAINT"))
        {
            reader.ExpectName("a constraint");
            return true;
        }

        if (!reader.TrySymbol("("))
        {
            definitions.Name();
            return true;
        }

        do definitions.Name();
        while (reader.TrySymbol(","));
        reader.ExpectSymbol(")");
        return true;
    }

    private bool TryMaterializedChange()
    {
        if (reader.TryWord("SUSPEND")) return true;
        if (reader.TryWord("RESUME"))
        {
            if (reader.TryWord("WITH")) definitions.Options();
            return true;
        }

        if (reader.TryWord("REFRESH"))
        {
            if (reader.TryWord("PARTITION")) definitions.Assignments();
            return true;
        }

        if (reader.TryWords("SET", "REFRESH_MODE"))
        {
            RefreshMode();
            return true;
        }

        if (!reader.TryWords("SET", "FRESHNESS")) return false;
        Freshness();
        return true;
    }
}
