using System.Collections.Immutable;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Parsing;

/// <summary>CREATE IDENTIFIER, TRAIT, SEGMENT and EVENT.</summary>
internal sealed class CustomerParser(TokenReader reader, QueryParser queries, DefinitionParser definitions)
{
    /// <summary>What SHOW CREATE, DESCRIBE and DROP take; an event is named by a text in quotes.</summary>
    public static readonly string[] Kinds = ["IDENTIFIER", "TRAIT", "SEGMENT", "EVENT"];

    public static readonly string[] Lists = ["IDENTIFIERS", "TRAITS", "SEGMENTS", "EVENTS"];

    /// <summary>The statement whose kind stands here, behind CREATE; null for others.</summary>
    public Statement? TryCreate(TextSpan start)
    {
        if (reader.TryWord("IDENTIFIER")) return Identifier(start);
        if (reader.TryWord("TRAIT")) return Trait(start);
        if (reader.TryWord("SEGMENT")) return Segment(start);
        return reader.TryWord("EVENT") ? Event(start) : null;
    }

    /// <summary>A kind of <see cref="Kinds"/> with the name of an object of it behind; not where the word is itself a name.</summary>
    public string? TryKind()
    {
        var next = reader.Peek();
        return TokenReader.IsName(next) || next.Kind == TokenKind.String ? reader.TryAny(Kinds) : null;
    }

    /// <summary>The name of an object of a kind.</summary>
    public Name NameOf(string kind)
    {
        if (kind != "EVENT") return definitions.Name();
        var start = reader.Current.Span;
        return new Name([reader.ExpectString("an event's name in quotes, as it is sent: 'Order Completed'")], start);
    }

    private CreateIdentifier Identifier(TextSpan start)
    {
        var ifNotExists = definitions.IfNotExists();
        var name = definitions.Name();
        var comment = definitions.Comment();
        ImmutableArray<Expression> from = reader.TryWord("FROM") ? queries.Expressions.ParseList() : [];
        var options = reader.TryWord("WITH") ? definitions.Options() : [];
        if (from.IsEmpty && options.IsEmpty) throw reader.Expected("FROM with the places where events carry it, or WITH and options");
        return new CreateIdentifier(name, ifNotExists, from, options, start.To(reader.Previous.Span)) { Comment = comment };
    }

    private CreateTrait Trait(TextSpan start)
    {
        var ifNotExists = definitions.IfNotExists();
        var name = definitions.Name();
        var comment = definitions.Comment();
        var options = reader.TryWord("WITH") ? definitions.Options() : [];
        return new CreateTrait(name, ifNotExists, options, Query("SELECT profile_id, value FROM ..."), start.To(reader.Previous.Span)) { Comment = comment };
    }

    private CreateSegment Segment(TextSpan start)
    {
        var ifNotExists = definitions.IfNotExists();
        var name = definitions.Name();
        var comment = definitions.Comment();
        var options = reader.TryWord("WITH") ? definitions.Options() : [];
        return new CreateSegment(name, ifNotExists, options, Query("SELECT profile_id FROM ..."), start.To(reader.Previous.Span)) { Comment = comment };
    }

    private Query Query(string example)
    {
        if (!reader.TryWord("AS")) throw reader.Expected($"AS {example}");
        return QueryParser.StartsQuery(reader) ? queries.Parse() : throw reader.Expected(example);
    }

    private CreateEvent Event(TextSpan start)
    {
        var ifNotExists = definitions.IfNotExists();
        var name = NameOf("EVENT");
        var properties = ImmutableArray.CreateBuilder<EventProperty>();
        var checks = ImmutableArray.CreateBuilder<EventRule>();
        if (reader.TrySymbol("(") && !reader.TrySymbol(")"))
        {
            do
            {
                if (TryRule() is { } rule) checks.Add(rule);
                else properties.Add(Property(properties));
            }
            while (reader.TrySymbol(","));
            reader.ExpectSymbol(")");
        }

        var comment = definitions.Comment();
        var options = reader.TryWord("WITH") ? definitions.Options() : [];
        return new CreateEvent(name, ifNotExists, properties.ToImmutable(), checks.ToImmutable(), options, start.To(reader.Previous.Span)) { Comment = comment };
    }

    private EventProperty Property(IEnumerable<EventProperty> before)
    {
        var start = reader.Current.Span;
        if (reader.Current.Kind is not (TokenKind.Word or TokenKind.QuotedName)) throw reader.Expected("a property's name or CHECK");
        var name = reader.Next().Text;
        if (before.Any(p => p.Name == name)) throw reader.Error(start, $"The event has two properties named {name}.");
        var type = TypeParser.Parse(reader);
        var checks = ImmutableArray.CreateBuilder<EventRule>();
        while (TryRule() is { } rule) checks.Add(rule);
        if (reader.Current.Is("NOT") || reader.Current.Is("NULL")) throw reader.Error(reader.Current.Span, "NOT NULL stands behind the type, before CHECK.");
        var comment = definitions.Comment();
        return new EventProperty(name, type, checks.ToImmutable(), start.To(reader.Previous.Span)) { Comment = comment };
    }

    /// <summary>[CONSTRAINT name] CHECK (condition). A property named check is written with a type behind it, or in backticks.</summary>
    private EventRule? TryRule()
    {
        var start = reader.Current.Span;
        var isNamed = reader.TryWord("CONSTRAINT");
        if (!isNamed && !(reader.Current.Is("CHECK") && reader.Peek().IsSymbol("("))) return null;
        var name = isNamed ? reader.ExpectName("a name for the rule") : null;
        reader.ExpectWord("CHECK");
        reader.ExpectSymbol("(");
        var condition = queries.Expressions.Parse();
        reader.ExpectSymbol(")");
        return new EventRule(name, condition, start.To(reader.Previous.Span));
    }
}
