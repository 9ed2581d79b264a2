using System.Collections.Immutable;
using Freshet.Syntax.Text;

namespace Freshet.Syntax.Tree;

/// <summary>table MATCH_RECOGNIZE (...): rows in an order, matched against a regular expression of named conditions.</summary>
public sealed record MatchTable(
    TableReference Table,
    ImmutableArray<Expression> PartitionBy,
    ImmutableArray<OrderItem> OrderBy,
    ImmutableArray<Measure> Measures,
    bool IsAllRows,
    AfterMatch? After,
    Pattern Pattern,
    bool IsAnchoredAtStart,
    bool IsAnchoredAtEnd,
    Expression? Within,
    ImmutableArray<PatternSubset> Subsets,
    ImmutableArray<PatternDefinition> Definitions,
    TableAlias? Alias,
    TextSpan Span) : TableReference(Span);

public sealed record Measure(Expression Expression, string Name);

/// <summary>AFTER MATCH SKIP ...: PAST LAST ROW, TO NEXT ROW, TO FIRST x, TO LAST x.</summary>
public sealed record AfterMatch(string Skip, string? Variable);

public sealed record PatternSubset(string Name, ImmutableArray<string> Variables);

public sealed record PatternDefinition(string Variable, Expression Condition);

/// <summary>A part of PATTERN (...).</summary>
public abstract record Pattern(TextSpan Span);

public sealed record PatternVariable(string Name, TextSpan Span) : Pattern(Span);

/// <summary>A B: one after the other.</summary>
public sealed record PatternSequence(ImmutableArray<Pattern> Items, TextSpan Span) : Pattern(Span);

/// <summary>A | B.</summary>
public sealed record PatternChoice(ImmutableArray<Pattern> Items, TextSpan Span) : Pattern(Span);

/// <summary>A*, A+, A?, A{n}, A{n,}, A{,m}, A{n,m}; reluctant with a further question mark.</summary>
/// <param name="Most">Null: no limit.</param>
public sealed record PatternRepeat(Pattern Item, int Least, int? Most, bool IsReluctant, TextSpan Span) : Pattern(Span);

/// <summary>PERMUTE(A, B): in any order.</summary>
public sealed record PatternPermutation(ImmutableArray<Pattern> Items, TextSpan Span) : Pattern(Span);

/// <summary>{- A -}: matched, but not among the rows of the result.</summary>
public sealed record PatternExclusion(Pattern Item, TextSpan Span) : Pattern(Span);
