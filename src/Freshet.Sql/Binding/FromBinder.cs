using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Json.Kernels;
using Freshet.Columns.Types;
using Freshet.Sql.Plan;
using Freshet.Sql.Syntax;
using Freshet.Sql.Text;

namespace Freshet.Sql.Binding;

/// <summary>FROM: tables, queries, joins, window functions and UNNEST, with the columns that their names can mean.</summary>
internal sealed class FromBinder(SourceText source, QueryBinder queries, TableResolver tables, Func<IEnumerable<string>> tableNames, ImmutableDictionary<string, PlanNode> common)
{
    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);

    public (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) Bind(TableReference reference) => reference switch
    {
        NamedTable named => Named(named),
        QueryTable { IsLateral: true } lateral => throw Error(lateral.Span, "LATERAL queries are not supported yet: write a join."),
        QueryTable query => Aliased(queries.Bind(query.Query), query.Alias?.Name, query.Alias),
        JoinTable join => JoinOf(join),
        FunctionTable function => Function(function),
        UnnestTable unnest => throw Error(unnest.Span, "UNNEST stands on the right side of a join: ... CROSS JOIN UNNEST(...)."),
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
        if (join.Right is UnnestTable unnest) return UnnestOf(join, unnest, left);
        if (join.Right is FunctionTable { Input: null } function) return RowsOf(join, function, left);
        if (join.Right is SystemTimeTable versions) return new TemporalJoinBinder(source, join, versions, queries.Rules).Bind(left, Bind(WithAlias(versions)));
        var right = Bind(join.Right);
        return new JoinBinder(source, queries).Bind(join, left, right);
    }

    private (PlanNode, IReadOnlyList<ScopeColumn>) RowsOf(JoinTable join, FunctionTable function, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) left)
    {
        if (join.Kind is not (JoinKind.Cross or JoinKind.Inner or JoinKind.Left)) throw Error(join.Span, "A table function is joined by CROSS JOIN, JOIN ... ON TRUE or LEFT JOIN ... ON TRUE.");
        var rows = TableFunctionBinder.Bind(source, queries.Rules.Functions, function, left, join.Kind == JoinKind.Left);
        if (join.Condition is null or Literal { Kind: LiteralKind.Boolean, Text: "TRUE" }) return rows;
        if (join.Kind == JoinKind.Left) throw Error(join.Condition.Span, "LEFT JOIN of a table function takes ON TRUE.");
        var binder = new ExpressionBinder(source, new Scope(source, rows.Columns, queries.Rules.Functions));
        return (new Filter(rows.Node, binder.Coerce.Boolean(binder.Bind(join.Condition), "ON")), rows.Columns);
    }

    /// <summary>The table itself, under the name that stands behind FOR SYSTEM_TIME AS OF.</summary>
    private static TableReference WithAlias(SystemTimeTable table) => table.Alias is null ? table.Table : table.Table switch
    {
        NamedTable named => named with { Alias = table.Alias },
        QueryTable query => query with { Alias = table.Alias },
        _ => table.Table,
    };

    private (PlanNode, IReadOnlyList<ScopeColumn>) UnnestOf(JoinTable join, UnnestTable unnest, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) left)
    {
        if (join.Kind is not (JoinKind.Cross or JoinKind.Inner or JoinKind.Left)) throw Error(join.Span, "UNNEST is joined by CROSS JOIN or LEFT JOIN ... ON TRUE.");
        if (unnest.WithOrdinality) throw Error(unnest.Span, "WITH ORDINALITY is not supported yet.");
        var binder = new ExpressionBinder(source, new Scope(source, left.Columns, queries.Rules.Functions));
        var collection = binder.Bind(unnest.Collection);
        if (collection.Type.Kind is not (TypeKind.Array or TypeKind.Multiset or TypeKind.Map or TypeKind.Variant))
            throw Error(unnest.Collection.Span, $"UNNEST takes an ARRAY, MAP, MULTISET or VARIANT, this is {collection.Type.Name}.");
        using var explosion = new CollectionExplosion(collection.Type);
        var names = unnest.Alias?.Columns ?? [];
        var elements = explosion.Columns;
        if (!names.IsEmpty && names.Length != elements.Length) throw Error(unnest.Span, $"{names.Length} column names are given for elements of {elements.Length} columns.");
        var fields = elements.Select((e, i) => new Field(names.IsEmpty ? e.Name : names[i], e.Type)).ToImmutableArray();
        var width = left.Node.Schema.Count;
        var input = new Project(left.Node, [.. left.Node.Schema.Fields.Select((f, i) => (BoundExpression)new BoundColumn(i, f.Type)), collection], [.. left.Node.Schema.Fields.Select(f => f.Name), "collection$"]);
        PlanNode node = new Plan.Unnest(input, width, fields, join.Kind == JoinKind.Left);
        IReadOnlyList<ScopeColumn> columns = [.. left.Columns, .. fields.Select((f, i) => new ScopeColumn(unnest.Alias?.Name, f.Name, node.Schema[width + 1 + i], width + 1 + i))];
        return (node, columns);
    }

    private (PlanNode, IReadOnlyList<ScopeColumn>) Function(FunctionTable function)
    {
        if (function.Input is null && queries.Rules.Functions.Find(function.Function) is not null) return TableFunctionBinder.Bind(source, queries.Rules.Functions, function, (QueryBinder.OneRow(), []), false);
        if (!WindowFunctionBinder.Names.Contains(function.Function)) throw Error(function.Span, $"There is no table function {function.Function}.{NearestName.Hint(function.Function, WindowFunctionBinder.Names)}");
        var node = new WindowFunctionBinder(source, function, Bind, queries.Rules).Bind();
        return Aliased(node, function.Alias?.Name, function.Alias);
    }

    /// <summary>A length of time, µs.</summary>
    public static long Length(ExpressionBinder binder, Expression expression) =>
        binder.Bind(expression) is BoundLiteral { IsNull: false } literal && literal.Type.Kind == TypeKind.IntervalDayTime
            ? literal.Integer * 1000
            : throw binder.Error(expression.Span, "A length of time is written as INTERVAL '10' MINUTE, in days or smaller units.");
}
