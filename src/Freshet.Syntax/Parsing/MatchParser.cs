using System.Collections.Immutable;
using System.Globalization;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>MATCH_RECOGNIZE (...) behind a table, with the pattern's own small language: sequence, choice, groups, quantifiers.</summary>
internal sealed class MatchParser(TokenReader reader, QueryParser queries)
{
    private ExpressionParser Expressions => queries.Expressions;

    /// <summary>Reads from MATCH_RECOGNIZE to its closing parenthesis; the alias is the caller's.</summary>
    public MatchTable Parse(TableReference table)
    {
        reader.ExpectWord("MATCH_RECOGNIZE");
        reader.ExpectSymbol("(");
        var partition = reader.TryWords("PARTITION", "BY") ? Expressions.ParseList() : [];
        var order = queries.OrderBy();
        var measures = Measures();
        var all = reader.TryWords("ALL", "ROWS", "PER", "MATCH");
        if (!all) reader.TryWords("ONE", "ROW", "PER", "MATCH");
        var after = After();
        reader.ExpectWord("PATTERN");
        reader.ExpectSymbol("(");
        var atStart = reader.TrySymbol("^");
        var pattern = Choice();
        var atEnd = reader.Current is { Kind: TokenKind.Word, Text: "$" };
        if (atEnd) reader.Next();
        reader.ExpectSymbol(")");
        var within = reader.TryWord("WITHIN") ? Expressions.Parse() : null;
        var subsets = Subsets();
        reader.ExpectWord("DEFINE");
        var definitions = ImmutableArray.CreateBuilder<PatternDefinition>();
        do
        {
            var variable = reader.ExpectName("a variable of the pattern");
            reader.ExpectWord("AS");
            definitions.Add(new PatternDefinition(variable, Expressions.Parse()));
        }
        while (reader.TrySymbol(","));
        reader.ExpectSymbol(")");
        return new MatchTable(table, partition, order, measures, all, after, pattern, atStart, atEnd, within, subsets, definitions.ToImmutable(), null, table.Span.To(reader.Previous.Span));
    }

    private ImmutableArray<Measure> Measures()
    {
        if (!reader.TryWord("MEASURES")) return [];
        var measures = ImmutableArray.CreateBuilder<Measure>();
        do
        {
            var expression = Expressions.Parse();
            reader.ExpectWord("AS");
            measures.Add(new Measure(expression, reader.Current.Kind is TokenKind.Word or TokenKind.QuotedName ? reader.Next().Text : throw reader.Expected("a column name after AS")));
        }
        while (reader.TrySymbol(","));
        return measures.ToImmutable();
    }

    private AfterMatch? After()
    {
        if (!reader.TryWords("AFTER", "MATCH")) return null;
        reader.ExpectWord("SKIP");
        if (reader.TryWords("PAST", "LAST", "ROW")) return new AfterMatch("PAST LAST ROW", null);
        reader.ExpectWord("TO");
        if (reader.TryWords("NEXT", "ROW")) return new AfterMatch("TO NEXT ROW", null);
        var side = reader.TryAny("FIRST", "LAST");
        return new AfterMatch("TO " + (side ?? "LAST"), reader.ExpectName("a variable of the pattern"));
    }

    private ImmutableArray<PatternSubset> Subsets()
    {
        if (!reader.TryWord("SUBSET")) return [];
        var subsets = ImmutableArray.CreateBuilder<PatternSubset>();
        do
        {
            var name = reader.ExpectName("a name");
            reader.ExpectSymbol("=");
            subsets.Add(new PatternSubset(name, queries.NameList()));
        }
        while (reader.TrySymbol(","));
        return subsets.ToImmutable();
    }

    private Pattern Choice()
    {
        using var nesting = reader.Nest();
        var first = Sequence();
        if (!reader.Current.IsSymbol("|")) return first;
        var items = ImmutableArray.CreateBuilder<Pattern>();
        items.Add(first);
        while (reader.TrySymbol("|")) items.Add(Sequence());
        return new PatternChoice(items.ToImmutable(), first.Span.To(reader.Previous.Span));
    }

    private Pattern Sequence()
    {
        var items = ImmutableArray.CreateBuilder<Pattern>();
        do items.Add(Repeated());
        while (!reader.Current.IsSymbol(")") && !reader.Current.IsSymbol("|") && !reader.Current.IsSymbol("-}") && !reader.Current.IsSymbol(",") && reader.Current.Text != "$" && !reader.AtEnd);
        return items.Count == 1 ? items[0] : new PatternSequence(items.ToImmutable(), items[0].Span.To(reader.Previous.Span));
    }

    private Pattern Repeated()
    {
        var item = Factor();
        var (least, most) = (1, (int?)1);
        if (reader.TrySymbol("*")) (least, most) = (0, null);
        else if (reader.TrySymbol("+")) (least, most) = (1, null);
        else if (reader.TrySymbol("?")) (least, most) = (0, 1);
        else if (reader.TrySymbol("{")) (least, most) = Bounds();
        else return item;
        return new PatternRepeat(item, least, most, reader.TrySymbol("?"), item.Span.To(reader.Previous.Span));
    }

    private (int Least, int? Most) Bounds()
    {
        var start = reader.Previous.Span;
        int? least = reader.Current.Kind == TokenKind.Integer ? Number() : null;
        int? most = least;
        if (reader.TrySymbol(",")) most = reader.Current.Kind == TokenKind.Integer ? Number() : null;
        else if (least is null) throw reader.Expected("how often the variable may stand: {2}, {2,}, {,3} or {2,3}");
        reader.ExpectSymbol("}");
        if (most < (least ?? 0)) throw reader.Error(start, $"The pattern asks for at least {least} and at most {most}.");
        return (least ?? 0, most);
    }

    private int Number() => int.TryParse(reader.Current.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        ? Take(value)
        : throw reader.Expected("a whole number");

    private int Take(int value)
    {
        reader.Next();
        return value;
    }

    private Pattern Factor()
    {
        var start = reader.Current.Span;
        if (reader.TrySymbol("("))
        {
            var inner = Choice();
            reader.ExpectSymbol(")");
            return inner;
        }

        if (reader.TrySymbol("{-"))
        {
            var inner = Choice();
            reader.ExpectSymbol("-}");
            return new PatternExclusion(inner, start.To(reader.Previous.Span));
        }

        if (reader.Current.Is("PERMUTE") && reader.Peek().IsSymbol("("))
        {
            reader.Next();
            reader.Next();
            var items = ImmutableArray.CreateBuilder<Pattern>();
            do items.Add(Choice());
            while (reader.TrySymbol(","));
            reader.ExpectSymbol(")");
            return new PatternPermutation(items.ToImmutable(), start.To(reader.Previous.Span));
        }

        var name = reader.ExpectName("a variable of the pattern");
        return new PatternVariable(name, start);
    }
}
