using System.Collections.Immutable;
using Freshet.Syntax.Tree;

namespace Freshet.Syntax.Printing;

/// <summary>CREATE IDENTIFIER, TRAIT, SEGMENT and EVENT as text.</summary>
internal sealed class CustomerPrinter(SqlWriter writer, QueryPrinter queries)
{
    public bool TryPrint(Statement statement)
    {
        switch (statement)
        {
            case CreateIdentifier identifier:
                Head("IDENTIFIER", identifier.IfNotExists).Name(identifier.Name);
                Comment(identifier.Comment);
                if (!identifier.From.IsEmpty) writer.Add(" FROM ").List(identifier.From, queries.Expressions.Print);
                Options(identifier.Options);
                return true;
            case CreateTrait trait:
                Head("TRAIT", trait.IfNotExists).Name(trait.Name);
                Query(trait.Comment, trait.Options, trait.Query);
                return true;
            case CreateSegment segment:
                Head("SEGMENT", segment.IfNotExists).Name(segment.Name);
                Query(segment.Comment, segment.Options, segment.Query);
                return true;
            case CreateEvent planned:
                Head("EVENT", planned.IfNotExists).Quoted(planned.Event.Last);
                Elements(planned);
                Comment(planned.Comment);
                Options(planned.Options);
                return true;
            default:
                return false;
        }
    }

    private SqlWriter Head(string kind, bool ifNotExists) => writer.Add("CREATE ").Add(kind).Add(" ").Add(ifNotExists, "IF NOT EXISTS ");

    private void Query(string? comment, ImmutableArray<OptionPair> options, Query query)
    {
        Comment(comment);
        Options(options);
        writer.Add(" AS ");
        queries.Print(query);
    }

    private void Elements(CreateEvent planned)
    {
        List<Action> parts = [.. planned.Properties.Select(p => (Action)(() => Property(p))), .. planned.Checks.Select(c => (Action)(() => Rule(c)))];
        if (parts.Count > 0) writer.Add(" (").List([.. parts], p => p()).Add(")");
    }

    private void Property(EventProperty property)
    {
        writer.Name(property.Name).Add(" ").Add(property.Type.ToString());
        foreach (var rule in property.Checks)
        {
            writer.Add(" ");
            Rule(rule);
        }

        Comment(property.Comment);
    }

    private void Rule(EventRule rule)
    {
        if (rule.Name is not null) writer.Add("CONSTRAINT ").Name(rule.Name).Add(" ");
        writer.Add("CHECK (");
        queries.Expressions.Print(rule.Condition);
        writer.Add(")");
    }

    private void Comment(string? comment)
    {
        if (comment is not null) writer.Add(" COMMENT ").Quoted(comment);
    }

    private void Options(ImmutableArray<OptionPair> options)
    {
        if (!options.IsEmpty) writer.Add(" WITH (").List(options, o => writer.Quoted(o.Key).Add(" = ").Quoted(o.Value)).Add(")");
    }
}
