using System.Collections.Immutable;
using Freshet.Sql.Plan;
using Freshet.Sql.Syntax;
using Freshet.Sql.Text;

namespace Freshet.Sql.Binding;

/// <summary>
/// The grouping part of a SELECT: a projection of keys and arguments, the aggregation, HAVING. Windows come from a window
/// table function, or from the older GROUP BY TUMBLE(...) and HOP(...).
/// </summary>
internal sealed class GroupBinder
{
    private static readonly string[] LegacyWindows = ["TUMBLE", "HOP", "SESSION"];

    private readonly SourceText _source;
    private readonly ExpressionBinder _input;
    private readonly SelectBody _select;
    private readonly ImmutableArray<SelectItem> _items;
    private (Window Window, int Time, bool IsLegacy)? _window;

    public GroupBinder(SourceText source, ExpressionBinder input, SelectBody select, ImmutableArray<SelectItem> items, (Window Window, int Time, bool IsLegacy)? window)
    {
        _source = source;
        _input = input;
        _select = select;
        _items = items;
        _window = window;
    }

    /// <summary>The grouped plan, and the SELECT list over it.</summary>
    public PlanNode Plan(PlanNode node, ImmutableArray<OrderItem> order, out ImmutableArray<BoundExpression> results, out ExpressionBinder over)
    {
        var keys = Keys();
        var windowColumns = WindowColumns(keys.Length);
        var callsFrom = keys.Length + (_window is null ? 0 : 3);
        var grouping = new Grouping(_input, keys, callsFrom, windowColumns);
        over = new ExpressionBinder(_source, _input.Scope, grouping);
        var binder = over;
        results = [.. _items.Select(i => binder.Bind(i.Expression))];
        var having = _select.Having is null ? null : over.Coerce.Boolean(over.Bind(_select.Having), "HAVING");
        foreach (var item in order)
        {
            // Calls that only ORDER BY has must be known before the plan is made.
            if (Grouping.IsAggregate(item.Expression)) over.Bind(item.Expression);
        }

        PlanNode plan = Aggregation(node, keys, grouping);
        return having is null ? plan : new Filter(plan, having);
    }

    private PlanNode Aggregation(PlanNode node, ImmutableArray<BoundExpression> keys, Grouping grouping)
    {
        var columns = keys.ToList();
        int Place(BoundExpression? expression)
        {
            if (expression is null) return -1;
            var place = columns.FindIndex(c => c.ToString() == expression.ToString());
            if (place >= 0) return place;
            columns.Add(expression);
            return columns.Count - 1;
        }

        var calls = grouping.Calls.Select((c, i) => new PlanAggregate($"agg${i}", c.Kind, Place(c.Argument), Place(c.Filter), c.IsDistinct, c.Type)).ToImmutableArray();
        var time = _window is null ? -1 : Place(new BoundColumn(_window.Value.Time, node.Schema[_window.Value.Time]));
        var input = new Project(node, [.. columns], [.. columns.Select((c, i) => c is BoundColumn column ? node.Schema.Fields[column.Index].Name : $"arg${i}")]);
        var keyColumns = Enumerable.Range(0, keys.Length).ToImmutableArray();
        return _window is null ? new Aggregate(input, keyColumns, calls) : new WindowAggregate(input, _window.Value.Window, time, keyColumns, calls);
    }

    private ImmutableArray<BoundExpression> Keys()
    {
        if (_select.GroupBy is null) return [];
        var keys = ImmutableArray.CreateBuilder<BoundExpression>();
        foreach (var key in _select.GroupBy.Keys)
        {
            if (_window is { IsLegacy: false } && key is Name name && name.Last.ToUpperInvariant() is "WINDOW_START" or "WINDOW_END" or "WINDOW_TIME") continue;
            if (key is Call call && LegacyWindows.Contains(call.Function))
            {
                if (_window is not null) throw Error(key.Span, "A query groups by one window.");
                _window = Legacy(call);
                continue;
            }

            if (key is Call { Function: "ROLLUP" or "CUBE" or "GROUPING" }) throw Error(key.Span, "GROUPING SETS, ROLLUP and CUBE are not supported yet.");
            if (Grouping.IsAggregate(key)) throw Error(key.Span, "GROUP BY cannot contain an aggregate function.");
            keys.Add(KeyOf(key));
        }

        return keys.ToImmutable();
    }

    /// <summary>A key may also be an alias or the number of a column of the result.</summary>
    private BoundExpression KeyOf(Expression key)
    {
        if (key is Literal { Kind: LiteralKind.Integer } literal)
        {
            var ordinal = int.Parse(literal.Text, System.Globalization.CultureInfo.InvariantCulture);
            if (ordinal < 1 || ordinal > _items.Length) throw Error(key.Span, $"GROUP BY {ordinal}: the result has {_items.Length} columns.");
            return _input.Bind(_items[ordinal - 1].Expression);
        }

        if (key is Name { Parts.Length: 1 } name && !_input.Scope.TryResolve(name, out _) && _items.FirstOrDefault(i => i.Alias == name.Last) is { } item)
            return _input.Bind(item.Expression);
        return _input.Bind(key);
    }

    private (Window, int, bool) Legacy(Call call)
    {
        if (call.Function == "SESSION") throw Error(call.Span, "SESSION windows are not supported yet.");
        if (_input.Bind(call.Arguments[0]) is not BoundColumn time || !time.Type.IsTimestamp)
            throw Error(call.Arguments[0].Span, $"{call.Function} takes a time attribute as its first argument.");
        var lengths = call.Arguments.Skip(1).Select(a => FromBinder.Length(_input, a)).ToList();
        var window = (call.Function, lengths.Count) switch
        {
            ("TUMBLE", 1) => new Window(lengths[0], lengths[0], 0),
            ("HOP", 2) => new Window(lengths[1], lengths[0], 0),
            _ => throw Error(call.Span, "Write TUMBLE(time, size) or HOP(time, slide, size)."),
        };
        return (window, time.Index, true);
    }

    private Dictionary<string, int> WindowColumns(int from)
    {
        if (_window is null) return [];
        if (!_window.Value.IsLegacy) return new() { ["WINDOW_START"] = from, ["WINDOW_END"] = from + 1, ["WINDOW_TIME"] = from + 2 };
        return new()
        {
            ["TUMBLE_START"] = from,
            ["HOP_START"] = from,
            ["TUMBLE_END"] = from + 1,
            ["HOP_END"] = from + 1,
            ["TUMBLE_ROWTIME"] = from + 2,
            ["HOP_ROWTIME"] = from + 2,
        };
    }

    private SqlException Error(TextSpan span, string sentence) => new(_source, span, sentence);
}
