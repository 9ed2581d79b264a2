using System.Collections.Immutable;
using Freshet.Columns.Types;
using Freshet.Sql.Plan;
using Freshet.Sql.Syntax;

namespace Freshet.Sql.Binding;

/// <summary>
/// A SELECT that groups: its keys and the aggregate calls met so far. An expression over it is made of keys, aggregate calls and
/// what is computed from them; the columns of the result are the keys, then (for windows) three window columns, then the calls.
/// </summary>
internal sealed class Grouping(ExpressionBinder input, ImmutableArray<BoundExpression> keys, int callsFrom, Dictionary<string, int> windowColumns)
{
    public static Dictionary<string, AggregateKind> Aggregates { get; } = new()
    {
        ["COUNT"] = AggregateKind.Count,
        ["SUM"] = AggregateKind.Sum,
        ["AVG"] = AggregateKind.Avg,
        ["MIN"] = AggregateKind.Min,
        ["MAX"] = AggregateKind.Max,
    };

    /// <summary>A call before its arguments have become columns.</summary>
    public sealed record PendingCall(AggregateKind Kind, BoundExpression? Argument, BoundExpression? Filter, bool IsDistinct, SqlType Type, string Text);

    public List<PendingCall> Calls { get; } = [];

    public static bool IsAggregate(Expression? expression) => expression is not null && (expression is Call call && Aggregates.ContainsKey(call.Function) || Parts(expression).Any(IsAggregate));

    /// <summary>The expression as a column of the grouped result, or null when it is computed from such.</summary>
    public BoundExpression? TryBind(Expression expression, ExpressionBinder over)
    {
        if (expression is Literal or IntervalLiteral) return null;
        if (expression is Call call)
        {
            if (Aggregates.TryGetValue(call.Function, out var kind)) return Aggregate(call, kind);
            if (windowColumns.TryGetValue(call.Function, out var windowColumn)) return new BoundColumn(windowColumn, SqlType.Timestamp(3).NotNull, call.Span);
        }

        if (IsAggregate(expression)) return null;
        if (expression is Name name && name.Parts.Length <= 2 && windowColumns.TryGetValue(name.Last.ToUpperInvariant(), out var column))
            return new BoundColumn(column, SqlType.Timestamp(3).NotNull, name.Span);
        if (!ReadsColumns(expression)) return null;
        BoundExpression? bound = null;
        if (expression is not Call || windowColumns.Count == 0) bound = input.Bind(expression);
        if (bound is not null)
        {
            var text = bound.ToString();
            for (var i = 0; i < keys.Length; i++)
                if (keys[i].ToString() == text) return new BoundColumn(i, keys[i].Type, expression.Span);
        }

        if (expression is Name unknown)
            throw over.Error(expression.Span, $"The column {unknown} is neither in GROUP BY nor in an aggregate function: add it to GROUP BY, or write for example MAX({unknown}).");
        return null;
    }

    private BoundColumn Aggregate(Call call, AggregateKind kind)
    {
        if (call.IsStar && kind != AggregateKind.Count) throw input.Error(call.Span, $"{call.Function}(*) has no meaning: name a column.");
        if (!call.IsStar && call.Arguments.Length != 1) throw input.Error(call.Span, $"{call.Function} takes one argument, here are {call.Arguments.Length}.");
        if (call.Arguments.Any(IsAggregate)) throw input.Error(call.Span, "An aggregate function cannot contain another one.");
        var argument = call.IsStar ? null : input.Bind(call.Arguments[0]);
        if (argument is not null && kind is AggregateKind.Sum or AggregateKind.Avg && argument is { Type.IsNumeric: false })
        {
            if (argument.Type.Kind is not (TypeKind.Variant or TypeKind.Null)) throw input.Error(call.Span, $"{call.Function} adds numbers, this is {argument.Type.Name}. Write a CAST.");
            throw input.Error(call.Span, $"{call.Function} of a VARIANT needs a number type: write {call.Function}(CAST(... AS DOUBLE)) or another type.");
        }

        if (argument is { Type.Kind: TypeKind.Variant } && kind != AggregateKind.Count)
            throw input.Error(call.Span, $"{call.Function} of a VARIANT has no order: write a CAST.");
        var filter = call.Filter is null ? null : input.Coerce.Boolean(input.Bind(call.Filter), "FILTER");
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
        var type = argument!;
        if (type.Kind == TypeKind.Decimal && kind == AggregateKind.Sum) type = SqlType.Decimal(SqlType.MaxDecimalPrecision, type.Scale);
        else if (type.Kind == TypeKind.Decimal && kind == AggregateKind.Avg) type = SqlType.Decimal(SqlType.MaxDecimalPrecision, Math.Max(type.Scale, 6));
        return type.WithNullable(true);
    }

    private static bool ReadsColumns(Expression expression) => expression is Name || Parts(expression).Any(ReadsColumns);

    private static IEnumerable<Expression> Parts(Expression expression) => expression switch
    {
        Unary u => [u.Operand],
        Binary b => [b.Left, b.Right],
        IsTest t => [t.Operand],
        Between b => [b.Operand, b.Low, b.High],
        InList l => [l.Operand, .. l.Items],
        Like l => l.Escape is null ? [l.Operand, l.Pattern] : [l.Operand, l.Pattern, l.Escape],
        Case c => [.. c.Branches.SelectMany(b => new[] { b.When, b.Then }), .. c.Operand is null ? [] : new[] { c.Operand }, .. c.Else is null ? [] : new[] { c.Else }],
        Cast c => [c.Operand],
        Call c => c.Arguments,
        Syntax.Index i => [i.Base, i.At],
        FieldAccess f => [f.Base],
        Constructor c => c.Items,
        _ => [],
    };
}
