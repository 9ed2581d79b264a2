using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Plan;
using Freshet.Plan.Explaining;
using Freshet.Plan.Rules;
using Freshet.Sql.Binding.Subqueries;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// The grouping part of a SELECT: a projection of keys and arguments, the aggregation, HAVING. Windows come from a window
/// table function whose window_start and window_end are keys, or from the older GROUP BY TUMBLE(...) and HOP(...).
/// </summary>
internal sealed class GroupBinder(SourceText source, ExpressionBinder input, SelectBody select, ImmutableArray<SelectItem> items, PlanNode node, QueryBinder queries)
{
    private readonly List<BoundExpression> _keys = [];

    /// <summary>The sets of keys where there are several, by the keys' numbers.</summary>
    private List<ImmutableArray<int>>? _sets;

    /// <summary>The bounds of the windows that rows come with, where both are keys.</summary>
    private WindowBounds? _bounds;

    /// <summary>The calls with OVER of the SELECT.</summary>
    public required OverBinder Overs { get; init; }

    /// <summary>The QUALIFY condition as written.</summary>
    public Expression? Qualify { get; init; }

    /// <summary>The column of the grouped rows with the number of their set.</summary>
    private BoundColumn? _set;

    /// <summary>The older form: the window (for SESSION its gap alone), and the time column of the input.</summary>
    private (Window Window, int Time, bool IsSession)? _legacy;

    /// <summary>The grouped plan, and the SELECT list over it.</summary>
    public PlanNode Plan(ImmutableArray<OrderItem> order, out ImmutableArray<BoundExpression> results, out ExpressionBinder over)
    {
        BindKeys();
        _bounds = BoundsOfKeys();
        CheckSets();
        var grouping = Grouped();
        var values = new SubqueryHost(queries);
        over = new ExpressionBinder(source, input.Scope, grouping) { Over = Overs, Outer = input.Outer, Subqueries = values };
        var binder = over;
        results = [.. items.Select(i => binder.Bind(i.Expression))];
        if (Qualify is not null) Overs.BindQualify(Qualify, over, items, results);
        // Calls that only HAVING has must be known before the plan is made; its subqueries are joined to it, and so bound again.
        over.Subqueries = new SubqueryHost(queries);
        var having = select.Having is null ? null : over.Coerce.Boolean(over.Bind(select.Having), "HAVING");
        over.Subqueries = values;
        foreach (var item in order)
        {
            // Calls that only ORDER BY has must be known before the plan is made.
            if (Grouping.IsAggregate(item.Expression, queries.Rules.Functions)) over.Bind(item.Expression);
        }

        var plan = Aggregation(grouping);
        if (having is null) return plan;
        plan = queries.Restricted(plan, select.Having!, over, "HAVING");
        over.Subqueries = values;
        return plan;
    }

    /// <summary>The outputs of the aggregation by what they are called in the SELECT: plain keys, then the window, then the calls.</summary>
    private Grouping Grouped()
    {
        var outputs = new Dictionary<string, BoundColumn>(StringComparer.Ordinal);
        var plain = _keys.Where(k => !IsOfWindow(k)).ToList();
        for (var i = 0; i < plain.Count; i++) outputs.TryAdd(plain[i].ToString()!, new BoundColumn(i, plain[i].Type.WithNullable(plain[i].Type.IsNullable || IsLeftOut(plain[i]))));
        var from = plain.Count;
        if (_sets is not null) _set = new BoundColumn(from++, SqlType.Int.NotNull);
        if (_bounds is null && _legacy is null) return new Grouping(input, outputs, from, []) { OfSet = OfSet };
        var time = _bounds?.Time ?? node.Schema[_legacy!.Value.Time];
        BoundColumn[] window = [new(from, SqlType.Timestamp(3).NotNull), new(from + 1, SqlType.Timestamp(3).NotNull), new(from + 2, time.NotNull)];
        if (_legacy is not null)
        {
            var functions = new Dictionary<string, BoundColumn>();
            foreach (var name in new[] { "TUMBLE_", "HOP_", "SESSION_" })
            {
                functions.Add(name + "START", window[0]);
                functions.Add(name + "END", window[1]);
                functions.Add(name + (_legacy.Value.Window.IsProcessingTime ? "PROCTIME" : "ROWTIME"), window[2]);
            }

            return new Grouping(input, outputs, from + 3, functions) { OfSet = OfSet };
        }

        ImmutableArray<int>[] columns = [_bounds!.Starts, _bounds.Ends, _bounds.Times];
        for (var i = 0; i < columns.Length; i++)
            foreach (var column in columns[i]) outputs.TryAdd(new BoundColumn(column, node.Schema[column]).ToString(), window[i]);
        return new Grouping(input, outputs, from + 3, []) { OfSet = OfSet };
    }

    /// <summary>Whether a grouping set leaves a key out.</summary>
    private bool IsLeftOut(BoundExpression key) => _sets is not null && _sets.Any(s => !s.Contains(_keys.IndexOf(key)));

    private BoundExpression OfSet(ExpressionBinder over, Call call)
    {
        if (call.Function == "GROUP_ID" ? !call.Arguments.IsEmpty : call.Arguments.IsEmpty)
            throw Error(call.Span, $"{call.Function} takes {(call.Function == "GROUP_ID" ? "no argument" : "keys")} of GROUP BY.");
        var keys = call.Arguments.Select(a =>
        {
            var text = input.Bind(a).ToString();
            var at = _keys.FindIndex(k => k.ToString() == text);
            return at >= 0 ? at : throw Error(a.Span, $"The argument of {call.Function} must be a key of GROUP BY.");
        });
        return GroupingSetsBinder.Bits(over, call, [.. keys], _sets ?? [], _set);
    }

    /// <summary>Windows stay apart in every grouping set.</summary>
    private void CheckSets()
    {
        if (_sets is null || _bounds is null) return;
        bool Has(ImmutableArray<int> set, ImmutableArray<int> columns) => set.Any(k => _keys[k] is BoundColumn column && columns.Contains(column.Index));
        if (_sets.Any(s => !Has(s, _bounds.Starts) || !Has(s, _bounds.Ends))) throw Error(select.GroupBy!.Span, "Every grouping set must have window_start and window_end.");
    }

    /// <summary>The rows once for each grouping set, and the keys with the number of the set.</summary>
    private (PlanNode Node, ImmutableArray<int> Keys) Expanded(PlanNode projected, ImmutableArray<int> keys)
    {
        if (_sets is null) return (projected, keys);
        var plain = _keys.Where(k => !IsOfWindow(k)).ToList();
        return (new Expand(projected, [.. _sets.Select(s => keys.Where(k => !s.Contains(_keys.IndexOf(plain[k]))).ToImmutableArray())]), [.. keys, projected.Schema.Count]);
    }

    private bool IsOfWindow(BoundExpression key) => _bounds is not null && key is BoundColumn column && _bounds.Contains(column.Index);

    /// <summary>The windows of the rows, where both bounds are keys; other grouping by a bound of a window is ordinary.</summary>
    private WindowBounds? BoundsOfKeys()
    {
        if (node.Windows is not { } bounds) return null;
        var keys = _keys.OfType<BoundColumn>().Select(k => k.Index).ToList();
        if (!keys.Any(k => bounds.Starts.Contains(k)) || !keys.Any(k => bounds.Ends.Contains(k))) return null;
        if (_legacy is not null) throw new SqlException(source, select.GroupBy!.Span, "A query groups by one window.");
        return bounds;
    }

    private PlanNode Aggregation(Grouping grouping)
    {
        var columns = _keys.Where(k => !IsOfWindow(k)).ToList();
        var keys = Enumerable.Range(0, columns.Count).ToImmutableArray();
        int Place(BoundExpression? expression)
        {
            if (expression is null) return -1;
            // An argument is the row's own value where a grouping set leaves the key out.
            var place = columns.FindIndex(_sets is null ? 0 : keys.Length, c => c.ToString() == expression.ToString());
            if (place >= 0) return place;
            columns.Add(expression);
            return columns.Count - 1;
        }

        if (!node.IsAppendOnly && grouping.Calls.FirstOrDefault(c => c.Program is { TakesBack: false }) is { } once)
            throw Error(select.Span, $"{once.Function} cannot take rows back, and the rows that are grouped here may be: give its class a Retract method.");
        var calls = grouping.Calls.Select(c => Named(c, new PlanAggregate("", c.Kind, [.. c.Arguments.Select(a => Place(a))], Place(c.Filter), c.IsDistinct, c.Type) { Parameter = c.Parameter, Program = c.Program })).ToImmutableArray();
        var time = _legacy is null ? -1 : Place(new BoundColumn(_legacy.Value.Time, node.Schema[_legacy.Value.Time]));
        node = input.Subqueries!.Attach(node);
        columns = [.. columns.Select(input.Subqueries.Placed)];
        if (_bounds is not null && _sets is null) node = FilterBeforeSessions.Apply(node, columns[..keys.Length]);
        var projected = new Project(node, [.. columns], [.. columns.Select(Label)]);
        if (_legacy is { IsSession: true } session)
        {
            if (_sets is not null) throw Error(select.GroupBy!.Span, "GROUPING SETS with SESSION(...) are not supported: use the table function SESSION.");
            var sessions = new SessionAssign(projected, session.Window.SizeMicros, time, keys, session.Window.IsProcessingTime);
            var width = projected.Schema.Count;
            return new AttachedWindowAggregate(sessions, width, width + 1, node.Schema[session.Time], session.Window.IsProcessingTime, keys, calls);
        }

        var (expanded, all) = Expanded(projected, keys);
        if (_legacy is not null) return new WindowAggregate(expanded, _legacy.Value.Window, time, all, calls);
        if (_bounds is null) return new Aggregate(expanded, all, calls);
        return Stripped(projected, keys, calls) ?? Attached(columns, keys, calls);
    }

    /// <summary>What a person has written: the rows of name$errors show it as the column that fails.</summary>
    private string Label(BoundExpression expression)
    {
        const int CharactersMax = 120;
        var text = ExpressionText.Of(expression, node.Schema);
        return text.Length <= CharactersMax ? text : text[..CharactersMax] + "...";
    }

    private PlanAggregate Named(PendingCall written, PlanAggregate call)
    {
        var arguments = written.Arguments.IsEmpty ? "*" : string.Join(", ", written.Arguments.Select(Label));
        return call with { Name = $"{call.Function}({(call.IsDistinct ? "DISTINCT " : "")}{arguments}){(written.Filter is null ? "" : $" FILTER (WHERE {Label(written.Filter)})")}" };
    }

    /// <summary>The aggregation that assigns windows itself, where a window function lies below that can be taken out.</summary>
    private PlanNode? Stripped(Project projected, ImmutableArray<int> keys, ImmutableArray<PlanAggregate> calls)
    {
        if (WindowGrouping.Origin(node, _bounds!.Starts[0]) is not { } origin) return null;
        var windows = new WindowGrouping(origin.Assign);
        if (windows.Strip(projected) is not { } stripped || !stripped.Places.SequenceEqual(Enumerable.Range(0, projected.Expressions.Length))) return null;
        var (expanded, all) = Expanded(stripped.Node, keys);
        var plan = new WindowAggregate(expanded, origin.Assign.Window, stripped.Time, all, calls);
        return windows.Remaining(all.Length) is { } condition ? new Filter(plan, condition) : plan;
    }

    /// <summary>The aggregation over rows that bring their window with them.</summary>
    private AttachedWindowAggregate Attached(List<BoundExpression> columns, ImmutableArray<int> keys, ImmutableArray<PlanAggregate> calls)
    {
        var width = columns.Count;
        BoundExpression[] bounds = [.. new[] { _bounds!.Starts[0], _bounds.Ends[0] }.Select(c => new BoundColumn(c, node.Schema[c]))];
        var projected = new Project(node, [.. columns, .. bounds], [.. columns.Select(Label), "window_start", "window_end"]);
        var (expanded, all) = Expanded(projected, keys);
        return new AttachedWindowAggregate(expanded, width, width + 1, _bounds.Time, _bounds.IsProcessingTime, all, calls);
    }

    private void BindKeys()
    {
        if (select.GroupBy is null) return;
        var sets = new GroupingSetsBinder(input, AddKey).Sets(select.GroupBy);
        if (sets.Count > 1) _sets = sets;
    }

    /// <summary>The number of a key among all; -1 for a window of the older form, which is no key.</summary>
    private int AddKey(Expression key)
    {
        if (key is Call { Function: "TUMBLE" or "HOP" or "SESSION" } call)
        {
            if (_legacy is not null) throw Error(key.Span, "A query groups by one window.");
            _legacy = Legacy(call);
            return -1;
        }

        if (Grouping.IsAggregate(key, queries.Rules.Functions)) throw Error(key.Span, "GROUP BY cannot contain an aggregate function.");
        var bound = KeyOf(key);
        Comparable.Check(source, bound, key.Span, "GROUP BY");
        QueryBinder.CheckClock(source, bound, queries.Rules);
        var at = _keys.FindIndex(k => k.ToString() == bound.ToString());
        if (at >= 0) return at;
        _keys.Add(bound);
        return _keys.Count - 1;
    }

    /// <summary>A key may also be an alias or the number of a column of the result.</summary>
    private BoundExpression KeyOf(Expression key)
    {
        if (key is Literal { Kind: LiteralKind.Integer } literal)
        {
            // In Flink a number is a constant; as one that groups nothing further it changes no result where the column is a key as well.
            if (!int.TryParse(literal.Text, System.Globalization.CultureInfo.InvariantCulture, out var ordinal) || ordinal < 1 || ordinal > items.Length || Grouping.IsAggregate(items[ordinal - 1].Expression, queries.Rules.Functions))
                return input.Bind(key);
            return Aliased(items[ordinal - 1]);
        }

        if (key is Name { Parts.Length: 1 } name && !input.Scope.TryResolve(name, out _) && items.FirstOrDefault(i => i.Alias == name.Last) is { } item)
            return Aliased(item);
        return input.Bind(key);
    }

    private BoundExpression Aliased(SelectItem item) =>
        Grouping.IsAggregate(item.Expression, queries.Rules.Functions) ? throw Error(item.Span, "GROUP BY cannot contain an aggregate function.") : input.Bind(item.Expression);

    private (Window, int, bool) Legacy(Call call)
    {
        if (call.Arguments.IsEmpty || input.Bind(call.Arguments[0]) is not BoundColumn time || time.Index >= node.Schema.Count)
            throw Error(call.Span, $"{call.Function} takes a time attribute as its first argument.");
        TimeAttributes.Check(source, call.Arguments[0].Span, call.Function, node, time.Index, queries.Rules);
        var isProcessingTime = node.ProcTimes.Contains(time.Index);
        var lengths = call.Arguments.Skip(1).Select(a => FromBinder.Length(input, a)).ToList();
        var window = (call.Function, lengths.Count) switch
        {
            ("TUMBLE", 1) => new Window(lengths[0], lengths[0], 0),
            ("TUMBLE", 2) => new Window(lengths[0], lengths[0], lengths[1]),
            ("SESSION", 1) => new Window(lengths[0], lengths[0], 0),
            ("HOP", 2) => new Window(lengths[1], lengths[0], 0),
            ("HOP", 3) => new Window(lengths[1], lengths[0], lengths[2]),
            _ => throw Error(call.Span, "Write TUMBLE(time, size), HOP(time, slide, size) or SESSION(time, gap)."),
        };
        TimeAttributes.Check(source, call.Span, window, isLegacy: true);
        node = TimeAttributes.WithTimes(node, time.Index);
        return (window with { IsProcessingTime = isProcessingTime }, time.Index, call.Function == "SESSION");
    }

    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);
}
