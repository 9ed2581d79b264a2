using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Sql.Binding.Subqueries;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>FROM: tables, queries, joins, window functions and UNNEST, with the columns that their names can mean.</summary>
internal sealed class FromBinder(SourceText source, QueryBinder queries, TableResolver tables, Func<IEnumerable<string>> tableNames, ImmutableDictionary<string, PlanNode> common)
{
    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);

    public (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) Bind(TableReference reference) => reference switch
    {
        NamedTable named => Named(named),
        QueryTable query => Aliased(queries.Bind(query.Query), query.Alias?.Name, query.Alias),
        JoinTable join => JoinOf(join),
        FunctionTable function => Function(function),
        UnnestTable unnest => new UnnestBinder(source, queries).Bind(unnest, (QueryBinder.OneRow(), []), false),
        _ => throw Error(reference.Span, NotSupported.Sentence(reference)),
    };

    private (PlanNode, IReadOnlyList<ScopeColumn>) Named(NamedTable named)
    {
        var plan = named.Name.Parts.Length == 1 && common.TryGetValue(named.Name.Last, out var query) ? query : tables(named.Name, named.Options);
        if (plan is null) throw Error(named.Name.Span, $"There is no table or view {named.Name}.{NearestName.Hint(named.Name.Last, tableNames())}");
        return Aliased(plan, named.Alias?.Name ?? named.Name.Last, named.Alias);
    }

    private (PlanNode, IReadOnlyList<ScopeColumn>) Aliased(PlanNode plan, string? table, TableAlias? alias)
    {
        if (alias is { Columns.IsEmpty: false }) plan = queries.Renamed(plan, alias.Columns, alias.Span);
        return (plan, [.. plan.Schema.Fields.Select((f, i) => new ScopeColumn(table, f.Name, f.Type, i))]);
    }

    private (PlanNode, IReadOnlyList<ScopeColumn>) JoinOf(JoinTable join)
    {
        var left = Bind(join.Left);
        if (join.Right is UnnestTable or FunctionTable { Input: null }) return RowsOf(join, left);
        if (join.Right is QueryTable { IsLateral: true } lateral) return new LateralBinder(source, queries).Bind(join, lateral, left);
        if (join.Right is SystemTimeTable versions) return new TemporalJoinBinder(source, join, versions, queries.Rules).Bind(left, Bind(WithAlias(versions)));
        var right = Bind(join.Right);
        return new JoinBinder(source, queries).Bind(join, left, right);
    }

    /// <summary>Rows that UNNEST or a table function makes of each row on the left.</summary>
    private (PlanNode, IReadOnlyList<ScopeColumn>) RowsOf(JoinTable join, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) left)
    {
        if (join.Kind is not (JoinKind.Cross or JoinKind.Inner or JoinKind.Left)) throw Error(join.Span, "UNNEST and table functions are joined by CROSS JOIN, JOIN ... ON TRUE or LEFT JOIN ... ON TRUE.");
        var isOuter = join.Kind == JoinKind.Left;
        (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) rows = join.Right is UnnestTable unnest
            ? new UnnestBinder(source, queries).Bind(unnest, left, isOuter)
            : TableFunctionBinder.Bind(source, queries.Rules.Functions, (FunctionTable)join.Right, left, isOuter, queries.Outer);
        if (join.Condition is null or Literal { Kind: LiteralKind.Boolean, Text: "TRUE" }) return rows;
        if (join.Kind == JoinKind.Left) throw Error(join.Condition.Span, "LEFT JOIN of UNNEST or a table function takes ON TRUE.");
        var binder = new ExpressionBinder(source, new Scope(source, rows.Columns, queries.Rules.Functions)) { Outer = queries.Outer };
        return (new Filter(rows.Node, binder.Coerce.Boolean(binder.Bind(join.Condition), "ON")), rows.Columns);
    }

    /// <summary>The table itself, under the name that stands behind FOR SYSTEM_TIME AS OF.</summary>
    private static TableReference WithAlias(SystemTimeTable table) => table.Alias is null ? table.Table : table.Table switch
    {
        NamedTable named => named with { Alias = table.Alias },
        QueryTable query => query with { Alias = table.Alias },
        _ => table.Table,
    };

    private (PlanNode, IReadOnlyList<ScopeColumn>) Function(FunctionTable function)
    {
        if (function.Input is null && queries.Rules.Functions.Find(function.Function) is not null) return TableFunctionBinder.Bind(source, queries.Rules.Functions, function, (QueryBinder.OneRow(), []), false, queries.Outer);
        if (ChangelogBinder.Names.Contains(function.Function)) return Aliased(new ChangelogBinder(source, function, Bind).Bind(), function.Alias?.Name, function.Alias);
        if (!WindowFunctionBinder.Names.Contains(function.Function)) throw Error(function.Span, $"There is no table function {function.Function}.{NearestName.Hint(function.Function, WindowFunctionBinder.Names.Concat(ChangelogBinder.Names))}");
        var node = new WindowFunctionBinder(source, function, Bind, queries.Rules).Bind();
        return Aliased(node, function.Alias?.Name, function.Alias);
    }

    /// <summary>A length of time, µs.</summary>
    public static long Length(ExpressionBinder binder, Expression expression) =>
        binder.Bind(expression) is BoundLiteral { IsNull: false } literal && literal.Type.Kind == TypeKind.IntervalDayTime
            ? literal.Integer * 1000
            : throw binder.Error(expression.Span, "A length of time is written as INTERVAL '10' MINUTE, in days or smaller units.");
}
