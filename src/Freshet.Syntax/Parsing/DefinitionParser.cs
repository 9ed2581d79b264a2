using System.Collections.Immutable;
using System.Globalization;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>CREATE TABLE, FUNCTION, CATALOG and DATABASE, and the parts that they share with ALTER: columns, keys, options, names.</summary>
internal sealed class DefinitionParser(TokenReader reader, QueryParser queries)
{
    public bool IfNotExists() => reader.TryWords("IF", "NOT", "EXISTS");

    public Name Name()
    {
        var start = reader.Current.Span;
        var parts = ImmutableArray.CreateBuilder<string>();
        do parts.Add(reader.ExpectName("a name"));
        while (reader.TrySymbol("."));
        return new Name(parts.ToImmutable(), start.To(reader.Previous.Span));
    }

    public string? Comment() => reader.TryWord("COMMENT") ? reader.ExpectString("a comment in quotes") : null;

    /// <param name="isReplacing">Flink reads what it refuses only when it plans: more than one key.</param>
    public CreateTable Table(TextSpan start, bool temporary, bool isReplacing = false)
    {
        var ifNotExists = IfNotExists();
        var name = Name();
        var elements = new ElementParser(reader, queries, this);
        if (reader.Current.IsSymbol("(")) elements.List(isAlter: false);
        var comment = Comment();
        var distribution = TryDistribution("DISTRIBUTED");
        var partitioned = reader.TryWords("PARTITIONED", "BY") ? queries.NameList() : [];
        var connection = reader.TryWords("USING", "CONNECTION") ? Name() : null;
        var options = reader.TryWord("WITH") ? Options() : [];
        var like = reader.TryWord("LIKE") ? Like() : null;
        var query = like is null && reader.TryWord("AS") ? queries.Parse() : null;
        var span = start.To(reader.Previous.Span);
        if (connection is not null && query is not null) throw reader.Error(connection.Span, "USING CONNECTION is not possible together with AS.");
        elements.Check(hasQuery: query is not null, isReplacing);
        return new CreateTable(name, temporary, ifNotExists, elements.Columns, elements.Watermark, elements.PrimaryKey, options, like, query, span)
        {
            Comment = comment,
            Distribution = distribution,
            PartitionedBy = partitioned,
            Connection = connection,
            UniqueKeys = elements.UniqueKeys,
        };
    }

    /// <summary>DISTRIBUTED BY [HASH|RANGE] (a, b) INTO n BUCKETS, or DISTRIBUTED INTO n BUCKETS.</summary>
    public Distribution? TryDistribution(string word)
    {
        if (!reader.TryWord(word)) return null;
        string? kind = null;
        ImmutableArray<string> columns = [];
        var by = reader.TryWord("BY");
        if (by)
        {
            kind = reader.TryAny("HASH", "RANGE");
            if (!reader.Current.IsSymbol("(")) throw reader.Expected("HASH, RANGE or '('");
            columns = queries.NameList();
        }

        int? buckets = null;
        if (!by && !reader.Current.Is("INTO")) throw reader.Expected("BY or INTO");
        if (reader.TryWord("INTO"))
        {
            if (reader.Current.Kind != TokenKind.Integer || !int.TryParse(reader.Current.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)) throw reader.Expected("a number of buckets");
            reader.Next();
            buckets = count;
            reader.ExpectWord("BUCKETS");
        }

        return new Distribution(kind, columns, buckets);
    }

    /// <summary>('key' = 'value', ...).</summary>
    public ImmutableArray<OptionPair> Options()
    {
        reader.ExpectSymbol("(");
        var options = ImmutableArray.CreateBuilder<OptionPair>();
        if (!reader.Current.IsSymbol(")"))
        {
            do
            {
                var start = reader.Current.Span;
                var key = reader.ExpectString("an option's name in quotes");
                reader.ExpectSymbol("=");
                var value = reader.ExpectString("an option's value in quotes");
                options.Add(new OptionPair(key, value, start.To(reader.Previous.Span)));
            }
            while (reader.TrySymbol(","));
        }

        reader.ExpectSymbol(")");
        return options.ToImmutable();
    }

    /// <summary>('key', ...).</summary>
    public ImmutableArray<string> OptionKeys()
    {
        reader.ExpectSymbol("(");
        if (reader.TrySymbol(")")) return [];
        var keys = ImmutableArray.CreateBuilder<string>();
        do keys.Add(reader.ExpectString("an option's name in quotes"));
        while (reader.TrySymbol(","));
        reader.ExpectSymbol(")");
        return keys.ToImmutable();
    }

    /// <summary>(column = value, column, ...).</summary>
    public ImmutableArray<Assignment> Assignments()
    {
        reader.ExpectSymbol("(");
        var assignments = ImmutableArray.CreateBuilder<Assignment>();
        do
        {
            var column = reader.ExpectName("a column name");
            assignments.Add(new Assignment(column, reader.TrySymbol("=") ? queries.Expressions.Parse() : null));
        }
        while (reader.TrySymbol(","));
        reader.ExpectSymbol(")");
        return assignments.ToImmutable();
    }

    private TableLike Like()
    {
        var start = reader.Previous.Span;
        var table = Name();
        var features = ImmutableArray.CreateBuilder<string>();
        if (reader.TrySymbol("("))
        {
            while (!reader.TrySymbol(")"))
            {
                features.Add(reader.TryAny("INCLUDING", "EXCLUDING", "OVERWRITING") ?? throw reader.Expected("INCLUDING, EXCLUDING, OVERWRITING or ')'"));
                features.Add(reader.TryAny("ALL", "CONSTRAINTS", "DISTRIBUTION", "GENERATED", "METADATA", "OPTIONS", "PARTITIONS", "WATERMARKS")
                    ?? throw reader.Expected("ALL, CONSTRAINTS, DISTRIBUTION, GENERATED, METADATA, OPTIONS, PARTITIONS or WATERMARKS"));
            }
        }

        return new TableLike(table, features.ToImmutable(), start.To(reader.Previous.Span));
    }

    public CreateFunction Function(TextSpan start, bool temporary, bool system)
    {
        var ifNotExists = IfNotExists();
        var name = Name();
        reader.ExpectWord("AS");
        var className = reader.ExpectString("a class name in quotes");
        var language = reader.TryWord("LANGUAGE") ? reader.ExpectName("a language") : null;
        var artifacts = ImmutableArray.CreateBuilder<string>();
        if (reader.TryWord("USING"))
        {
            do
            {
                if (reader.TryAny("JAR", "ARTIFACT", "ASSEMBLY", "FILE", "ARCHIVE") is null) throw reader.Expected("JAR, ARTIFACT or ASSEMBLY");
                artifacts.Add(reader.ExpectString("a path in quotes"));
            }
            while (reader.TrySymbol(","));
        }

        var options = reader.TryWord("WITH") ? Options() : [];
        return new CreateFunction(name, className, language, artifacts.ToImmutable(), options, temporary, system, ifNotExists, start.To(reader.Previous.Span));
    }

    public CreateNamespace Namespace(TextSpan start, string kind)
    {
        var ifNotExists = IfNotExists();
        var name = Name();
        var comment = Comment();
        var options = reader.TryWord("WITH") ? Options() : [];
        return new CreateNamespace(kind, name, ifNotExists, comment, options, start.To(reader.Previous.Span));
    }
}
