using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Syntax.Text;

namespace Freshet.Syntax.Tree;

/// <summary>An expression as written. Immutable.</summary>
public abstract record Expression(TextSpan Span);

public enum LiteralKind
{
    Null,
    Boolean,

    /// <summary>Digits only.</summary>
    Integer,

    /// <summary>Digits with a point.</summary>
    Decimal,

    /// <summary>With an exponent.</summary>
    Double,
    String,
    Binary,
    Date,
    Time,
    Timestamp,

    /// <summary>TIMESTAMP WITH LOCAL TIME ZONE '...'.</summary>
    TimestampLtz,
}

/// <summary>A literal; <paramref name="Text"/> is its value without quotes or keyword.</summary>
public sealed record Literal(LiteralKind Kind, string Text, TextSpan Span) : Expression(Span);

/// <summary>INTERVAL 'text' unit [TO unit].</summary>
public sealed record IntervalLiteral(string Text, bool IsNegative, string From, string? To, TextSpan Span) : Expression(Span);

/// <summary>A name of one or more parts: column, table.column, column.field.</summary>
public sealed record Name(ImmutableArray<string> Parts, TextSpan Span) : Expression(Span)
{
    public string Last => Parts[^1];

    /// <summary>The column that is meant, where it comes from * and not from a text: two may have one name.</summary>
    internal int? Column { get; init; }

    public override string ToString() => string.Join('.', Parts);
}

/// <summary>* or t.*</summary>
public sealed record Star(Name? Qualifier, TextSpan Span) : Expression(Span);

public sealed record Unary(string Operator, Expression Operand, TextSpan Span) : Expression(Span);

public sealed record Binary(string Operator, Expression Left, Expression Right, TextSpan Span) : Expression(Span);

/// <summary>IS [NOT] NULL, TRUE, FALSE, UNKNOWN.</summary>
public sealed record IsTest(Expression Operand, string Test, bool IsNegated, TextSpan Span) : Expression(Span);

public sealed record Between(Expression Operand, Expression Low, Expression High, bool IsSymmetric, bool IsNegated, TextSpan Span) : Expression(Span);

public sealed record InList(Expression Operand, ImmutableArray<Expression> Items, bool IsNegated, TextSpan Span) : Expression(Span);

public sealed record InQuery(Expression Operand, Query Query, bool IsNegated, TextSpan Span) : Expression(Span);

public sealed record Like(Expression Operand, Expression Pattern, Expression? Escape, bool IsSimilar, bool IsNegated, TextSpan Span) : Expression(Span);

public sealed record Exists(Query Query, TextSpan Span) : Expression(Span);

public sealed record ScalarQuery(Query Query, TextSpan Span) : Expression(Span);

public sealed record WhenThen(Expression When, Expression Then);

public sealed record Case(Expression? Operand, ImmutableArray<WhenThen> Branches, Expression? Else, TextSpan Span) : Expression(Span);

public sealed record Cast(Expression Operand, SqlType Type, bool IsTry, TextSpan Span) : Expression(Span)
{
    /// <summary>The unit of a type INTERVAL with one unit: a literal number is so many of it.</summary>
    public string? IntervalUnit { get; init; }
}

/// <summary>A call. Special forms become calls too: EXTRACT(unit, x), TRIM(where, what, x), FLOOR(x, unit), JSON_VALUE with options.</summary>
/// <param name="Options">Words of the special forms, e.g. <c>RETURNING</c> types and <c>ON ERROR</c> behaviour.</param>
public sealed record Call(string Function, ImmutableArray<Expression> Arguments, bool IsDistinct, Expression? Filter, ImmutableDictionary<string, object> Options, TextSpan Span) : Expression(Span)
{
    /// <summary>COUNT(*) and the like.</summary>
    public bool IsStar => Arguments is [Star];
}

/// <summary>A word that stands where an argument could: a time unit, LEADING.</summary>
public sealed record Word(string Text, TextSpan Span) : Expression(Span);

/// <summary>base[index]</summary>
public sealed record Index(Expression Base, Expression At, TextSpan Span) : Expression(Span);

/// <summary>base.field, where base is no name.</summary>
public sealed record FieldAccess(Expression Base, string Field, TextSpan Span) : Expression(Span);

/// <summary>ARRAY[...], MAP[...], ROW(...), (a, b).</summary>
public sealed record Constructor(string Kind, ImmutableArray<Expression> Items, TextSpan Span) : Expression(Span);

/// <summary>ARRAY(SELECT ...), MAP(SELECT ...), MULTISET(SELECT ...).</summary>
public sealed record CollectionQuery(string Kind, Query Query, TextSpan Span) : Expression(Span);

/// <summary>(expression).*: every field of a row.</summary>
public sealed record FieldsOf(Expression Base, TextSpan Span) : Expression(Span);

/// <summary>INTERVAL value unit, where the value is no text: INTERVAL 5 DAY, INTERVAL (a + 1) MINUTE.</summary>
public sealed record IntervalOf(Expression Value, string From, string? To, TextSpan Span) : Expression(Span);

/// <summary>left op ALL|ANY|SOME (query or list); either the query or the items are given.</summary>
public sealed record Quantified(Expression Left, string Operator, string Quantifier, Query? Query, ImmutableArray<Expression> Items, TextSpan Span) : Expression(Span);

/// <summary>name => value as an argument of a call.</summary>
public sealed record NamedValue(string Name, Expression Value, TextSpan Span) : Expression(Span);

/// <summary>A call with an order of its rows, in the parentheses or by WITHIN GROUP, or with RESPECT or IGNORE NULLS.</summary>
/// <param name="Nulls">RESPECT, IGNORE or null.</param>
public sealed record OrderedCall(Call Call, ImmutableArray<OrderItem> OrderBy, bool IsWithinGroup, string? Nulls, TextSpan Span) : Expression(Span);

/// <summary>call OVER name, or call OVER (window). <paramref name="Function"/> is a Call or an OrderedCall.</summary>
public sealed record OverCall(Expression Function, string? WindowName, WindowSpec? Window, TextSpan Span) : Expression(Span);
