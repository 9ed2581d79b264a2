using System.Collections.Immutable;
using Freshet.Sql.Syntax;

namespace Freshet.Sql.Parsing;

/// <summary>The tables of FROM: names, queries, joins, table functions, UNNEST.</summary>
internal sealed class TableParser(TokenReader reader, QueryParser queries, ExpressionParser expressions)
{
    public TableReference ParseFrom()
    {
        var left = Joined();
        while (reader.TrySymbol(","))
        {
            var right = Joined();
            left = new JoinTable(left, JoinKind.Cross, right, null, [], false, left.Span.To(right.Span));
        }

        return left;
    }

    private TableReference Joined()
    {
        var left = Primary();
        while (TryJoinKind(out var kind, out var natural))
        {
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

    private TableReference Primary()
    {
        using var nesting = reader.Nest();
        var start = reader.Current.Span;
        var lateral = reader.TryWord("LATERAL");
        if (reader.TryWord("UNNEST"))
        {
            reader.ExpectSymbol("(");
            var collection = expressions.Parse();
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
            return function with { Alias = Alias(), Span = start.To(reader.Previous.Span) };
        }

        if (reader.TrySymbol("("))
        {
            if (QueryParser.StartsQuery(reader) || reader.Current.IsSymbol("("))
            {
                var query = queries.Parse();
                reader.ExpectSymbol(")");
                return new QueryTable(query, lateral, Alias(), start.To(reader.Previous.Span));
            }

            var inner = ParseFrom();
            reader.ExpectSymbol(")");
            return inner;
        }

        if (TokenReader.IsName(reader.Current) && reader.Peek().IsSymbol("("))
        {
            var function = Function(start, lateral);
            return function with { Alias = Alias(), Span = start.To(reader.Previous.Span) };
        }

        return Named(start);
    }

    private NamedTable Named(Text.TextSpan start)
    {
        var name = TableName();
        var options = Hint();
        if (reader.TryWords("FOR", "SYSTEM_TIME")) throw reader.Error(reader.Previous.Span, "FOR SYSTEM_TIME AS OF joins are not supported yet.");
        if (reader.Current.Is("MATCH_RECOGNIZE")) throw reader.Error(reader.Current.Span, "MATCH_RECOGNIZE is not supported yet.");
        return new NamedTable(name, Alias(), options, start.To(reader.Previous.Span));
    }

    public Name TableName()
    {
        var start = reader.Current.Span;
        var parts = ImmutableArray.CreateBuilder<string>();
        do parts.Add(reader.ExpectName("a table name"));
        while (reader.TrySymbol("."));
        return new Name(parts.ToImmutable(), start.To(reader.Previous.Span));
    }

    private ImmutableDictionary<string, string> Hint()
    {
        var options = ImmutableDictionary<string, string>.Empty;
        if (reader.Current.Kind != TokenKind.Hint) return options;
        var hint = reader.Next();
        var inner = new TokenReader(new Text.SourceText(reader.Source.Name, hint.Text));
        while (!inner.AtEnd)
        {
            var isOptions = inner.TryWord("OPTIONS");
            if (!isOptions || !inner.TrySymbol("("))
            {
                inner.Next();
                continue;
            }

            do
            {
                var key = inner.ExpectString("an option's name in quotes");
                inner.ExpectSymbol("=");
                options = options.SetItem(key, inner.ExpectString("an option's value in quotes"));
            }
            while (inner.TrySymbol(","));
            inner.ExpectSymbol(")");
        }

        return options;
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
        var name = reader.ExpectName("a table function").ToUpperInvariant();
        reader.ExpectSymbol("(");
        TableReference? input = null;
        ImmutableArray<string> descriptor = [];
        var arguments = ImmutableArray.CreateBuilder<NamedArgument>();
        while (!reader.Current.IsSymbol(")"))
        {
            string? argument = null;
            if (reader.Peek().IsSymbol("=>")) (argument, _) = (reader.Next().Text.ToUpperInvariant(), reader.Next());
            if (reader.TryWord("TABLE"))
            {
                input = reader.TrySymbol("(") ? NestedInput() : Named(reader.Current.Span);
                if (reader.TryWords("PARTITION", "BY")) throw reader.Error(reader.Previous.Span, "PARTITION BY in a table function is not supported yet.");
            }
            else if (reader.TryWord("DESCRIPTOR"))
            {
                descriptor = queries.NameList();
            }
            else if (QueryParser.StartsQuery(reader))
            {
                input = NestedInput();
            }
            else
            {
                arguments.Add(new NamedArgument(argument, expressions.Parse()));
            }

            if (!reader.TrySymbol(",")) break;
        }

        reader.ExpectSymbol(")");
        return new FunctionTable(name, input, descriptor, arguments.ToImmutable(), lateral, null, start.To(reader.Previous.Span));
    }

    private QueryTable NestedInput()
    {
        var start = reader.Previous.Span;
        var parenthesis = reader.Previous.IsSymbol("(") || reader.TrySymbol("(");
        var query = queries.Parse();
        if (parenthesis) reader.ExpectSymbol(")");
        return new QueryTable(query, false, null, start.To(reader.Previous.Span));
    }
}
