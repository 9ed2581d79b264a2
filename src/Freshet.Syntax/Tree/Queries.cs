using System.Collections.Immutable;
using Freshet.Syntax.Text;

namespace Freshet.Syntax.Tree;

/// <summary>A query with its WITH, ORDER BY and LIMIT.</summary>
public sealed record Query(ImmutableArray<CommonTable> With, QueryBody Body, ImmutableArray<OrderItem> OrderBy, Expression? Limit, Expression? Offset, TextSpan Span);

public sealed record CommonTable(string Name, ImmutableArray<string> Columns, Query Query, TextSpan Span)
{
    /// <summary>Whether it was written after WITH RECURSIVE.</summary>
    public bool IsRecursive { get; init; }
}

public sealed record OrderItem(Expression Expression, bool IsDescending, bool? NullsFirst);

public abstract record QueryBody(TextSpan Span);

/// <summary>SELECT ... FROM ...</summary>
public sealed record SelectBody(
    bool IsDistinct,
    ImmutableArray<SelectItem> Items,
    TableReference? From,
    Expression? Where,
    GroupBy? GroupBy,
    Expression? Having,
    TextSpan Span) : QueryBody(Span)
{
    /// <summary>Of /*+ ... */ after SELECT; they advise and never change the result.</summary>
    public ImmutableArray<Hint> Hints { get; init; } = [];
}

/// <summary>A SELECT with a WINDOW or a QUALIFY clause.</summary>
public sealed record WindowedBody(SelectBody Select, ImmutableArray<NamedWindow> Windows, Expression? Qualify, TextSpan Span) : QueryBody(Span);

public sealed record NamedWindow(string Name, WindowSpec Window);

/// <summary>The window of OVER: another one's name, keys, order and frame, each of which may be missing.</summary>
public sealed record WindowSpec(string? Base, ImmutableArray<Expression> PartitionBy, ImmutableArray<OrderItem> OrderBy, WindowFrame? Frame, TextSpan Span);

/// <summary>ROWS or RANGE, from a bound up to another or, without one, to the current row.</summary>
public sealed record WindowFrame(bool IsRange, FrameBound From, FrameBound? To);

public enum FrameBoundKind
{
    UnboundedPreceding,
    Preceding,
    CurrentRow,
    Following,
    UnboundedFollowing,
}

/// <param name="Distance">Of PRECEDING and FOLLOWING.</param>
public sealed record FrameBound(FrameBoundKind Kind, Expression? Distance);

/// <summary>One hint: its name, and arguments that are values or key = value.</summary>
public sealed record Hint(string Name, ImmutableArray<HintArgument> Arguments, TextSpan Span);

/// <param name="Key">Null for a value by itself.</param>
public sealed record HintArgument(string? Key, string Value);

public sealed record SelectItem(Expression Expression, string? Alias, TextSpan Span);

/// <summary>GROUP BY keys, some of which may be <see cref="GroupingSets"/>.</summary>
public sealed record GroupBy(ImmutableArray<Expression> Keys, TextSpan Span);

/// <summary>GROUPING SETS (...), ROLLUP (...), CUBE (...): each item is a list of keys, perhaps empty, or again grouping sets.</summary>
/// <param name="Kind">GROUPING SETS, ROLLUP or CUBE.</param>
public sealed record GroupingSets(string Kind, ImmutableArray<Expression> Items, TextSpan Span) : Expression(Span);

/// <summary>(a, b) or () within grouping sets.</summary>
public sealed record GroupingSet(ImmutableArray<Expression> Keys, TextSpan Span) : Expression(Span);

public enum SetOperator
{
    Union,
    Intersect,
    Except,
}

public sealed record SetBody(QueryBody Left, SetOperator Operator, bool IsAll, QueryBody Right, TextSpan Span) : QueryBody(Span);

public sealed record ValuesBody(ImmutableArray<ImmutableArray<Expression>> Rows, TextSpan Span) : QueryBody(Span);

/// <summary>A query in parentheses with clauses of its own, as an operand of UNION.</summary>
public sealed record NestedBody(Query Query, TextSpan Span) : QueryBody(Span);

public abstract record TableReference(TextSpan Span);

/// <param name="Options">Of a hint /*+ OPTIONS(...) */.</param>
public sealed record NamedTable(Name Name, TableAlias? Alias, ImmutableDictionary<string, string> Options, TextSpan Span) : TableReference(Span)
{
    /// <summary>All hints behind the name; OPTIONS is among them.</summary>
    public ImmutableArray<Hint> Hints { get; init; } = [];
}

/// <summary>table FOR SYSTEM_TIME AS OF expression [alias].</summary>
public sealed record SystemTimeTable(TableReference Table, Expression AsOf, TableAlias? Alias, TextSpan Span) : TableReference(Span);

/// <summary>TABLE t PARTITION BY ... ORDER BY ... as the input of a table function.</summary>
public sealed record PartitionedTable(TableReference Table, ImmutableArray<Expression> PartitionBy, ImmutableArray<OrderItem> OrderBy, TextSpan Span) : TableReference(Span);

public sealed record QueryTable(Query Query, bool IsLateral, TableAlias? Alias, TextSpan Span) : TableReference(Span);

public sealed record TableAlias(string Name, ImmutableArray<string> Columns, TextSpan Span);

public enum JoinKind
{
    Inner,
    Left,
    Right,
    Full,
    Cross,
}

public sealed record JoinTable(TableReference Left, JoinKind Kind, TableReference Right, Expression? Condition, ImmutableArray<string> Using, bool IsNatural, TextSpan Span) : TableReference(Span);

/// <summary>TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), ...)): a function over a table.</summary>
public sealed record FunctionTable(string Function, TableReference? Input, ImmutableArray<string> Descriptor, ImmutableArray<NamedArgument> Arguments, bool IsLateral, TableAlias? Alias, TextSpan Span) : TableReference(Span)
{
    /// <summary>Every argument in the order of the text; tables, descriptors and models are among them as expressions.</summary>
    public ImmutableArray<NamedArgument> Written { get; init; } = [];

    /// <summary>Whether it stood within TABLE(...).</summary>
    public bool IsTable { get; init; }
}

/// <summary>A table as an argument of a function.</summary>
public sealed record TableArgument(TableReference Table, TextSpan Span) : Expression(Span);

/// <summary>DESCRIPTOR(a, b).</summary>
public sealed record DescriptorArgument(ImmutableArray<string> Columns, TextSpan Span) : Expression(Span);

/// <summary>MODEL m as an argument of a function.</summary>
public sealed record ModelArgument(Name Model, TextSpan Span) : Expression(Span);

/// <summary>An argument, by position (name null) or by name.</summary>
public sealed record NamedArgument(string? Name, Expression Value);

public sealed record UnnestTable(Expression Collection, bool WithOrdinality, TableAlias? Alias, TextSpan Span) : TableReference(Span);
