using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Syntax.Text;

namespace Freshet.Syntax.Tree;

/// <summary>CREATE IDENTIFIER name [FROM place, ...] [WITH (...)]: a kind of value that names a person, and where events carry it.</summary>
/// <param name="From">Expressions over an event, in the order in which they are tried; empty where the type has places of its own.</param>
public sealed record CreateIdentifier(Name Name, bool IfNotExists, ImmutableArray<Expression> From, ImmutableArray<OptionPair> Options, TextSpan Span) : Statement(Span)
{
    public string? Comment { get; init; }
}

/// <summary>CREATE TRAIT name [WITH (...)] AS SELECT profile_id, value FROM ...</summary>
public sealed record CreateTrait(Name Name, bool IfNotExists, ImmutableArray<OptionPair> Options, Query Query, TextSpan Span) : Statement(Span)
{
    public string? Comment { get; init; }
}

/// <summary>CREATE SEGMENT name [WITH (...)] AS SELECT profile_id FROM ...</summary>
public sealed record CreateSegment(Name Name, bool IfNotExists, ImmutableArray<OptionPair> Options, Query Query, TextSpan Span) : Statement(Span)
{
    public string? Comment { get; init; }
}

/// <summary>CREATE EVENT 'Event Name' (property type [NOT NULL] [CHECK (rule)], ..., CHECK (rule)) [WITH (...)]: what an event must carry.</summary>
/// <param name="Event">The event's name as it is sent, a name of one part.</param>
/// <param name="Checks">Rules over several properties.</param>
public sealed record CreateEvent(Name Event, bool IfNotExists, ImmutableArray<EventProperty> Properties, ImmutableArray<EventRule> Checks, ImmutableArray<OptionPair> Options, TextSpan Span) : Statement(Span)
{
    public string? Comment { get; init; }
}

/// <param name="Type">Not nullable where the property must be there.</param>
/// <param name="Checks">Rules written behind the property.</param>
public sealed record EventProperty(string Name, SqlType Type, ImmutableArray<EventRule> Checks, TextSpan Span)
{
    public string? Comment { get; init; }
}

/// <summary>[CONSTRAINT name] CHECK (condition): an event for which the condition is false breaks it; one for which it is unknown does not.</summary>
public sealed record EventRule(string? Name, Expression Condition, TextSpan Span);
