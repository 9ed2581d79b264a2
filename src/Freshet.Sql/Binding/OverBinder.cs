using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// The OVER calls of one SELECT. While its expressions are bound, a call stands as a column whose place is not known yet; then
/// <see cref="Plan"/> puts one <see cref="Over"/> for each different window above the rows, and <see cref="Place"/> says where each
/// call has come to stand. QUALIFY is a filter above them.
/// </summary>
internal sealed class OverBinder(SourceText source, ImmutableArray<NamedWindow> windows, QueryRules rules)
{
    /// <summary>Where the numbers of columns that are calls begin until they are placed.</summary>
    private const int Unplaced = 1 << 28;

    private readonly List<Pending> _calls = [];
    private readonly List<int> _places = [];
    private bool _isInside;

    /// <summary>A call with its window, before its parts have become columns.</summary>
    private sealed record Pending(BoundOver Window, PlanFrame Frame, OverFunction Function, PendingCall? Aggregate, BoundExpression? Argument, BoundExpression? Number, BoundExpression? Default, bool IgnoresNulls, SqlType Type, TextSpan Span, string Text);

    /// <summary>The bound QUALIFY condition.</summary>
    public BoundExpression? Qualify { get; private set; }

    /// <summary>Whether an aggregate stands within an OVER call, as in SUM(COUNT(*)) OVER (...), so that the SELECT groups.</summary>
    public static bool HasGrouped(Expression? expression) => expression is not null && ExpressionWalk.All(expression).OfType<OverCall>().Any(over =>
    {
        var call = over.Function is OrderedCall ordered ? ordered.Call : (Call)over.Function;
        return call.Arguments.Any(Grouping.IsAggregate) || (over.Window?.PartitionBy.Any(Grouping.IsAggregate) ?? false) || (over.Window?.OrderBy.Any(o => Grouping.IsAggregate(o.Expression)) ?? false);
    });

    public BoundExpression Bind(OverCall over, ExpressionBinder binder)
    {
        if (_isInside) throw Error(over.Span, "A call with OVER cannot contain another one: compute the inner one in a query of its own.");
        if (OverVariance.Of(over, binder) is { } parts) return binder.Bind(parts);
        _isInside = true;
        try
        {
            var pending = Read(over, binder);
            var at = _calls.FindIndex(c => c.Text == pending.Text);
            if (at < 0)
            {
                at = _calls.Count;
                _calls.Add(pending);
            }

            return new BoundColumn(Unplaced + at, pending.Type, over.Span);
        }
        finally
        {
            _isInside = false;
        }
    }

    public void BindQualify(Expression qualify, ExpressionBinder binder, ImmutableArray<SelectItem> items, ImmutableArray<BoundExpression> results)
    {
        // A name that is no column may be an alias of the SELECT.
        binder.Aliases = items.Select((item, i) => (item.Alias, Value: results[i])).Where(a => a.Alias is not null).GroupBy(a => a.Alias!).ToDictionary(g => g.Key, g => g.First().Value);
        Qualify = binder.Coerce.Boolean(binder.Bind(qualify), "QUALIFY");
        binder.Aliases = null;
    }

    /// <summary>An expression over the rows of <see cref="Plan"/>.</summary>
    public BoundExpression Place(BoundExpression expression) => _calls.Count == 0 ? expression : expression.Shift(c => c < Unplaced ? c : _places[c - Unplaced]);

    /// <summary>The rows with a column for each call behind those of the node.</summary>
    /// <param name="placed">Puts the values of subqueries into an expression.</param>
    public PlanNode Plan(PlanNode node, Func<BoundExpression, BoundExpression> placed)
    {
        if (_calls.Count == 0) return node;
        var columns = node.Schema.Fields.Select((f, i) => (BoundExpression)new BoundColumn(i, f.Type)).ToList();
        var names = node.Schema.Fields.Select(f => f.Name).ToList();
        int ColumnOf(BoundExpression? expression)
        {
            if (expression is null) return -1;
            expression = placed(expression);
            var text = expression.ToString();
            var at = columns.FindIndex(c => c.ToString() == text);
            if (at >= 0) return at;
            columns.Add(expression);
            names.Add($"over${columns.Count}");
            return columns.Count - 1;
        }

        var groups = _calls.Select((call, i) => (Call: call, Index: i)).GroupBy(c => $"{c.Call.Window} {c.Call.Frame}").ToList();
        var bound = groups.Select(g =>
        {
            var window = g.First().Call.Window;
            return (Group: g, Partition: window.Partition.Select(p => ColumnOf(p)).Distinct().ToImmutableArray(), Order: window.Columns(node, ColumnOf), Calls: g.Select(c => CallOf(c.Call, c.Index, ColumnOf)).ToImmutableArray());
        }).ToList();
        if (columns.Count > node.Schema.Count) node = new Project(node, [.. columns], [.. names]);
        _places.AddRange(Enumerable.Repeat(-1, _calls.Count));
        foreach (var (group, partition, order, calls) in bound)
        {
            var frame = group.First().Call.Frame;
            foreach (var (_, index) in group) _places[index] = node.Schema.Count + group.ToList().FindIndex(c => c.Index == index);
            node = new Over(node, partition, order, frame, calls, Emission(node, order, frame, calls));
        }

        return node;
    }

    private static PlanOverCall CallOf(Pending call, int index, Func<BoundExpression?, int> place) => new(
        $"over${index}",
        call.Function,
        call.Aggregate is null ? null : new PlanAggregate($"over${index}", call.Aggregate.Kind, [.. call.Aggregate.Arguments.Select(place)], place(call.Aggregate.Filter), call.Aggregate.IsDistinct, call.Aggregate.Type) { Parameter = call.Aggregate.Parameter, Program = call.Aggregate.Program },
        place(call.Argument),
        place(call.Number),
        place(call.Default),
        call.IgnoresNulls,
        call.Type);

    /// <summary>
    /// In order of a time attribute, with nothing that follows in the frame, a row is final when the watermark has passed it. A
    /// bounded query gives its rows at the end; what is kept otherwise changes as rows come.
    /// </summary>
    private OverEmission Emission(PlanNode node, ImmutableArray<SortColumn> order, PlanFrame frame, ImmutableArray<PlanOverCall> calls)
    {
        var isPast = !frame.To.IsUnbounded && frame.To.Distance <= 0 && frame.To.Approximate <= 0;
        // Of a past without an end a state is kept, which has sums and not the rows; a frame that ends before its row waits for it with the rows.
        if (frame.From.IsUnbounded && (!frame.To.IsCurrent || calls.Any(c => c.Function is OverFunction.NthValue or OverFunction.Lag or OverFunction.Lead))) isPast = false;
        if (isPast && node.IsAppendOnly && order is [{ IsDescending: false, Column: >= 0 } first, ..] && node.RowTimes.Contains(first.Column)) return OverEmission.AtWatermark;
        return rules.IsBounded ? OverEmission.AtEnd : OverEmission.AtStep;
    }

    private Pending Read(OverCall over, ExpressionBinder binder)
    {
        var ordered = over.Function as OrderedCall;
        var call = ordered is null ? (Call)over.Function : ordered.Call;
        if (ordered is not null && !ordered.OrderBy.IsEmpty) throw Error(over.Span, "An order of the rows within a call with OVER is not supported: the window orders them.");
        var spec = Resolve(over.WindowName is null ? over.Window! : new WindowSpec(over.WindowName, [], [], null, over.Span));
        var window = new BoundOver(
            [.. spec.PartitionBy.Select(binder.Bind)],
            [.. spec.OrderBy.Select(o => (binder.Bind(o.Expression), o.IsDescending, o.NullsFirst ?? !o.IsDescending))]);
        window.Check(source, spec);
        var frame = new FrameBinder(source, binder).Bind(spec, window);
        var pending = new OverCallBinder(source, binder).Bind(call, ordered?.Nulls, window, frame);
        var text = $"{window} {pending.Frame} {pending.Function} {pending.Aggregate?.Text} {pending.Argument} {pending.Number} {pending.Default} {pending.IgnoresNulls}";
        return new Pending(window, pending.Frame, pending.Function, pending.Aggregate, pending.Argument, pending.Number, pending.Default, pending.IgnoresNulls, pending.Type, over.Span, text);
    }

    /// <summary>A window with what it takes over from the one that it names.</summary>
    private WindowSpec Resolve(WindowSpec spec)
    {
        if (spec.Base is null) return spec;
        var named = windows.FirstOrDefault(w => w.Name == spec.Base)
            ?? throw Error(spec.Span, $"There is no window {spec.Base}.{NearestName.Hint(spec.Base, windows.Select(w => w.Name))}");
        var from = windows.IndexOf(named) is var at && named.Window.Base is not null
            ? new OverBinder(source, windows[..at], rules).Resolve(named.Window)
            : named.Window;
        if (!spec.PartitionBy.IsEmpty) throw Error(spec.Span, $"PARTITION BY stands in the window {spec.Base} already, or cannot be added to it.");
        if (!spec.OrderBy.IsEmpty && !from.OrderBy.IsEmpty) throw Error(spec.Span, $"ORDER BY stands in the window {spec.Base} already.");
        return new WindowSpec(null, from.PartitionBy, from.OrderBy.IsEmpty ? spec.OrderBy : from.OrderBy, spec.Frame ?? from.Frame, spec.Span);
    }

    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);
}

/// <summary>Keys and order of a window.</summary>
internal sealed record BoundOver(ImmutableArray<BoundExpression> Partition, ImmutableArray<(BoundExpression Value, bool IsDescending, bool NullsFirst)> Order)
{
    public override string ToString() => $"by {string.Join(", ", Partition)} order {string.Join(", ", Order)}";

    public void Check(SourceText source, WindowSpec spec)
    {
        for (var i = 0; i < Partition.Length; i++) Comparable.Check(source, Partition[i], spec.PartitionBy[i].Span, "PARTITION BY");
        for (var i = 0; i < Order.Length; i++) Comparable.CheckOrder(source, Order[i].Value.Type, spec.OrderBy[i].Expression.Span);
    }

    /// <summary>The sort columns. Processing time is the order in which rows stand in the input: their position.</summary>
    public ImmutableArray<SortColumn> Columns(PlanNode node, Func<BoundExpression?, int> place) =>
    [
        .. Order.Select(o => new SortColumn(IsProcessingTime(node, o.Value) ? SortColumn.Position : place(o.Value), o.IsDescending, o.NullsFirst))
            .DistinctBy(c => c.Column),
    ];

    private static bool IsProcessingTime(PlanNode node, BoundExpression value) =>
        ProcessingTime.Is(value) || (value is BoundColumn column && node.ProcTimes.Contains(column.Index));
}
