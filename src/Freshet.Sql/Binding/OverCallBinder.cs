using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Plan;
using Freshet.Plan.Rules;
using Freshet.Plan.Catalog;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>What a call before OVER computes: its function, arguments, type, and the frame that it really looks at.</summary>
internal sealed class OverCallBinder(SourceText source, ExpressionBinder binder)
{
    public sealed record Bound(PlanFrame Frame, OverFunction Function, PendingCall? Aggregate, BoundExpression? Argument, BoundExpression? Number, BoundExpression? Default, bool IgnoresNulls, SqlType Type);

    private static readonly Dictionary<string, OverFunction> Functions = new()
    {
        ["ROW_NUMBER"] = OverFunction.RowNumber,
        ["RANK"] = OverFunction.Rank,
        ["DENSE_RANK"] = OverFunction.DenseRank,
        ["PERCENT_RANK"] = OverFunction.PercentRank,
        ["CUME_DIST"] = OverFunction.CumeDist,
        ["NTILE"] = OverFunction.NTile,
        ["LAG"] = OverFunction.Lag,
        ["LEAD"] = OverFunction.Lead,
        ["FIRST_VALUE"] = OverFunction.FirstValue,
        ["LAST_VALUE"] = OverFunction.LastValue,
        ["NTH_VALUE"] = OverFunction.NthValue,
    };

    private static readonly PlanFrame Past = new(false, PlanBound.Unbounded, PlanBound.Current);
    private static readonly PlanFrame PastAndPeers = new(true, PlanBound.Unbounded, PlanBound.Current);
    private static readonly PlanFrame Whole = new(true, PlanBound.Unbounded, PlanBound.Unbounded);

    /// <summary>Names of the functions that need OVER or may have it and are no aggregates.</summary>
    public static IEnumerable<string> Names => Functions.Keys;

    public Bound Bind(Call call, string? nulls, BoundOver window, PlanFrame frame)
    {
        if (!Functions.TryGetValue(call.Function, out var function)) return Aggregate(call, nulls, frame);
        if (call.IsDistinct || call.Filter is not null) throw Error(call.Span, $"{call.Function} takes neither DISTINCT nor FILTER.");
        if (nulls is not null && function is not (OverFunction.Lag or OverFunction.Lead or OverFunction.FirstValue or OverFunction.LastValue or OverFunction.NthValue))
            throw Error(call.Span, $"{call.Function} takes no {nulls} NULLS.");
        var isRank = function is OverFunction.RowNumber or OverFunction.Rank or OverFunction.DenseRank or OverFunction.PercentRank or OverFunction.CumeDist;
        var (least, most) = isRank ? (0, 0) : function switch
        {
            OverFunction.Lag or OverFunction.Lead => (1, 3),
            OverFunction.NthValue => (2, 2),
            _ => (1, 1),
        };
        if (call.IsStar || call.Arguments.Length < least || call.Arguments.Length > most)
            throw Error(call.Span, $"{call.Function} takes {(least == most ? $"{least}" : $"{least} to {most}")} arguments, here are {call.Arguments.Length}.");
        if (window.Order.IsEmpty && function is OverFunction.Rank or OverFunction.DenseRank or OverFunction.PercentRank or OverFunction.CumeDist or OverFunction.NTile or OverFunction.Lag or OverFunction.Lead)
            throw Error(call.Span, $"{call.Function} needs an ORDER BY in its window.");
        var ignores = nulls == "IGNORE";
        switch (function)
        {
            case OverFunction.RowNumber: return new Bound(Past, function, null, null, null, null, false, SqlType.BigInt.NotNull);
            case OverFunction.Rank or OverFunction.DenseRank: return new Bound(PastAndPeers, function, null, null, null, null, false, SqlType.BigInt.NotNull);
            case OverFunction.PercentRank or OverFunction.CumeDist: return new Bound(Whole, function, null, null, null, null, false, SqlType.Double.NotNull);
            case OverFunction.NTile:
                return new Bound(Whole, function, null, null, Integer(call, 0), null, false, SqlType.BigInt.NotNull);
            case OverFunction.Lag or OverFunction.Lead:
                return Offset(call, function, ignores);
        }

        var value = Value(call);
        var number = function == OverFunction.NthValue ? Integer(call, 1) : null;
        return new Bound(frame, function, null, value, number, null, ignores, value.Type.WithNullable(true));
    }

    private Bound Offset(Call call, OverFunction function, bool ignores)
    {
        var value = Value(call);
        var number = call.Arguments.Length > 1 ? Integer(call, 1) : null;
        var otherwise = call.Arguments.Length > 2 ? binder.Coerce.To(binder.Bind(call.Arguments[2]), value.Type.WithNullable(true)) : null;
        var isNullable = value.Type.IsNullable || otherwise is null || otherwise.Type.IsNullable;
        // A constant distance is a frame of one row; a computed one may be any row.
        var distance = number is null ? 1 : number is BoundLiteral { IsNull: false } literal ? literal.Bits : (Int128?)null;
        var frame = Whole;
        if (distance is { } rows && !ignores)
        {
            var at = new PlanBound(false, function == OverFunction.Lag ? -rows : rows);
            frame = new PlanFrame(false, at, at);
        }
        else if (ignores && function == OverFunction.Lag && distance > 0)
        {
            frame = Past;
        }

        return new Bound(frame, function, null, value, number, otherwise, ignores, value.Type.WithNullable(isNullable));
    }

    private Bound Aggregate(Call call, string? nulls, PlanFrame frame)
    {
        if (binder.Scope.Functions?.Find(call.Function, ProgramFunctionKind.Aggregate) is { } program)
        {
            var called = AggregateBinder.Bind(binder, call, program);
            return called.Program!.TakesBack
                ? new Bound(frame, OverFunction.Aggregate, called, null, null, null, false, called.Type)
                : throw Error(call.Span, $"{program.Name} cannot take rows back, and rows leave the frame of OVER: give its class a Retract method.");
        }

        if (!Grouping.Aggregates.TryGetValue(call.Function, out var kind)) throw Error(call.Span, $"There is no function {call.Function} that can stand before OVER.{NearestName.Hint(call.Function, Grouping.Aggregates.Keys.Concat(Functions.Keys))}");
        var pending = AggregateBinder.Bind(binder, call, kind, nulls);
        return new Bound(frame, OverFunction.Aggregate, pending, null, null, null, false, pending.Type);
    }

    private BoundExpression Value(Call call)
    {
        var value = binder.Bind(call.Arguments[0]);
        return value.Type.Kind == TypeKind.Null ? throw Error(call.Span, $"{call.Function}(NULL) has no type: write CAST(NULL AS INT), for example.") : value;
    }

    private BoundExpression Integer(Call call, int argument)
    {
        var value = FoldConstants.Fold(binder.Bind(call.Arguments[argument]));
        if (!value.Type.IsInteger) throw Error(call.Arguments[argument].Span, $"This argument of {call.Function} is a whole number, here is {value.Type.Name}.");
        return value is BoundLiteral literal ? new BoundLiteral(SqlType.BigInt.NotNull, value.Span, literal.Bits) : binder.Coerce.To(value, SqlType.BigInt);
    }

    private SqlException Error(TextSpan span, string sentence) => new(source, span, sentence);
}
