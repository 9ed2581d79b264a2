using System.Collections.Immutable;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>The tables of FROM: names, queries, joins, table functions, UNNEST.</summary>
internal sealed class TableParser(TokenReader reader, QueryParser queries, ExpressionParser expressions)
{
    public TableReference ParseFrom()
    {
        var left = Joined();
        var links = 0;
        while (reader.TrySymbol(","))
        {
            reader.Link(ref links);
            var right = Joined();
            left = new JoinTable(left, JoinKind.Cross, right, null, [], false, left.Span.To(right.Span));
        }

        return left;
    }

    private TableReference Joined()
    {
        var left = Primary();
        var links = 0;
        while (TryJoinKind(out var kind, out var natural))
        {
            reader.Link(ref links);
            var right = Primary();
            Expression? condition = null;
            ImmutableArray<string> columns = [];
            if (kind != JoinKind.Cross && !natural)
            {
                if (reader.TryWord("ON")) condition = expressions.Parse();
                else if (reader.TryWord("USING")) columns = queries.NameList();
                else throw reader.Expected("ON or USING after the joined table");
            }

            left = new JoinTable(left, kind, right, condition, columns, natural, left.Span.To(reader.Previous.Span));
        }

        return left;
    }

    private bool TryJoinKind(out JoinKind kind, out bool natural)
    {
        natural = reader.TryWord("NATURAL");
        kind = JoinKind.Inner;
        if (reader.TryWord("JOIN")) return true;
        if (reader.TryWords("INNER", "JOIN")) return true;
        if (reader.TryWords("CROSS", "JOIN")) kind = JoinKind.Cross;
        else if (reader.TryWords("LEFT", "JOIN") || reader.TryWords("LEFT", "OUTER", "JOIN")) kind = JoinKind.Left;
        else if (reader.TryWords("RIGHT", "JOIN") || reader.TryWords("RIGHT", "OUTER", "JOIN")) kind = JoinKind.Right;
        else if (reader.TryWords("FULL", "JOIN") || reader.TryWords("FULL", "OUTER", "JOIN")) kind = JoinKind.Full;
        else if (natural) throw reader.Expected("JOIN after NATURAL");
        else return false;
        return true;
    }

    /// <summary>A table with what may follow it: FOR SYSTEM_TIME AS OF, MATCH_RECOGNIZE, an alias.</summary>
    private TableReference Primary()
    {
        using var nesting = reader.Nest();
        var start = reader.Current.Span;
        var lateral = reader.TryWord("LATERAL");
        if (reader.TryWord("UNNEST"))
        {
            reader.ExpectSymbol("(");
            var collection = expressions.Parse();
            if (reader.TrySymbol(",")) throw reader.Error(reader.Previous.Span, "UNNEST of several collections is not supported: join one UNNEST for each.");
            reader.ExpectSymbol(")");
            var ordinality = reader.TryWords("WITH", "ORDINALITY");
            return new UnnestTable(collection, ordinality, Alias(), start.To(reader.Previous.Span));
        }

        if (reader.Current.Is("TABLE") && reader.Peek().IsSymbol("("))
        {
            reader.Next();
            reader.ExpectSymbol("(");
            var function = Function(start, lateral);
            reader.ExpectSymbol(")");
            return function with { IsTable = true, Alias = Alias(), Span = start.To(reader.Previous.Span) };
        }

        if (reader.TrySymbol("("))
        {
            if (QueryParser.StartsQuery(reader))
            {
                var query = queries.Parse();
                reader.ExpectSymbol(")");
                return Followed(new QueryTable(query, lateral, null, start.To(reader.Previous.Span)), start);
            }

            var inner = ParseFrom();
            reader.ExpectSymbol(")");
            return inner is NamedTable { Alias: null } named ? Followed(named, start) : inner;
        }

        if (IsFunction())
        {
            var function = Function(start, lateral);
            return function with { Alias = Alias(), Span = start.To(reader.Previous.Span) };
        }

        return Followed(Unaliased(start), start);
    }

    /// <summary>name(, or a.b.name(.</summary>
    private bool IsFunction()
    {
        var ahead = 0;
        while (TokenReader.IsName(reader.Peek(ahead)) && reader.Peek(ahead + 1).IsSymbol(".")) ahead += 2;
        return TokenReader.IsName(reader.Peek(ahead)) && reader.Peek(ahead + 1).IsSymbol("(");
    }

    private TableReference Followed(TableReference table, Text.TextSpan start)
    {
        if (reader.Current.Is("FOR") && reader.Peek().Is("SYSTEM_TIME"))
        {
            reader.Next();
            reader.Next();
            reader.ExpectWord("AS");
            reader.ExpectWord("OF");
            var asOf = expressions.Parse();
            return new SystemTimeTable(table, asOf, Alias(), start.To(reader.Previous.Span));
        }

        if (reader.Current.Is("MATCH_RECOGNIZE"))
        {
            var match = new MatchParser(reader, queries).Parse(table);
            return match with { Alias = Alias(), Span = start.To(reader.Previous.Span) };
        }

        var alias = Alias();
        if (reader.Current.Is("MATCH_RECOGNIZE")) return Followed(Aliased(table, alias, start), start);
        return Aliased(table, alias, start);
    }

    private TableReference Aliased(TableReference table, TableAlias? alias, Text.TextSpan start) => table switch
    {
        NamedTable named => named with { Alias = alias, Span = start.To(reader.Previous.Span) },
        QueryTable query => query with { Alias = alias, Span = start.To(reader.Previous.Span) },
        _ => table,
    };

    private NamedTable Unaliased(Text.TextSpan start)
    {
        var name = TableName();
        var hints = HintParser.Read(reader);
        return new NamedTable(name, null, HintParser.Options(hints), start.To(reader.Previous.Span)) { Hints = hints };
    }

    public Name TableName()
    {
        var start = reader.Current.Span;
        var parts = ImmutableArray.CreateBuilder<string>();
        do parts.Add(reader.ExpectName("a table name"));
        while (reader.TrySymbol("."));
        return new Name(parts.ToImmutable(), start.To(reader.Previous.Span));
    }

    private TableAlias? Alias()
    {
        var start = reader.Current.Span;
        var required = reader.TryWord("AS");
        if (!required && !TokenReader.IsName(reader.Current)) return null;
        var name = reader.ExpectName("an alias");
        return new TableAlias(name, queries.NameList(), start.To(reader.Previous.Span));
    }

    private FunctionTable Function(Text.TextSpan start, bool lateral)
    {
        var name = TableName();
        reader.ExpectSymbol("(");
        TableReference? input = null;
        ImmutableArray<string> descriptor = [];
        var values = ImmutableArray.CreateBuilder<NamedArgument>();
        var written = ImmutableArray.CreateBuilder<NamedArgument>();
        if (!reader.Current.IsSymbol(")"))
        {
            do
            {
                var argument = Argument();
                written.Add(argument);
                if (argument.Value is TableArgument table && input is null) input = table.Table;
                else if (argument.Value is DescriptorArgument columns && descriptor.IsEmpty) descriptor = columns.Columns;
                else values.Add(argument);
            }
            while (reader.TrySymbol(","));
        }

        reader.ExpectSymbol(")");
        return new FunctionTable(name.ToString().ToUpperInvariant(), input, descriptor, values.ToImmutable(), lateral, null, start.To(reader.Previous.Span)) { Written = written.ToImmutable() };
    }

    private NamedArgument Argument()
    {
        string? name = null;
        if (reader.Peek().IsSymbol("=>")) (name, _) = (reader.Next().Text.ToUpperInvariant(), reader.Next());
        var start = reader.Current.Span;
        if (reader.Current.Is("MODEL") && TokenReader.IsName(reader.Peek()))
        {
            reader.Next();
            return new NamedArgument(name, new ModelArgument(TableName(), start.To(reader.Previous.Span)));
        }

        if (reader.Current.Is("DEFAULT")) return new NamedArgument(name, new Word("DEFAULT", reader.Next().Span));
        if (reader.Current.Is("DESCRIPTOR") && reader.Peek().IsSymbol("("))
        {
            reader.Next();
            var columns = queries.NameList();
            return new NamedArgument(name, new DescriptorArgument(columns, start.To(reader.Previous.Span)));
        }

        var isTable = reader.TryWord("TABLE");
        if (!isTable && !QueryParser.StartsQuery(reader)) return new NamedArgument(name, expressions.Parse());
        var table = Partitioned(InputTable(isTable));
        return new NamedArgument(name, new TableArgument(table, start.To(reader.Previous.Span)));
    }

    /// <summary>TABLE t, TABLE (t), TABLE (SELECT ...), (SELECT ...) or SELECT ... as an argument.</summary>
    private TableReference InputTable(bool isTable)
    {
        var start = reader.Current.Span;
        if (QueryParser.StartsQuery(reader))
        {
            var parenthesis = reader.TrySymbol("(");
            var query = queries.Parse();
            if (parenthesis) reader.ExpectSymbol(")");
            return new QueryTable(query, false, null, start.To(reader.Previous.Span));
        }

        if (!isTable || !reader.TrySymbol("(")) return Unaliased(start);
        var inner = Unaliased(start);
        reader.ExpectSymbol(")");
        return inner;
    }

    private TableReference Partitioned(TableReference table)
    {
        ImmutableArray<Expression> partition = [];
        if (reader.TryWords("PARTITION", "BY"))
        {
            // Without parentheses a comma ends the keys: what follows is the next argument.
            if (reader.TrySymbol("("))
            {
                partition = expressions.ParseList();
                reader.ExpectSymbol(")");
            }
            else
            {
                partition = [expressions.Parse()];
            }
        }

        var order = ImmutableArray<OrderItem>.Empty;
        if (reader.Current.Is("ORDER")) order = InputOrder();
        return partition.IsEmpty && order.IsEmpty ? table : new PartitionedTable(table, partition, order, table.Span.To(reader.Previous.Span));
    }

    /// <summary>ORDER BY a, or ORDER BY (a, b DESC).</summary>
    private ImmutableArray<OrderItem> InputOrder()
    {
        reader.ExpectWord("ORDER");
        reader.ExpectWord("BY");
        if (!reader.TrySymbol("(")) return [queries.OrderItem()];
        var order = queries.OrderItems();
        reader.ExpectSymbol(")");
        return order;
    }
}
