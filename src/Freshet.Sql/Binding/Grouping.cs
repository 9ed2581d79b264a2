using Freshet.Kernels.Expressions;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Sql.Functions;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// A SELECT that groups: its keys and the aggregate calls met so far. An expression over it is made of keys, aggregate calls and
/// what is computed from them; the columns of the result are the keys, then (for windows) three window columns, then the calls.
/// </summary>
/// <param name="outputs">Columns of the result by the text of the bound expression that they hold.</param>
/// <param name="callsFrom">The result's first column that is a call.</param>
/// <param name="windowFunctions">Columns of the result by TUMBLE_START and the like, where the older form of windows is used.</param>
internal sealed class Grouping(ExpressionBinder input, Dictionary<string, BoundColumn> outputs, int callsFrom, Dictionary<string, BoundColumn> windowFunctions)
{
    /// <summary>The aggregate functions by name.</summary>
    public static Dictionary<string, AggregateKind> Aggregates => AggregateBinder.Functions;

    /// <summary>GROUPING, GROUPING_ID and GROUP_ID of the row's grouping set.</summary>
    public required Func<ExpressionBinder, Call, BoundExpression> OfSet { get; init; }

    public List<PendingCall> Calls { get; } = [];

    public static bool IsAggregate(Expression? expression) => IsAggregate(expression, null);

    public static bool IsAggregate(Expression? expression, FunctionRegistry? functions) =>
        expression is not null && ExpressionWalk.All(expression).Any(e => e is Call call && IsAggregateName(call.Function, functions));

    private static bool IsOfSet(Call call) => call.Function is "GROUPING" or "GROUPING_ID" or "GROUP_ID";

    private static bool IsAggregateName(string name, FunctionRegistry? functions) =>
        functions?.Find(name) is { } function ? function.Kind == ProgramFunctionKind.Aggregate : Aggregates.ContainsKey(name);

    /// <summary>The expression as a column of the grouped result, or null when it is computed from such.</summary>
    public BoundExpression? TryBind(Expression expression, ExpressionBinder over)
    {
        if (expression is Literal or IntervalLiteral or Word or Star) return null;
        if (expression is OrderedCall { Call: var inParentheses } ordered && Aggregates.TryGetValue(inParentheses.Function, out var orderedKind))
        {
            if (!ordered.OrderBy.IsEmpty) throw over.Error(ordered.Span, $"ORDER BY in {inParentheses.Function} is not supported: rows come in order of their position.");
            return Aggregate(inParentheses, orderedKind, ordered.Nulls);
        }

        if (expression is Call call)
        {
            if (IsAggregateName(call.Function, input.Scope.Functions) && call.Arguments.Any(a => IsAggregate(a, input.Scope.Functions))) throw input.Error(call.Span, "An aggregate function cannot contain another one.");
            if (input.Scope.Functions?.Find(call.Function, ProgramFunctionKind.Aggregate) is { } program) return Column(call, AggregateBinder.Bind(input, call, program));
            if (Aggregates.TryGetValue(call.Function, out var kind)) return Aggregate(call, kind, null);
            if (IsOfSet(call)) return OfSet(over, call);
            if (windowFunctions.TryGetValue(call.Function, out var window)) return new BoundColumn(window.Index, window.Type, call.Span);
        }

        var readsColumns = false;
        foreach (var part in ExpressionWalk.All(expression))
        {
            if (part is Call inner && (IsOfSet(inner) || IsAggregateName(inner.Function, input.Scope.Functions) || windowFunctions.ContainsKey(inner.Function))) return null;
            if (part is OverCall or ScalarQuery or Exists or InQuery or Quantified { Query: not null }) return null;
            readsColumns |= part is Name;
        }

        if (!readsColumns) return null;
        var bound = input.Bind(expression);
        if (outputs.TryGetValue(bound.ToString()!, out var column)) return new BoundColumn(column.Index, column.Type, expression.Span);
        if (!bound.Columns().Any()) return bound;
        if (expression is Name unknown)
            throw over.Error(expression.Span, $"The column {unknown} is neither in GROUP BY nor in an aggregate function: add it to GROUP BY, or write for example MAX({unknown}).");
        return null;
    }

    private BoundColumn Aggregate(Call call, AggregateKind kind, string? nulls) => Column(call, AggregateBinder.Bind(input, call, kind, nulls));

    private BoundColumn Column(Call call, PendingCall pending)
    {
        var at = Calls.FindIndex(c => c.Text == pending.Text);
        if (at < 0)
        {
            at = Calls.Count;
            Calls.Add(pending);
        }

        return new BoundColumn(callsFrom + at, pending.Type, call.Span);
    }
}
