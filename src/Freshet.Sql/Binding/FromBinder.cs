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

    public (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) Bind(TableReference reference, Expression? where) => reference switch
    {
        NamedTable named => Named(named),
        QueryTable { IsLateral: true } lateral => throw Error(lateral.Span, "LATERAL queries are not supported yet: write a join."),
        QueryTable query => Aliased(queries.Bind(query.Query), query.Alias?.Name, query.Alias),
        JoinTable join => JoinOf(join, where),
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

    private (PlanNode, IReadOnlyList<ScopeColumn>) JoinOf(JoinTable join, Expression? where)
    {
        var left = Bind(join.Left, where);
        if (join.Right is UnnestTable unnest) return UnnestOf(join, unnest, left);
        if (join.Right is FunctionTable { Input: null } function) throw Error(function.Span, $"There is no table function {function.Function}.");
        var right = Bind(join.Right, null);
        if (join.IsNatural) throw Error(join.Span, "NATURAL joins are not supported yet: write the columns with USING.");
        if (join.Kind is JoinKind.Full) throw Error(join.Span, "FULL joins are not supported yet.");
        if (join.Kind is JoinKind.Right) throw Error(join.Span, "RIGHT joins are not supported yet: write the tables in the other order with LEFT JOIN.");
        var width = left.Node.Schema.Count;
        var outer = join.Kind == JoinKind.Left;
        IReadOnlyList<ScopeColumn> columns = [.. left.Columns, .. right.Columns.Select(c => c with { Index = c.Index + width, Type = outer ? c.Type.WithNullable(true) : c.Type })];
        // The condition is over the rows as they are before NULLs are added.
        IReadOnlyList<ScopeColumn> inner = [.. left.Columns, .. right.Columns.Select(c => c with { Index = c.Index + width })];
        var binder = new ExpressionBinder(source, new Scope(source, inner));
        BoundExpression? condition = null;
        if (join.Condition is not null) condition = binder.Coerce.Boolean(binder.Bind(join.Condition), "ON");
        foreach (var column in join.Using)
        {
            var equal = binder.Compare("=", Named(left.Columns, column, 0, join), Named(right.Columns, column, width, join), join.Span);
            condition = condition is null ? equal : new BoundLogical(true, condition, equal, join.Span);
        }

        if (condition is not null) QueryBinder.CheckClock(source, condition, queries.Rules);
        if (join.Kind == JoinKind.Cross && where is not null)
        {
            // FROM a, b WHERE a.x = b.x is a join by what WHERE says of both.
            condition = BoundLogical.All(CrossConditions(binder, where, width));
        }

        var (leftKeys, rightKeys, residual) = Split(condition, width);
        if (leftKeys.Count == 0)
            throw Error(join.Span, "A join needs at least one equality between a column of the left and one of the right table: joins without are not supported yet.");
        var (l, lk) = WithKeys(left.Node, leftKeys);
        var (r, rk) = WithKeys(right.Node, [.. rightKeys.Select(k => k.Shift(c => c - width))]);
        if (outer && residual.Count > 0 && (l != left.Node || r != right.Node))
            throw Error(join.Span, "A LEFT JOIN whose keys are computed takes no further condition yet: compute the key in a query of its own.");
        var shifted = residual.Select(c => c.Shift(i => i < width ? i : i - width + l.Schema.Count));
        PlanNode node = new Join(l, r, outer, lk, rk, BoundLogical.All(shifted));
        if (l != left.Node || r != right.Node)
        {
            int[] kept = [.. Enumerable.Range(0, width), .. Enumerable.Range(l.Schema.Count, right.Node.Schema.Count)];
            node = new Project(node, [.. kept.Select(k => new BoundColumn(k, node.Schema[k]))], [.. kept.Select(k => node.Schema.Fields[k].Name)]);
        }

        return (node, columns);
    }

    private static IEnumerable<BoundExpression> CrossConditions(ExpressionBinder binder, Expression where, int width)
    {
        foreach (var part in ExpressionWalk.Chain(where, "AND"))
        {
            BoundExpression bound;
            try
            {
                bound = binder.Bind(part);
            }
            catch (SqlException)
            {
                // It names a table that is joined later; the filter above says so if it names none at all.
                continue;
            }

            if (IsEquality(bound, width, out _, out _)) yield return bound;
        }
    }

    private BoundColumn Named(IReadOnlyList<ScopeColumn> columns, string name, int shift, JoinTable join)
    {
        var column = columns.FirstOrDefault(c => c.Name == name) ?? throw Error(join.Span, $"USING names the column {name}, which a side of the join does not have.{NearestName.Hint(name, columns.Select(c => c.Name))}");
        return new BoundColumn(column.Index + shift, column.Type, join.Span);
    }

    private static (List<BoundExpression> Left, List<BoundExpression> Right, List<BoundExpression> Residual) Split(BoundExpression? condition, int width)
    {
        var (left, right, residual) = (new List<BoundExpression>(), new List<BoundExpression>(), new List<BoundExpression>());
        foreach (var part in BoundLogical.Conjuncts(condition))
        {
            if (IsEquality(part, width, out var l, out var r))
            {
                left.Add(l);
                right.Add(r);
            }
            else
            {
                residual.Add(part);
            }
        }

        return (left, right, residual);
    }

    private static bool IsEquality(BoundExpression expression, int width, out BoundExpression left, out BoundExpression right)
    {
        (left, right) = (expression, expression);
        if (expression is not BoundCall { Name: "=" } call) return false;
        var (a, b) = (call.Children[0], call.Children[1]);
        bool IsLeft(BoundExpression e) => e.Columns().Any() && e.Columns().All(c => c < width);
        bool IsRight(BoundExpression e) => e.Columns().Any() && e.Columns().All(c => c >= width);
        if (IsLeft(a) && IsRight(b)) (left, right) = (a, b);
        else if (IsLeft(b) && IsRight(a)) (left, right) = (b, a);
        else return false;
        return left.Type.Physical == right.Type.Physical && left.Type.Kind != TypeKind.Variant;
    }

    /// <summary>The node with its keys as columns; keys that are columns already cost nothing.</summary>
    private static (PlanNode Node, ImmutableArray<int> Keys) WithKeys(PlanNode node, List<BoundExpression> keys)
    {
        if (keys.All(k => k is BoundColumn)) return (node, [.. keys.Select(k => ((BoundColumn)k).Index)]);
        var expressions = node.Schema.Fields.Select((f, i) => (BoundExpression)new BoundColumn(i, f.Type)).ToList();
        var names = node.Schema.Fields.Select(f => f.Name).ToList();
        var places = ImmutableArray.CreateBuilder<int>();
        foreach (var key in keys)
        {
            if (key is BoundColumn column)
            {
                places.Add(column.Index);
                continue;
            }

            places.Add(expressions.Count);
            names.Add($"key${expressions.Count}");
            expressions.Add(key);
        }

        return (new Project(node, [.. expressions], [.. names]), places.ToImmutable());
    }

    private (PlanNode, IReadOnlyList<ScopeColumn>) UnnestOf(JoinTable join, UnnestTable unnest, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns) left)
    {
        if (join.Kind is not (JoinKind.Cross or JoinKind.Inner or JoinKind.Left)) throw Error(join.Span, "UNNEST is joined by CROSS JOIN or LEFT JOIN ... ON TRUE.");
        if (unnest.WithOrdinality) throw Error(unnest.Span, "WITH ORDINALITY is not supported yet.");
        var binder = new ExpressionBinder(source, new Scope(source, left.Columns));
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
        string[] known = ["TUMBLE", "HOP", "CUMULATE", "SESSION"];
        if (!known.Contains(function.Function)) throw Error(function.Span, $"There is no table function {function.Function}.{NearestName.Hint(function.Function, known)}");
        if (function.Function is "CUMULATE" or "SESSION") throw Error(function.Span, $"{function.Function} windows are not supported yet.");
        if (function.Input is null || function.Descriptor.Length != 1) throw Error(function.Span, $"{function.Function} takes a table and a time column: {function.Function}(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE).");
        var input = Bind(function.Input, null);
        var time = new Scope(source, input.Columns).Resolve(new Name(function.Descriptor, function.Span));
        TimeAttributes.Check(source, function.Span, function.Function, input.Node, time.Index, queries.Rules);
        var binder = new ExpressionBinder(source, new Scope(source, []));
        string[] order = function.Function == "TUMBLE" ? ["SIZE", "OFFSET"] : ["SLIDE", "SIZE", "OFFSET"];
        var lengths = new Dictionary<string, long>();
        for (var i = 0; i < function.Arguments.Length; i++)
        {
            var name = function.Arguments[i].Name ?? (i < order.Length ? order[i] : throw Error(function.Span, $"{function.Function} takes at most {order.Length} lengths."));
            if (!order.Contains(name)) throw Error(function.Span, $"{function.Function} has no argument {name}.{NearestName.Hint(name, order)}");
            if (lengths.ContainsKey(name)) throw Error(function.Span, $"{function.Function}: {name} is given twice.");
            lengths[name] = Length(binder, function.Arguments[i].Value);
        }

        if (!lengths.TryGetValue("SIZE", out var size)) throw Error(function.Span, $"{function.Function} needs a size.");
        if (function.Function == "HOP" && !lengths.ContainsKey("SLIDE")) throw Error(function.Span, "HOP needs a slide and a size.");
        var slide = lengths.GetValueOrDefault("SLIDE", size);
        var window = new Window(size, slide, lengths.GetValueOrDefault("OFFSET"));
        TimeAttributes.Check(source, function.Span, window);
        var node = new WindowAssign(input.Node, window, time.Index);
        var alias = function.Alias?.Name;
        return (node, [.. node.Schema.Fields.Select((f, i) => new ScopeColumn(alias, f.Name, f.Type, i))]);
    }

    /// <summary>A length of time, µs.</summary>
    public static long Length(ExpressionBinder binder, Expression expression) =>
        binder.Bind(expression) is BoundLiteral { IsNull: false } literal && literal.Type.Kind == TypeKind.IntervalDayTime
            ? literal.Integer * 1000
            : throw binder.Error(expression.Span, "A length of time is written as INTERVAL '10' MINUTE, in days or smaller units.");
}
