using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>SHOW what [FROM|IN database] [NOT] [LIKE|ILIKE 'pattern'].</summary>
internal sealed class ShowParser(TokenReader reader, DefinitionParser definitions, CustomerParser customers)
{
    private static readonly string[] Created = ["TABLE", "VIEW", "CATALOG", "FUNCTION", "MODEL", "CONNECTION"];

    /// <summary>What can be listed; those of a database take FROM.</summary>
    private static readonly string[] Lists = ["TABLES", "VIEWS", "FUNCTIONS", "CATALOGS", "DATABASES", "PROCEDURES", "MODELS", "CONNECTIONS", "MODULES", "JARS", "JOBS"];

    private static readonly string[] WithoutDatabase = ["CATALOGS", "MODULES", "JARS", "JOBS"];

    public Statement Parse()
    {
        var start = reader.Next().Span;
        if (reader.TryWord("CREATE")) return Create(start);
        if (reader.TryWord("CURRENT"))
            return new Show("CURRENT " + (reader.TryAny("CATALOG", "DATABASE") ?? throw reader.Expected("CATALOG or DATABASE")), null, start.To(reader.Previous.Span));
        if (reader.TryWord("COLUMNS"))
        {
            if (reader.TryAny("FROM", "IN") is null) throw reader.Expected("FROM or IN");
            return Filtered(start, "COLUMNS", definitions.Name());
        }

        if (reader.TryWord("PARTITIONS"))
        {
            var table = definitions.Name();
            if (reader.TryWord("PARTITION")) definitions.Assignments();
            return Filtered(start, "PARTITIONS", table);
        }

        if (reader.TryWords("MATERIALIZED", "VIEWS")) return Filtered(start, "MATERIALIZED VIEWS", Database());
        if (reader.TryWords("MATERIALIZED", "TABLES")) return Filtered(start, "MATERIALIZED TABLES", Database());
        if (reader.TryAny(CustomerParser.Lists) is { } own) return Filtered(start, own, null);
        var words = reader.TryAny("USER", "FULL");
        var what = reader.TryAny(Lists);
        if (what is null || (words == "USER" && what != "FUNCTIONS") || (words == "FULL" && what != "MODULES"))
            throw reader.Expected("TABLES, VIEWS, MATERIALIZED VIEWS, FUNCTIONS, COLUMNS, DATABASES, CATALOGS, IDENTIFIERS, TRAITS, SEGMENTS, EVENTS or CREATE TABLE after SHOW");
        var database = WithoutDatabase.Contains(what) ? null : Database();
        return Filtered(start, words is null ? what : words + " " + what, database);
    }

    private Show Create(TextSpan start)
    {
        if (customers.TryKind() is { } own) return new Show("CREATE " + own, customers.NameOf(own), start.To(reader.Previous.Span));
        var what = reader.TryWords("OR", "ALTER", "MATERIALIZED", "TABLE") ? "OR ALTER MATERIALIZED TABLE"
            : reader.TryWords("MATERIALIZED", "TABLE") ? "MATERIALIZED TABLE"
            : reader.TryWords("MATERIALIZED", "VIEW") ? "MATERIALIZED VIEW"
            : reader.TryAny(Created) ?? throw reader.Expected("TABLE, VIEW, MATERIALIZED VIEW, CATALOG, FUNCTION, IDENTIFIER, TRAIT, SEGMENT or EVENT");
        var name = definitions.Name();
        return new Show("CREATE " + what, name, start.To(reader.Previous.Span));
    }

    private Name? Database() => reader.TryAny("FROM", "IN") is null ? null : definitions.Name();

    private Show Filtered(TextSpan start, string what, Name? of)
    {
        var negated = reader.Current.Is("NOT") && (reader.Peek().Is("LIKE") || reader.Peek().Is("ILIKE"));
        if (negated) reader.Next();
        var like = reader.TryAny("LIKE", "ILIKE");
        var pattern = like is null ? null : reader.ExpectString("a pattern in quotes");
        return new Show(what, of, start.To(reader.Previous.Span)) { Pattern = pattern, IsCaseInsensitive = like == "ILIKE", IsNegated = negated };
    }
}
