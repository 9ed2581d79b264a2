using System.Collections.Immutable;
using Freshet.Sql.Text;

namespace Freshet.Sql.Syntax;

/// <summary>A query with its WITH, ORDER BY and LIMIT.</summary>
public sealed record Query(ImmutableArray<CommonTable> With, QueryBody Body, ImmutableArray<OrderItem> OrderBy, Expression? Limit, Expression? Offset, TextSpan Span);

public sealed record CommonTable(string Name, ImmutableArray<string> Columns, Query Query, TextSpan Span);

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
    TextSpan Span) : QueryBody(Span);

public sealed record SelectItem(Expression Expression, string? Alias, TextSpan Span);

/// <summary>GROUP BY keys; grouping sets are kept as calls named GROUPING SETS, ROLLUP, CUBE.</summary>
public sealed record GroupBy(ImmutableArray<Expression> Keys, TextSpan Span);

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
public sealed record NamedTable(Name Name, TableAlias? Alias, ImmutableDictionary<string, string> Options, TextSpan Span) : TableReference(Span);

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
public sealed record FunctionTable(string Function, TableReference? Input, ImmutableArray<string> Descriptor, ImmutableArray<NamedArgument> Arguments, bool IsLateral, TableAlias? Alias, TextSpan Span) : TableReference(Span);

/// <summary>An argument, by position (name null) or by name.</summary>
public sealed record NamedArgument(string? Name, Expression Value);

public sealed record UnnestTable(Expression Collection, bool WithOrdinality, TableAlias? Alias, TextSpan Span) : TableReference(Span);
