using System.Collections.Immutable;
using System.Globalization;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;
using Freshet.Plan;
using Freshet.Plan.Catalog;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>An aggregate call before its arguments have become columns.</summary>
internal sealed record PendingCall(AggregateKind Kind, ImmutableArray<BoundExpression> Arguments, BoundExpression? Filter, bool IsDistinct, SqlType Type, string Parameter)
{
    /// <summary>A function of a program.</summary>
    public ProgramSignature? Program { get; init; }

    /// <summary>The function's name, for messages.</summary>
    public string Function => Program is null ? Kind.ToString() : Parameter[..Parameter.IndexOf('@')];

    /// <summary>Calls of equal text are one.</summary>
    public string Text { get; } = $"{Kind}<{Parameter}>({(IsDistinct ? "DISTINCT " : "")}{string.Join(", ", Arguments)}) FILTER {Filter}";
}

/// <summary>
/// Aggregate calls: their arguments checked and brought into the form that the operators take (<see cref="AggregateKind"/>), and
/// Flink's type of the result.
/// </summary>
internal static class AggregateBinder
{
    public static Dictionary<string, AggregateKind> Functions { get; } = new()
    {
        ["COUNT"] = AggregateKind.Count,
        ["APPROX_COUNT_DISTINCT"] = AggregateKind.Count,
        ["SUM"] = AggregateKind.Sum,
        ["$SUM0"] = AggregateKind.SumZero,
        ["SUM0"] = AggregateKind.SumZero,
        ["AVG"] = AggregateKind.Avg,
        ["MIN"] = AggregateKind.Min,
        ["MAX"] = AggregateKind.Max,
        ["VAR_POP"] = AggregateKind.VarPop,
        ["VAR_SAMP"] = AggregateKind.VarSamp,
        ["VARIANCE"] = AggregateKind.VarSamp,
        ["STDDEV_POP"] = AggregateKind.StddevPop,
        ["STDDEV_SAMP"] = AggregateKind.StddevSamp,
        ["STDDEV"] = AggregateKind.StddevSamp,
        ["FIRST_VALUE"] = AggregateKind.First,
        ["LAST_VALUE"] = AggregateKind.Last,
        ["SINGLE_VALUE"] = AggregateKind.Single,
        ["LISTAGG"] = AggregateKind.List,
        ["ARRAY_AGG"] = AggregateKind.Array,
        ["COLLECT"] = AggregateKind.Collect,
        ["JSON_ARRAYAGG"] = AggregateKind.JsonArray,
        ["JSON_OBJECTAGG"] = AggregateKind.JsonObject,
        ["PERCENTILE"] = AggregateKind.Percentile,
        ["BITMAP_BUILD_AGG"] = AggregateKind.Bitmap,
        ["BITMAP_AND_AGG"] = AggregateKind.Bitmap,
        ["BITMAP_OR_AGG"] = AggregateKind.Bitmap,
        ["BITMAP_XOR_AGG"] = AggregateKind.Bitmap,
        ["BITMAP_BUILD_CARDINALITY_AGG"] = AggregateKind.Bitmap,
        ["BITMAP_AND_CARDINALITY_AGG"] = AggregateKind.Bitmap,
        ["BITMAP_OR_CARDINALITY_AGG"] = AggregateKind.Bitmap,
        ["BITMAP_XOR_CARDINALITY_AGG"] = AggregateKind.Bitmap,
    };

    /// <param name="input">Binds the arguments: over the rows that are grouped.</param>
    /// <param name="nulls">IGNORE or RESPECT behind the parentheses.</param>
    public static PendingCall Bind(ExpressionBinder input, Call call, AggregateKind kind, string? nulls)
    {
        if (call.IsStar && kind != AggregateKind.Count) throw input.Error(call.Span, $"{call.Function}(*) has no meaning: name a column.");
        if (nulls is not null) throw input.Error(call.Span, $"{nulls} NULLS cannot follow {call.Function}(...).");
        if (call.Options.Keys.Any(o => !(o == "ON NULL" && kind is AggregateKind.JsonArray or AggregateKind.JsonObject || o == "NULLS"))) throw input.Error(call.Span, $"This form of {call.Function} is not supported.");
        CheckCount(input, call, kind);
        var filter = FilterOf(input, call);
        var bound = kind switch
        {
            AggregateKind.Count => Count(input, call),
            AggregateKind.List => List(input, call),
            AggregateKind.Array or AggregateKind.Collect => Collection(input, call, kind),
            AggregateKind.JsonArray => Json(input, call, kind, "JSON_ARRAY"),
            AggregateKind.JsonObject => Json(input, call, kind, "JSON_OBJECT"),
            AggregateKind.Percentile => Percentile(input, call),
            AggregateKind.Bitmap => BitmapAggregate.Of(input, call, Argument(input, call, 0)),
            _ => OfOne(input, call, kind),
        };
        if (call.IsDistinct || bound.IsDistinct)
        {
            foreach (var argument in bound.Arguments) Comparable.Check(input.Source, argument, call.Span, "DISTINCT");
            bound = bound with { IsDistinct = kind is not (AggregateKind.Min or AggregateKind.Max or AggregateKind.First or AggregateKind.Last) };
        }

        return new PendingCall(bound.Kind, bound.Arguments, BoundLogical.All(new[] { filter, bound.Filter }.OfType<BoundExpression>()), bound.IsDistinct, bound.Type, bound.Parameter);
    }

    /// <summary>A call of a function of the program.</summary>
    public static PendingCall Bind(ExpressionBinder input, Call call, ProgramFunction function)
    {
        if (call.IsStar || !call.Options.IsEmpty) throw input.Error(call.Span, $"This form of {call.Function} is not supported.");
        var filter = FilterOf(input, call);
        var (signature, arguments) = ProgramCalls.Resolve(input, function, [.. call.Arguments.Select(input.Bind)], call.Span);
        return new PendingCall(AggregateKind.User, arguments, filter, call.IsDistinct, signature.Result.WithNullable(true), $"{function.Name}@{function.Origin}") { Program = signature };
    }

    private static BoundExpression? FilterOf(ExpressionBinder input, Call call)
    {
        if (call.Filter is null) return null;
        if (Grouping.IsAggregate(call.Filter, input.Scope.Functions)) throw input.Error(call.Filter.Span, "FILTER cannot contain an aggregate function.");
        return input.Coerce.Boolean(input.Bind(call.Filter), "FILTER");
    }

    private static void CheckCount(ExpressionBinder input, Call call, AggregateKind kind)
    {
        var (least, most) = kind switch
        {
            AggregateKind.Count => (1, call.Function == "COUNT" ? int.MaxValue : 1),
            AggregateKind.List => (1, 2),
            AggregateKind.JsonObject => (2, 2),
            AggregateKind.Percentile => (2, 3),
            _ => (1, 1),
        };
        if (call.Arguments.Length < least || call.Arguments.Length > most)
            throw input.Error(call.Span, $"{call.Function} takes {(least == most ? least == 1 ? "one argument" : $"{least} arguments" : most == int.MaxValue ? "one argument or more" : $"{least} to {most} arguments")}, here are {call.Arguments.Length}.");
    }

    private static BoundExpression Argument(ExpressionBinder input, Call call, int index)
    {
        var argument = input.Bind(call.Arguments[index]);
        return argument.Type.Kind == TypeKind.Null ? throw input.Error(call.Span, $"{call.Function}(NULL) has no type: write CAST(NULL AS INT), for example.") : argument;
    }

    private static PendingCall Call(AggregateKind kind, ImmutableArray<BoundExpression> arguments, SqlType type, string parameter = "") => new(kind, arguments, null, false, type, parameter);

    private static PendingCall Count(ExpressionBinder input, Call call)
    {
        ImmutableArray<BoundExpression> arguments = call.IsStar ? [] : [.. call.Arguments.Select((_, i) => Argument(input, call, i))];
        return Call(AggregateKind.Count, arguments, SqlType.BigInt.NotNull) with { IsDistinct = call.Function == "APPROX_COUNT_DISTINCT" };
    }

    private static PendingCall OfOne(ExpressionBinder input, Call call, AggregateKind kind)
    {
        var argument = Argument(input, call, 0);
        var type = argument.Type;
        var isNumeric = kind is AggregateKind.Sum or AggregateKind.SumZero or AggregateKind.Avg or AggregateKind.VarPop or AggregateKind.VarSamp or AggregateKind.StddevPop or AggregateKind.StddevSamp;
        if (isNumeric && type.Kind == TypeKind.Variant) throw input.Error(call.Span, $"{call.Function} of a VARIANT needs a number type: write {call.Function}(CAST(... AS DOUBLE)) or another type.");
        if (isNumeric && !type.IsNumeric) throw input.Error(call.Span, $"{call.Function} adds numbers, this is {type.Name}. Write a CAST.");
        if (kind is AggregateKind.Min or AggregateKind.Max)
        {
            if (type.Kind == TypeKind.Variant) throw input.Error(call.Span, $"{call.Function} of a VARIANT has no order: write a CAST.");
            if (!type.Fields.IsEmpty || type.IsBinary || type.Kind == TypeKind.Bitmap) throw input.Error(call.Span, $"{call.Function} of {type.Name} is not supported.");
        }

        if (isNumeric) type = NumberOf(kind, type);
        return Call(kind, [argument], type.WithNullable(kind != AggregateKind.SumZero));
    }

    private static SqlType NumberOf(AggregateKind kind, SqlType type)
    {
        if (type.Kind != TypeKind.Decimal) return type;
        return SqlType.Decimal(SqlType.MaxDecimalPrecision, kind is AggregateKind.Sum or AggregateKind.SumZero ? type.Scale : Math.Max(type.Scale, 6));
    }

    private static PendingCall List(ExpressionBinder input, Call call)
    {
        var argument = Argument(input, call, 0);
        if (!argument.Type.IsCharacter) throw input.Error(call.Span, $"LISTAGG joins texts, this is {argument.Type.Name}. Write CAST(... AS STRING).");
        var separator = ",";
        if (call.Arguments.Length > 1)
            separator = input.Bind(call.Arguments[1]) is BoundLiteral { Text: { } text } ? text : throw input.Error(call.Arguments[1].Span, "The separator of LISTAGG is a text in quotes.");
        return Call(AggregateKind.List, [argument], SqlType.String, separator);
    }

    /// <summary>Values become arrays of one, which the list puts together. COLLECT leaves NULLs out.</summary>
    private static PendingCall Collection(ExpressionBinder input, Call call, AggregateKind kind)
    {
        var argument = Argument(input, call, 0);
        var leavesOut = kind == AggregateKind.Collect || Equals(call.Options.GetValueOrDefault("NULLS"), "IGNORE");
        var element = argument.Type.WithNullable(argument.Type.IsNullable && !leavesOut);
        var type = kind == AggregateKind.Array ? SqlType.Array(element) : SqlType.Multiset(element);
        var one = new BoundCall("ARRAY", CollectionKernels.ArrayOf, [argument], SqlType.Array(argument.Type).NotNull, call.Span);
        var filter = leavesOut && argument.Type.IsNullable ? new BoundCall("IS NOT NULL", LogicKernel.IsNotNull, [argument], SqlType.Boolean.NotNull, call.Span) : null;
        return Call(kind, [one], type) with { Filter = filter };
    }

    /// <summary>Values become JSON of one, or of none where NULL is absent, which the list puts together.</summary>
    private static PendingCall Json(ExpressionBinder input, Call call, AggregateKind kind, string maker) =>
        Call(kind, [.. kind == AggregateKind.JsonObject ? [input.Text(input.Bind(call.Arguments[0]))] : Array.Empty<BoundExpression>(), input.Bind(call with { Function = maker, Filter = null, IsDistinct = false })], SqlType.String);

    private static PendingCall Percentile(ExpressionBinder input, Call call)
    {
        var argument = Argument(input, call, 0);
        if (!argument.Type.IsNumeric) throw input.Error(call.Span, $"PERCENTILE takes numbers, this is {argument.Type.Name}. Write a CAST.");
        var isArray = call.Arguments[1] is Constructor { Kind: "ARRAY" };
        var fractions = call.Arguments[1] is Constructor { Kind: "ARRAY" } array ? array.Items.Select(i => Fraction(input, i)) : [Fraction(input, call.Arguments[1])];
        var arguments = ImmutableArray.Create(input.Coerce.To(argument, SqlType.Double));
        if (call.Arguments.Length > 2)
        {
            var frequency = Argument(input, call, 2);
            if (!frequency.Type.IsInteger) throw input.Error(call.Arguments[2].Span, $"The frequency of PERCENTILE is a whole number, this is {frequency.Type.Name}.");
            arguments = arguments.Add(input.Coerce.To(frequency, SqlType.BigInt));
        }

        return Call(AggregateKind.Percentile, arguments, isArray ? SqlType.Array(SqlType.Double) : SqlType.Double, string.Join(',', fractions.Select(f => f.ToString("R", CultureInfo.InvariantCulture))));
    }

    private static double Fraction(ExpressionBinder input, Expression expression)
    {
        var value = input.Bind(expression) is BoundLiteral { IsNull: false } literal && literal.Type.IsNumeric ? Number(literal) : double.NaN;
        return value is >= 0 and <= 1 ? value : throw input.Error(expression.Span, "The percentage of PERCENTILE is a constant from 0 to 1, or an ARRAY of such.");
    }

    private static double Number(BoundLiteral literal) => literal.Type.Kind switch
    {
        TypeKind.Double => BitConverter.Int64BitsToDouble((long)literal.Bits),
        TypeKind.Float => BitConverter.Int32BitsToSingle((int)literal.Bits),
        TypeKind.Decimal => (double)literal.Bits / Math.Pow(10, literal.Type.Scale),
        _ => (double)literal.Bits,
    };
}
