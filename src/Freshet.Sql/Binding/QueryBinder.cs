using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Sql.Functions;
using Freshet.Sql.Plan;
using Freshet.Sql.Syntax;
using Freshet.Sql.Text;

namespace Freshet.Sql.Binding;

/// <summary>Finds what a name in FROM means: a table to scan or the plan of a view. Null: no such name.</summary>
internal delegate PlanNode? TableResolver(Name name, ImmutableDictionary<string, string> options);

/// <summary>Queries to logical plans. What the engine cannot do yet is refused here, with a sentence.</summary>
internal sealed class QueryBinder(SourceText source, TableResolver tables, Func<IEnumerable<string>> tableNames, ImmutableDictionary<string, PlanNode> common, bool isBounded)
{
    /// <summary>Columns of a SELECT that are its result; what follows is there for ORDER BY alone.</summary>
    private readonly Dictionary<PlanNode, int> _visible = [];

    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);

    public PlanNode Bind(Query query)
    {
        var binder = this;
        foreach (var table in query.With)
        {
            var plan = Renamed(binder.Bind(table.Query), table.Columns, table.Span);
            binder = new QueryBinder(source, tables, tableNames, binder.Common.SetItem(table.Name, plan), isBounded);
        }

        return binder.BindBody(query);
    }

    private ImmutableDictionary<string, PlanNode> Common => common;

    private PlanNode BindBody(Query query)
    {
        if (query.OrderBy.IsEmpty && query.Limit is null && query.Offset is null) return Body(query.Body);
        if (!isBounded)
        {
            var span = query.OrderBy.IsEmpty ? query.Limit?.Span ?? query.Span : query.OrderBy[0].Expression.Span;
            throw Error(span, "ORDER BY and LIMIT are not supported in a view that is kept: keep the rows, and order them in the query that reads the view.");
        }

        var plan = query.Body is SelectBody select && !select.IsDistinct ? Select(select, query.OrderBy, out var hidden) : WithHidden(Body(query.Body), query.OrderBy, out hidden);
        var columns = query.OrderBy.Select((item, i) => new SortColumn(hidden[i], item.IsDescending, item.NullsFirst ?? !item.IsDescending)).ToImmutableArray();
        var visible = _visible.GetValueOrDefault(plan, plan.Schema.Count);
        PlanNode sorted = new Sort(plan, columns, Number(query.Offset, "OFFSET") ?? 0, Number(query.Limit, "LIMIT"));
        return visible == plan.Schema.Count ? sorted : Take(sorted, visible);
    }

    private static Project Take(PlanNode plan, int count) =>
        new(plan, [.. Enumerable.Range(0, count).Select(i => new BoundColumn(i, plan.Schema[i]))], [.. plan.Schema.Fields.Take(count).Select(f => f.Name)]);

    private PlanNode WithHidden(PlanNode plan, ImmutableArray<OrderItem> order, out ImmutableArray<int> places)
    {
        var scope = new Scope(source, [.. plan.Schema.Fields.Select((f, i) => new ScopeColumn(null, f.Name, f.Type, i))]);
        var binder = new ExpressionBinder(source, scope);
        places = [.. order.Select(o => Ordinal(o, plan.Schema.Count) ?? (binder.Bind(o.Expression) is BoundColumn column
            ? column.Index
            : throw Error(o.Expression.Span, "ORDER BY after a set operation or DISTINCT takes columns of the result.")))];
        return plan;
    }

    private int? Ordinal(OrderItem item, int count)
    {
        if (item.Expression is not Literal { Kind: LiteralKind.Integer } literal) return null;
        var ordinal = int.Parse(literal.Text, System.Globalization.CultureInfo.InvariantCulture);
        return ordinal >= 1 && ordinal <= count ? ordinal - 1 : throw Error(literal.Span, $"ORDER BY {ordinal}: the result has {count} columns.");
    }

    private long? Number(Expression? expression, string what)
    {
        if (expression is null) return null;
        return expression is Literal { Kind: LiteralKind.Integer } literal && long.TryParse(literal.Text, System.Globalization.CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Error(expression.Span, $"{what} takes a whole number.");
    }

    private PlanNode Body(QueryBody body) => body switch
    {
        SelectBody select => Select(select, [], out _),
        ValuesBody values => ValuesOf(values),
        NestedBody nested => Bind(nested.Query),
        SetBody { Operator: SetOperator.Union } set => Union(set),
        SetBody set => throw Error(set.Span, $"{set.Operator.ToString().ToUpperInvariant()} is not supported yet."),
        _ => throw Error(body.Span, NotSupported.Sentence(body)),
    };

    private PlanNode Union(SetBody set)
    {
        var left = Body(set.Left);
        var right = Body(set.Right);
        if (left.Schema.Count != right.Schema.Count) throw Error(set.Span, $"The sides of UNION have {left.Schema.Count} and {right.Schema.Count} columns.");
        var coercion = new Coercion(source);
        var types = left.Schema.Fields.Zip(right.Schema.Fields, (l, r) => TypeRules.Common(l.Type, r.Type) ?? throw Error(set.Span, $"The sides of UNION have different types for {l.Name}: {l.Type.Name} and {r.Type.Name}. Write a CAST.")).ToImmutableArray();
        PlanNode As(PlanNode side) => side.Schema.Fields.Select(f => f.Type).Zip(types, (a, b) => a.EqualsIgnoringNullability(b)).All(same => same) && ReferenceEquals(side, left)
            ? side
            : new Project(side, [.. types.Select((t, i) => coercion.To(new BoundColumn(i, side.Schema[i], set.Span), t))], [.. left.Schema.Fields.Select(f => f.Name)]);
        PlanNode union = new Plan.Union([As(left), As(right)]);
        return set.IsAll ? union : new Aggregate(union, [.. Enumerable.Range(0, union.Schema.Count)], []);
    }

    private Values ValuesOf(ValuesBody body)
    {
        var binder = new ExpressionBinder(source, new Scope(source, []));
        var rows = body.Rows.Select(r => r.Select(binder.Bind).ToImmutableArray()).ToImmutableArray();
        var width = rows[0].Length;
        if (rows.Any(r => r.Length != width)) throw Error(body.Span, "The rows of VALUES have different numbers of columns.");
        var types = Enumerable.Range(0, width).Select(i => binder.Coerce.Common(rows.Select(r => r[i]), "VALUES")).ToImmutableArray();
        return new Values(
            new Schema([.. types.Select((t, i) => new Field($"EXPR${i}", t.WithNullable(rows.Any(r => r[i].Type.IsNullable))))]),
            [.. rows.Select(r => r.Select((e, i) => binder.Coerce.To(e, types[i])).ToImmutableArray())]);
    }

    private PlanNode Select(SelectBody select, ImmutableArray<OrderItem> order, out ImmutableArray<int> orderPlaces)
    {
        var from = select.From is null ? (Node: (PlanNode)OneRow(), Columns: []) : new FromBinder(source, this, tables, tableNames, common).Bind(select.From, select.Where);
        var scope = new Scope(source, from.Columns);
        var input = new ExpressionBinder(source, scope);
        var node = from.Node;
        var grouped = select.GroupBy is not null || select.Items.Any(i => Grouping.IsAggregate(i.Expression)) || Grouping.IsAggregate(select.Having);
        var window = grouped ? WindowOf(select, ref node) : null;
        if (select.Where is not null)
        {
            if (Grouping.IsAggregate(select.Where)) throw Error(select.Where.Span, "WHERE cannot contain an aggregate function: write HAVING.");
            node = new Filter(node, input.Coerce.Boolean(input.Bind(select.Where), "WHERE"));
        }

        var items = Expand(select.Items, scope);
        if (!grouped)
        {
            var expressions = items.Select(i => input.Bind(i.Expression)).ToImmutableArray();
            return Projected(select, node, expressions, items, order, input, out orderPlaces);
        }

        var group = new GroupBinder(source, input, select, items, window);
        return Projected(select, group.Plan(node, order, out var results, out var over), results, items, order, over, out orderPlaces);
    }

    private PlanNode Projected(SelectBody select, PlanNode node, ImmutableArray<BoundExpression> expressions, ImmutableArray<SelectItem> items, ImmutableArray<OrderItem> order, ExpressionBinder binder, out ImmutableArray<int> orderPlaces)
    {
        var names = items.Select((item, i) => item.Alias ?? NameOf(item.Expression) ?? $"EXPR${i}").ToImmutableArray();
        for (var i = 0; i < expressions.Length; i++)
            if (expressions[i].Type.Kind == TypeKind.Null) throw Error(items[i].Span, "NULL has no type here: write CAST(NULL AS STRING), for example.");
        var all = expressions.ToList();
        var places = ImmutableArray.CreateBuilder<int>(order.Length);
        foreach (var item in order)
        {
            var place = Ordinal(item, expressions.Length) ?? (item.Expression is Name { Parts.Length: 1 } name ? names.IndexOf(name.Last) : -1);
            if (place < 0)
            {
                var bound = binder.Bind(item.Expression);
                place = all.FindIndex(e => e.ToString() == bound.ToString());
                if (place < 0)
                {
                    place = all.Count;
                    all.Add(bound);
                }
            }

            places.Add(place);
        }

        orderPlaces = places.ToImmutable();
        PlanNode result = new Project(node, [.. all], [.. names, .. Enumerable.Range(0, all.Count - names.Length).Select(i => $"order${i}")]);
        if (select.IsDistinct) result = new Aggregate(result, [.. Enumerable.Range(0, result.Schema.Count)], []);
        _visible[result] = names.Length;
        return result;
    }

    private (Window Window, int Time, bool IsLegacy)? WindowOf(SelectBody select, ref PlanNode node)
    {
        if (select.GroupBy is null) return null;
        if (node is WindowAssign assign)
        {
            var keys = select.GroupBy.Keys.OfType<Name>().Select(n => n.Last.ToUpperInvariant()).ToHashSet();
            if (!keys.Contains("WINDOW_START") || !keys.Contains("WINDOW_END"))
                throw Error(select.GroupBy.Span, "A query over a window function groups by window_start and window_end.");
            node = assign.Inputs[0];
            return (assign.Window, assign.TimeColumn, false);
        }

        return null;
    }

    private static ImmutableArray<SelectItem> Expand(ImmutableArray<SelectItem> items, Scope scope)
    {
        var expanded = ImmutableArray.CreateBuilder<SelectItem>();
        foreach (var item in items)
        {
            if (item.Expression is not Star star)
            {
                expanded.Add(item);
                continue;
            }

            foreach (var column in scope.Columns)
            {
                if (star.Qualifier is not null && column.Table != star.Qualifier.Last) continue;
                ImmutableArray<string> parts = column.Table is null ? [column.Name] : [column.Table, column.Name];
                expanded.Add(new SelectItem(new Name(parts, item.Span), column.Name, item.Span));
            }
        }

        return expanded.ToImmutable();
    }

    private static string? NameOf(Expression expression) => expression switch
    {
        Name name => name.Last,
        FieldAccess access => access.Field,
        _ => null,
    };

    private static Values OneRow() => new(new Schema([]), [[]]);

    /// <summary>The plan with other column names; none given: as it is.</summary>
    internal PlanNode Renamed(PlanNode plan, ImmutableArray<string> names, TextSpan span)
    {
        if (names.IsEmpty) return plan;
        if (names.Length != plan.Schema.Count) throw Error(span, $"{names.Length} column names are given for {plan.Schema.Count} columns.");
        return new Project(plan, [.. plan.Schema.Fields.Select((f, i) => new BoundColumn(i, f.Type))], names);
    }
}
