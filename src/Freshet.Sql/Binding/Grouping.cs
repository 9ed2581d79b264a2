using Freshet.Columns.Types;
using Freshet.Sql.Plan;
using Freshet.Sql.Syntax;

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
    public static Dictionary<string, AggregateKind> Aggregates { get; } = new()
    {
        ["COUNT"] = AggregateKind.Count,
        ["SUM"] = AggregateKind.Sum,
        ["AVG"] = AggregateKind.Avg,
        ["MIN"] = AggregateKind.Min,
        ["MAX"] = AggregateKind.Max,
        ["JSON_ARRAYAGG"] = AggregateKind.JsonArray,
    };

    /// <summary>A call before its arguments have become columns.</summary>
    public sealed record PendingCall(AggregateKind Kind, BoundExpression? Argument, BoundExpression? Filter, bool IsDistinct, SqlType Type, string Text);

    public List<PendingCall> Calls { get; } = [];

    public static bool IsAggregate(Expression? expression) =>
        expression is not null && ExpressionWalk.All(expression).Any(e => e is Call call && Aggregates.ContainsKey(call.Function));

    /// <summary>The expression as a column of the grouped result, or null when it is computed from such.</summary>
    public BoundExpression? TryBind(Expression expression, ExpressionBinder over)
    {
        if (expression is Literal or IntervalLiteral or Word or Star) return null;
        if (expression is Call call)
        {
            if (Aggregates.TryGetValue(call.Function, out var kind)) return Aggregate(call, kind);
            if (windowFunctions.TryGetValue(call.Function, out var window)) return new BoundColumn(window.Index, window.Type, call.Span);
        }

        var readsColumns = false;
        foreach (var part in ExpressionWalk.All(expression))
        {
            if (part is Call inner && (Aggregates.ContainsKey(inner.Function) || windowFunctions.ContainsKey(inner.Function))) return null;
            readsColumns |= part is Name;
        }

        if (!readsColumns) return null;
        if (outputs.TryGetValue(input.Bind(expression).ToString()!, out var column)) return new BoundColumn(column.Index, column.Type, expression.Span);
        if (expression is Name unknown)
            throw over.Error(expression.Span, $"The column {unknown} is neither in GROUP BY nor in an aggregate function: add it to GROUP BY, or write for example MAX({unknown}).");
        return null;
    }

    private BoundColumn Aggregate(Call call, AggregateKind kind)
    {
        if (call.IsStar && kind != AggregateKind.Count) throw input.Error(call.Span, $"{call.Function}(*) has no meaning: name a column.");
        if (!call.IsStar && call.Arguments.Length != 1) throw input.Error(call.Span, $"{call.Function} takes one argument, here are {call.Arguments.Length}.");
        if (call.Options.Keys.Any(o => kind != AggregateKind.JsonArray || o != "ON NULL")) throw input.Error(call.Span, $"This form of {call.Function} is not supported yet.");
        if (call.Arguments.Any(IsAggregate)) throw input.Error(call.Span, "An aggregate function cannot contain another one.");
        // JSON_ARRAYAGG joins arrays of one item, or of none for a NULL that is absent.
        var argument = call.IsStar ? null : input.Bind(kind == AggregateKind.JsonArray ? call with { Function = "JSON_ARRAY", Filter = null, IsDistinct = false } : call.Arguments[0]);
        if (argument?.Type.Kind == TypeKind.Null) throw input.Error(call.Span, $"{call.Function}(NULL) has no type: write CAST(NULL AS INT), for example.");
        if (argument is not null && kind is AggregateKind.Sum or AggregateKind.Avg && argument is { Type.IsNumeric: false })
        {
            if (argument.Type.Kind is not (TypeKind.Variant or TypeKind.Null)) throw input.Error(call.Span, $"{call.Function} adds numbers, this is {argument.Type.Name}. Write a CAST.");
            throw input.Error(call.Span, $"{call.Function} of a VARIANT needs a number type: write {call.Function}(CAST(... AS DOUBLE)) or another type.");
        }

        if (argument is { Type.Kind: TypeKind.Variant } && kind != AggregateKind.Count)
            throw input.Error(call.Span, $"{call.Function} of a VARIANT has no order: write a CAST.");
        if (argument is not null && call.IsDistinct) Comparable.Check(input.Source, argument, call.Span, "DISTINCT");
        if (argument is not null && kind is AggregateKind.Min or AggregateKind.Max && argument is { Type: { Fields.IsEmpty: false } or { IsBinary: true } })
            throw input.Error(call.Span, $"{call.Function} of {argument.Type.Name} is not supported.");
        var filter = call.Filter is null ? null : input.Coerce.Boolean(input.Bind(call.Filter), "FILTER");
        if (call.Filter is not null && IsAggregate(call.Filter)) throw input.Error(call.Filter.Span, "FILTER cannot contain an aggregate function.");
        var type = ResultType(kind, argument?.Type);
        var distinct = call.IsDistinct && kind is not (AggregateKind.Min or AggregateKind.Max);
        var text = $"{kind}({(distinct ? "DISTINCT " : "")}{argument}) FILTER {filter}";
        var at = Calls.FindIndex(c => c.Text == text);
        if (at < 0)
        {
            at = Calls.Count;
            Calls.Add(new PendingCall(kind, argument, filter, distinct, type, text));
        }

        return new BoundColumn(callsFrom + at, type, call.Span);
    }

    private static SqlType ResultType(AggregateKind kind, SqlType? argument)
    {
        if (kind == AggregateKind.Count) return SqlType.BigInt.NotNull;
        if (kind == AggregateKind.JsonArray) return SqlType.String;
        var type = argument!;
        if (type.Kind == TypeKind.Decimal && kind == AggregateKind.Sum) type = SqlType.Decimal(SqlType.MaxDecimalPrecision, type.Scale);
        else if (type.Kind == TypeKind.Decimal && kind == AggregateKind.Avg) type = SqlType.Decimal(SqlType.MaxDecimalPrecision, Math.Max(type.Scale, 6));
        return type.WithNullable(true);
    }
}
