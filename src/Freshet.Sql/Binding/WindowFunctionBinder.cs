using System.Collections.Immutable;
using Freshet.Plan;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>The window table functions TUMBLE, HOP, CUMULATE and SESSION, with arguments by position or by name.</summary>
internal sealed class WindowFunctionBinder(SourceText source, FunctionTable function, Func<TableReference, (PlanNode Node, IReadOnlyList<ScopeColumn> Columns)> bind, QueryRules rules)
{
    /// <summary>The lengths that a function takes, in order.</summary>
    private static readonly Dictionary<string, string[]> Lengths = new()
    {
        ["TUMBLE"] = ["SIZE", "OFFSET"],
        ["HOP"] = ["SLIDE", "SIZE", "OFFSET"],
        ["CUMULATE"] = ["STEP", "SIZE", "OFFSET"],
        ["SESSION"] = ["GAP"],
    };

    public static IEnumerable<string> Names => Lengths.Keys;

    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);

    public PlanNode Bind()
    {
        var name = function.Function;
        if (function.Input is null || function.Descriptor.Length != 1) throw Error(function.Span, $"{name} takes a table and a time column: {name}(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE).");
        var partitioned = function.Input as PartitionedTable;
        if (partitioned is not null && name != "SESSION") throw Error(partitioned.Span, $"PARTITION BY and ORDER BY have no meaning in {name}: its windows are the same for all keys. Group by the keys.");
        if (partitioned is { OrderBy.IsEmpty: false }) throw Error(partitioned.OrderBy[0].Expression.Span, "SESSION takes no ORDER BY: rows are in the order of their time.");
        var input = bind(partitioned?.Table ?? function.Input);
        var scope = new Scope(source, input.Columns);
        var time = scope.Resolve(new Name(function.Descriptor, function.Span));
        var isProcessingTime = input.Node.ProcTimes.Contains(time.Index);
        if (!isProcessingTime) TimeAttributes.Check(source, function.Span, name, input.Node, time.Index, rules);
        var rows = TimeAttributes.WithTimes(input.Node, time.Index);
        var lengths = LengthsOf(name);
        if (name == "SESSION")
        {
            var gap = Needed(lengths, "GAP", "a gap");
            if (gap <= 0) throw Error(function.Span, "The gap of a SESSION window must be positive.");
            return Session(rows, scope, partitioned?.PartitionBy ?? [], time.Index, gap, isProcessingTime);
        }

        var size = Needed(lengths, "SIZE", "a size");
        var slide = name switch { "HOP" => Needed(lengths, "SLIDE", "a slide and a size"), "CUMULATE" => Needed(lengths, "STEP", "a step and a size"), _ => size };
        var window = new Window(size, slide, lengths.GetValueOrDefault("OFFSET"), name == "CUMULATE", isProcessingTime);
        TimeAttributes.Check(source, function.Span, window);
        return new WindowAssign(rows, window, time.Index);
    }

    private SessionAssign Session(PlanNode input, Scope scope, ImmutableArray<Expression> partition, int time, long gap, bool isProcessingTime)
    {
        var binder = new ExpressionBinder(source, scope);
        var keys = ImmutableArray.CreateBuilder<int>();
        foreach (var key in partition)
        {
            if (binder.Bind(key) is not BoundColumn column) throw Error(key.Span, "PARTITION BY of SESSION takes columns: compute the key in a query of its own.");
            Comparable.Check(source, column, key.Span, "PARTITION BY");
            keys.Add(column.Index);
        }

        return new SessionAssign(input, gap, time, keys.ToImmutable(), isProcessingTime);
    }

    private Dictionary<string, long> LengthsOf(string name)
    {
        var binder = new ExpressionBinder(source, new Scope(source, []));
        var order = Lengths[name];
        var lengths = new Dictionary<string, long>();
        for (var i = 0; i < function.Arguments.Length; i++)
        {
            var argument = function.Arguments[i].Name ?? (i < order.Length ? order[i] : throw Error(function.Span, $"{name} takes at most {order.Length} lengths."));
            if (!order.Contains(argument)) throw Error(function.Span, $"{name} has no argument {argument}.{NearestName.Hint(argument, order)}");
            if (lengths.ContainsKey(argument)) throw Error(function.Span, $"{name}: {argument} is given twice.");
            lengths[argument] = FromBinder.Length(binder, function.Arguments[i].Value);
        }

        return lengths;
    }

    private long Needed(Dictionary<string, long> lengths, string argument, string what) =>
        lengths.TryGetValue(argument, out var length) ? length : throw Error(function.Span, $"{function.Function} needs {what}.");
}
