using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Sql.Binding.Subqueries;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>Finds what a name in FROM means: a table to scan or the plan of a view. Null: no such name.</summary>
internal delegate PlanNode? TableResolver(Name name, ImmutableDictionary<string, string> options);

/// <summary>Queries to logical plans. What the engine cannot do yet is refused here, with a sentence.</summary>
internal sealed class QueryBinder(SourceText source, TableResolver tables, Func<IEnumerable<string>> tableNames, ImmutableDictionary<string, PlanNode> common, QueryRules rules)
{
    /// <summary>Columns of a SELECT that are its result; what follows is there for ORDER BY alone.</summary>
    private readonly Dictionary<PlanNode, int> _visible = [];

    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);

    public QueryRules Rules => rules;

    /// <summary>The query around this one, whose columns its names can mean too; null for none.</summary>
    public ExpressionBinder? Outer { get; init; }

    /// <summary>A binder for a query within another one.</summary>
    public QueryBinder Within(ExpressionBinder outer) => new(source, tables, tableNames, common, rules) { Outer = outer };

    /// <summary>A query whose rows go out as they are: it alone may be ordered and cut.</summary>
    public PlanNode BindTop(Query query) => Bind(query, isTop: true);

    /// <summary>A query that another one reads.</summary>
    public PlanNode Bind(Query query) => Bind(query, isTop: false);

    private PlanNode Bind(Query query, bool isTop)
    {
        var binder = this;
        foreach (var table in query.With)
        {
            if (table.IsRecursive) throw Error(table.Span, "WITH RECURSIVE is not supported.");
            var plan = Renamed(binder.Bind(table.Query), table.Columns, table.Span);
            binder = new QueryBinder(source, tables, tableNames, binder.Common.SetItem(table.Name, plan), rules) { Outer = Outer };
        }

        var bound = binder.BindBody(query, isTop);
        return bound.Size <= QueryRules.PlanNodesMax ? bound : throw Error(query.Span, $"The query has more than {QueryRules.PlanNodesMax} operators once its views and WITH tables are put in.");
    }

    private ImmutableDictionary<string, PlanNode> Common => common;

    private PlanNode BindBody(Query query, bool isTop)
    {
        if (query.OrderBy.IsEmpty && query.Limit is null && query.Offset is null)
            return isTop && query.Body is NestedBody nested ? Bind(nested.Query, isTop) : Body(query.Body);
        var select = (query.Body as WindowedBody)?.Select ?? query.Body as SelectBody;
        var plan = select is { IsDistinct: false } ? Select(query.Body, query.OrderBy, out var hidden) : WithHidden(Body(query.Body), query.OrderBy, out hidden);
        for (var i = 0; i < hidden.Length; i++) Comparable.CheckOrder(source, plan.Schema[hidden[i]], query.OrderBy[i].Expression.Span);
        var columns = query.OrderBy.Select((item, i) => new SortColumn(hidden[i], item.IsDescending, item.NullsFirst ?? !item.IsDescending)).ToImmutableArray();
        var visible = _visible.GetValueOrDefault(plan, plan.Schema.Count);
        var sorted = new OrderBinder(source, rules).Sorted(plan, columns, query, isTop);
        return visible == plan.Schema.Count ? sorted : Take(sorted, visible);
    }

    private static Project Take(PlanNode plan, int count) =>
        new(plan, [.. Enumerable.Range(0, count).Select(i => new BoundColumn(i, plan.Schema[i]))], [.. plan.Schema.Fields.Take(count).Select(f => f.Name)]);

    private PlanNode WithHidden(PlanNode plan, ImmutableArray<OrderItem> order, out ImmutableArray<int> places)
    {
        var scope = new Scope(source, [.. plan.Schema.Fields.Select((f, i) => new ScopeColumn(null, f.Name, f.Type, i))], rules.Functions);
        var binder = new ExpressionBinder(source, scope);
        places = [.. order.Select(o => Ordinal(o, plan.Schema.Count) ?? (binder.Bind(o.Expression) is BoundColumn column
            ? column.Index
            : throw Error(o.Expression.Span, "ORDER BY after a set operation or DISTINCT takes columns of the result.")))];
        return plan;
    }

    private int? Ordinal(OrderItem item, int count)
    {
        if (item.Expression is not Literal { Kind: LiteralKind.Integer } literal) return null;
        var ordinal = int.TryParse(literal.Text, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0;
        return ordinal >= 1 && ordinal <= count ? ordinal - 1 : throw Error(literal.Span, $"ORDER BY {literal.Text}: the result has {count} columns.");
    }

    private PlanNode Body(QueryBody body) => body switch
    {
        SelectBody or WindowedBody => Select(body, [], out _),
        ValuesBody values => ValuesOf(values),
        NestedBody nested => Bind(nested.Query),
        SetBody set => new SetBinder(source, Body).Bind(set),
        _ => throw Error(body.Span, NotSupported.Sentence(body)),
    };

    private Values ValuesOf(ValuesBody body)
    {
        var binder = new ExpressionBinder(source, new Scope(source, [], rules.Functions)) { Outer = Outer };
        var rows = body.Rows.Select(r => r.Select(binder.Bind).ToImmutableArray()).ToImmutableArray();
        var width = rows[0].Length;
        if (rows.Any(r => r.Length != width)) throw Error(body.Span, "The rows of VALUES have different numbers of columns.");
        var types = Enumerable.Range(0, width).Select(i => binder.Coerce.Common(rows.Select(r => r[i]), "VALUES")).ToImmutableArray();
        return new Values(
            new Schema([.. types.Select((t, i) => new Field($"EXPR${i}", t.WithNullable(rows.Any(r => r[i].Type.IsNullable))))]),
            [.. rows.Select(r => r.Select((e, i) => binder.Coerce.To(e, types[i])).ToImmutableArray())]);
    }

    /// <summary>SELECT, with or without WINDOW and QUALIFY.</summary>
    private PlanNode Select(QueryBody body, ImmutableArray<OrderItem> order, out ImmutableArray<int> orderPlaces)
    {
        var windowed = body as WindowedBody;
        var select = windowed?.Select ?? (SelectBody)body;
        foreach (var hint in select.Hints) rules.Note?.Invoke(HintNote(hint));
        var overs = new OverBinder(source, windowed?.Windows ?? [], rules);
        var from = select.From is null ? (Node: (PlanNode)OneRow(), Columns: []) : new FromBinder(source, this, tables, tableNames, common).Bind(select.From);
        var scope = new Scope(source, from.Columns, rules.Functions);
        var values = new SubqueryHost(this);
        var input = new ExpressionBinder(source, scope) { Outer = Outer };
        var node = from.Node;
        var grouped = select.GroupBy is not null || select.Having is not null
            || select.Items.Any(i => Grouping.IsAggregate(i.Expression, rules.Functions) || OverBinder.HasGrouped(i.Expression)) || OverBinder.HasGrouped(windowed?.Qualify);
        if (select.Where is not null)
        {
            if (Grouping.IsAggregate(select.Where, rules.Functions)) throw Error(select.Where.Span, "WHERE cannot contain an aggregate function: write HAVING.");
            node = Restricted(node, select.Where, input, "WHERE");
        }

        input.Subqueries = values;

        var items = Expand(select.Items, scope, input);
        if (!grouped)
        {
            input.Over = overs;
            var expressions = items.Select(i => input.Bind(i.Expression)).ToImmutableArray();
            if (windowed?.Qualify is { } qualify) overs.BindQualify(qualify, input, items, expressions);
            return Projected(select, node, expressions, items, order, input, out orderPlaces);
        }

        var group = new GroupBinder(source, input, select, items, node, this) { Overs = overs, Qualify = windowed?.Qualify };
        return Projected(select, group.Plan(order, out var results, out var over), results, items, order, over, out orderPlaces);
    }

    /// <summary>The rows on which a condition is TRUE; those parts of it first that need no subquery.</summary>
    internal PlanNode Restricted(PlanNode node, Expression condition, ExpressionBinder binder, string what)
    {
        var parts = ExpressionWalk.Chain(condition, "AND").ToLookup(SubqueryHost.IsAskedIn);
        if (!parts[true].Any()) return Filtered(binder.Coerce.Boolean(binder.Bind(condition), what));
        if (BoundLogical.All(parts[false].Select(plain => binder.Coerce.Boolean(binder.Bind(plain), what))) is { } plain) node = Filtered(plain);
        foreach (var part in parts[true])
        {
            var host = new SubqueryHost(this);
            binder.Subqueries = host;
            node = new SubqueryBinder(binder, host).Restrict(node, part, what);
        }

        return node;

        PlanNode Filtered(BoundExpression bound) => new TemporalFilterBinder(source, rules).Bind(node, bound);
    }

    /// <summary>
    /// Refuses the clock where its value would have to change rows that are already in a result: such rows are kept, and
    /// nothing tells the query when the clock has moved.
    /// </summary>
    internal static void CheckClock(SourceText source, BoundExpression expression, QueryRules rules)
    {
        if (rules.IsBounded || rules.MayReadClock) return;
        if (expression.Parts().OfType<BoundCall>().FirstOrDefault(ClockCall.Is) is { } clock)
            throw new SqlException(source, clock.Span, $"{clock.Name} in a view that is kept is not supported yet: its rows would have to change as the clock moves. Compare a time of the rows with it in WHERE (event_time > NOW() - INTERVAL '30' DAY), or read the clock in the query that reads the view.");
    }

    private PlanNode Projected(SelectBody select, PlanNode node, ImmutableArray<BoundExpression> expressions, ImmutableArray<SelectItem> items, ImmutableArray<OrderItem> order, ExpressionBinder binder, out ImmutableArray<int> orderPlaces)
    {
        var names = items.Select((item, i) => item.Alias ?? NameOf(item.Expression) ?? $"EXPR${i}").ToImmutableArray();
        foreach (var expression in expressions) CheckClock(source, expression, rules);
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
        var overs = binder.Over!;
        var values = binder.Subqueries!;
        node = overs.Plan(values.Attach(node), values.Placed);
        if (overs.Qualify is { } qualify) node = new Filter(node, overs.Place(values.Placed(qualify)));
        PlanNode result = new Project(node, [.. all.Select(e => overs.Place(values.Placed(e)))], [.. names, .. Enumerable.Range(0, all.Count - names.Length).Select(i => $"order${i}")]);
        if (select.IsDistinct) result = new SetBinder(source, Body).Distinct(result, select.Span);
        _visible[result] = names.Length;
        return result;
    }

    private ImmutableArray<SelectItem> Expand(ImmutableArray<SelectItem> items, Scope scope, ExpressionBinder input)
    {
        var expanded = ImmutableArray.CreateBuilder<SelectItem>();
        foreach (var item in items)
        {
            if (item.Expression is FieldsOf fields)
            {
                expanded.AddRange(Fields(fields.Base, fields.Span, input));
                continue;
            }

            if (item.Expression is not Star star)
            {
                expanded.Add(item);
                continue;
            }

            if (star.Qualifier is not null && scope.Columns.All(c => c.Table != star.Qualifier.Last) && scope.Columns.Any(c => c.Type.Kind == TypeKind.Row && star.Qualifier.Parts.Contains(c.Name)))
            {
                expanded.AddRange(Fields(star.Qualifier, star.Span, input));
                continue;
            }

            if (scope.Columns.Count == 0) throw Error(item.Span, "SELECT * needs a FROM.");
            if (star.Qualifier is not null && scope.Columns.All(c => c.Table != star.Qualifier.Last))
                throw Error(star.Span, $"There is no table {star.Qualifier} in FROM.{NearestName.Hint(star.Qualifier.Last, scope.Columns.Select(c => c.Table ?? "").Distinct())}");
            foreach (var column in scope.Columns)
            {
                if (star.Qualifier is null ? column.IsMerged : column.Table != star.Qualifier.Last) continue;
                ImmutableArray<string> parts = column.Table is null ? [column.Name] : [column.Table, column.Name];
                expanded.Add(new SelectItem(new Name(parts, item.Span) { Column = column.Index }, column.Name, item.Span));
            }
        }

        return expanded.ToImmutable();
    }

    /// <summary>row.*: each of its fields; NULL where the row is.</summary>
    private IEnumerable<SelectItem> Fields(Expression row, TextSpan span, ExpressionBinder input)
    {
        var type = input.Bind(row).Type;
        return type.Kind == TypeKind.Row ? type.Fields.Select(f => new SelectItem(new FieldAccess(row, f.Name, span), f.Name, span)) : throw Error(span, $"{type.Name} has no fields.");
    }

    private string HintNote(Hint hint)
    {
        var (line, column) = source.PlaceOf(hint.Span.Start);
        var why = hint.Name.Equals("STATE_TTL", StringComparison.OrdinalIgnoreCase)
            ? "state is dropped when the watermark proves that it can no longer matter (EXPLAIN says when), and is kept otherwise"
            : "plans do not depend on it";
        return $"{source.Name}:{line}:{column}: the hint {hint.Name} has no effect: {why}.";
    }

    private static string? NameOf(Expression expression) => expression switch
    {
        Name name => name.Last,
        FieldAccess access => access.Field,
        _ => null,
    };

    internal static Values OneRow() => new(new Schema([]), [[]]);

    /// <summary>The plan with other column names; none given: as it is.</summary>
    internal PlanNode Renamed(PlanNode plan, ImmutableArray<string> names, TextSpan span)
    {
        if (names.IsEmpty) return plan;
        if (names.Length != plan.Schema.Count) throw Error(span, $"{names.Length} column names are given for {plan.Schema.Count} columns.");
        return new Project(plan, [.. plan.Schema.Fields.Select((f, i) => new BoundColumn(i, f.Type))], names);
    }
}
