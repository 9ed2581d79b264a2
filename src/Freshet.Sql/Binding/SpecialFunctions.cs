using System.Collections.Immutable;
using Freshet.Columns.Json;
using Freshet.Columns.Json.Kernels;
using Freshet.Columns.Kernels;
using Freshet.Columns.Kernels.Rows;
using Freshet.Columns.Kernels.Texts;
using Freshet.Columns.Types;
using Freshet.Sql.Functions;
using Freshet.Sql.Plan;
using Freshet.Sql.Syntax;

namespace Freshet.Sql.Binding;

/// <summary>Calls whose result depends on more than the types of their arguments: units, paths, branches.</summary>
internal sealed class SpecialFunctions(ExpressionBinder binder)
{
    /// <summary>Their names, for messages.</summary>
    public static IEnumerable<string> Names =>
    [
        "COALESCE", "IFNULL", "NULLIF", "IF", "EXTRACT", "FLOOR", "CEIL", "TRIM", "MOD", "TIMESTAMPADD", "TIMESTAMPDIFF", "TYPEOF", "CURRENT_DATABASE", "GREATEST", "LEAST",
        "JSON_VALUE", "JSON_QUERY", "JSON_EXISTS", "JSON_OBJECT", "JSON_ARRAY", "CAST", "TRY_CAST", ProcessingTime.Name,
    ];

    public BoundExpression? TryBind(Call call) => call.Function switch
    {
        "COALESCE" or "IFNULL" => Coalesce(call),
        "NULLIF" => NullIf(call),
        "IF" => If(call),
        ProcessingTime.Name when call.Arguments.IsEmpty => ProcessingTime.Call(call.Span),
        "TRIM" => Trim(call),
        "MOD" => Modulo(call),
        "GREATEST" or "LEAST" => Extreme(call),
        "TYPEOF" => TypeOf(call),
        "CURRENT_DATABASE" when call.Arguments.IsEmpty => new BoundLiteral(SqlType.String.NotNull, call.Span, System.Text.Encoding.UTF8.GetBytes(TableNames.Database)),
        "JSON_VALUE" => JsonValue(call),
        "JSON_QUERY" => JsonQuery(call),
        "JSON_EXISTS" => JsonExists(call),
        "JSON_OBJECT" => JsonObject(call),
        "JSON_ARRAY" => JsonArray(call),
        _ => binder.Times.TryBind(call),
    };

    private static readonly string[] ConstructorNames = ["JSON_OBJECT", "JSON_ARRAY", "JSON_OBJECTAGG", "JSON_ARRAYAGG", "JSON"];

    private Expression One(Call call) => call.Arguments is [var only] ? only : throw Takes(call, "one argument");

    private SqlException Takes(Call call, string what) => binder.Error(call.Span, $"{call.Function} takes {what}, here are {call.Arguments.Length}.");

    private BoundExpression Coalesce(Call call)
    {
        if (call.Arguments.IsEmpty) throw Takes(call, "at least one argument");
        var arguments = call.Arguments.Select(binder.Bind).ToImmutableArray();
        var type = binder.Coerce.Widest(arguments, call.Function).WithNullable(arguments.All(a => a.Type.IsNullable));
        return new BoundCoalesce([.. arguments.Select(a => binder.Coerce.To(a, type))], type, call.Span);
    }

    private BoundCase NullIf(Call call)
    {
        if (call.Arguments.Length != 2) throw Takes(call, "two arguments");
        var value = binder.Bind(call.Arguments[0]);
        var same = binder.Comparisons.Equal(value, binder.Bind(call.Arguments[1]), call.Span);
        return new BoundCase([same], [new BoundLiteral(value.Type.WithNullable(true), call.Span, null)], value, value.Type.WithNullable(true), call.Span);
    }

    private BoundCase If(Call call)
    {
        if (call.Arguments.Length != 3) throw Takes(call, "three arguments");
        var condition = binder.Coerce.Boolean(binder.Bind(call.Arguments[0]), "The condition of IF");
        var (then, otherwise) = (binder.Bind(call.Arguments[1]), binder.Bind(call.Arguments[2]));
        var type = binder.Coerce.Common([then, otherwise], "IF");
        return new BoundCase([condition], [binder.Coerce.To(then, type)], binder.Coerce.To(otherwise, type), type, call.Span);
    }

    private BoundCall Trim(Call call)
    {
        var (where, rest) = call.Arguments[0] is Word word ? (word.Text, call.Arguments[1..]) : ("BOTH", call.Arguments);
        var arguments = rest.Select(a => binder.Text(binder.Bind(a))).ToImmutableArray();
        return ExpressionBinder.Call($"TRIM {where}", RowLoop.Of(new Trim(where != "TRAILING", where != "LEADING")), arguments, ResultTypes.Varying([.. arguments.Select(a => a.Type)]), call.Span);
    }

    /// <summary>The rest has the type of the divisor where both are whole numbers.</summary>
    private BoundExpression Modulo(Call call)
    {
        if (call.Arguments.Length != 2) throw Takes(call, "two arguments");
        var rest = binder.Bind(new Binary("%", call.Arguments[0], call.Arguments[1], call.Span));
        var divisor = binder.Bind(call.Arguments[1]).Type;
        return divisor.IsInteger && rest.Type.Scale == 0 && !rest.Type.IsApproximate ? binder.Coerce.To(rest, divisor) : rest;
    }

    private BoundExpression Extreme(Call call)
    {
        const int ArgumentsMax = 32;
        var bound = call.Arguments.Select(binder.Bind).ToImmutableArray();
        if (bound.Length is < 1 or > ArgumentsMax) throw Takes(call, $"1 to {ArgumentsMax} arguments");
        var type = binder.Coerce.Widest(bound, call.Function).WithNullable(bound.Any(a => a.Type.IsNullable));
        var arguments = bound.Select(a => binder.Coerce.To(a, type)).ToImmutableArray();
        if (arguments.Length == 1) return arguments[0];
        // NULL where any is NULL; else the first one that no later one beats, having beaten those before it.
        var conditions = ImmutableArray.CreateBuilder<BoundExpression>();
        var results = ImmutableArray.CreateBuilder<BoundExpression>();
        foreach (var argument in arguments.Where(a => a.Type.IsNullable))
        {
            conditions.Add(new BoundCall("IS NULL", LogicKernel.IsNull, [argument], SqlType.Boolean.NotNull, call.Span));
            results.Add(new BoundLiteral(type.WithNullable(true), call.Span, null));
        }

        for (var i = 0; i < arguments.Length - 1; i++)
        {
            var wins = arguments[(i + 1)..].Select(other => binder.Compare(call.Function == "GREATEST" ? ">=" : "<=", arguments[i], other, call.Span));
            conditions.Add(BoundLogical.All(wins)!);
            results.Add(arguments[i]);
        }

        return new BoundCase(conditions.ToImmutable(), results.ToImmutable(), arguments[^1], type, call.Span);
    }

    private JsonPath Path(Call call)
    {
        if (call.Arguments.Length < 2 || call.Arguments[1] is not Literal { Kind: LiteralKind.String } literal) throw binder.Error(call.Span, $"{call.Function} takes a JSON text or VARIANT and a path in quotes, such as '$.a.b'.");
        return JsonPath.TryParse(literal.Text, out var path, out var error) ? path : throw binder.Error(literal.Span, $"'{literal.Text}' is no JSON path: {error}");
    }

    private (JsonBehavior Behavior, BoundExpression? Default) Behavior(Call call, string when, SqlType type)
    {
        if (!call.Options.TryGetValue(when, out var value)) return (JsonBehavior.Null, null);
        return value switch
        {
            Expression expression => (JsonBehavior.Default, binder.Coerce.To(binder.Bind(expression), type)),
            "ERROR" => (JsonBehavior.Error, null),
            "NULL" => (JsonBehavior.Null, null),
            "EMPTY ARRAY" => (JsonBehavior.EmptyArray, null),
            "EMPTY OBJECT" => (JsonBehavior.EmptyObject, null),
            _ => throw binder.Error(call.Span, $"{value} {when} has no meaning in {call.Function}."),
        };
    }

    private BoundExpression Input(Call call)
    {
        var input = binder.Bind(call.Arguments[0]);
        return input.Type.Kind == TypeKind.Variant ? input : binder.Text(input);
    }

    private BoundLiteral TypeOf(Call call)
    {
        if (call.Arguments.Length is not (1 or 2)) throw Takes(call, "a value, and TRUE for a text that DDL reads");
        return new BoundLiteral(SqlType.String, call.Span, System.Text.Encoding.UTF8.GetBytes(binder.Bind(call.Arguments[0]).Type.ToString()));
    }

    private BoundExpression JsonValue(Call call)
    {
        var path = Path(call);
        var input = Input(call);
        var type = call.Options.TryGetValue("RETURNING", out var returning) ? (SqlType)returning : SqlType.String;
        if (input.Type.Kind == TypeKind.Variant && !call.Options.ContainsKey("ON EMPTY") && !call.Options.ContainsKey("ON ERROR") && path.Steps.Length > 0 && path.Steps.All(s => s.Key is not null) && JsonPathDecoder.CanDecode(path))
        {
            // What is missing or wrong is NULL, so the path can be taken first: the source then decodes that part alone.
            (input, path) = (new BoundPath(input, JsonPath.Of(JsonPathMode.Lax, path.Steps), call.Span), JsonPath.Root);
        }

        var onEmpty = Behavior(call, "ON EMPTY", type);
        var onError = Behavior(call, "ON ERROR", type);
        var arguments = new[] { input, onEmpty.Default, onError.Default }.Where(a => a is not null).Select(a => a!).ToImmutableArray();
        return new BoundCall($"JSON_VALUE {path} {onEmpty.Behavior} {onError.Behavior}", JsonFunctions.Value(path, onEmpty.Behavior, onError.Behavior), arguments, type.WithNullable(true), call.Span, canFail: onEmpty.Behavior == JsonBehavior.Error || onError.Behavior == JsonBehavior.Error);
    }

    private BoundCall JsonQuery(Call call)
    {
        var path = Path(call);
        var wrapper = call.Options.TryGetValue("WRAPPER", out var word) ? Enum.Parse<JsonWrapper>((string)word, ignoreCase: true) : JsonWrapper.Without;
        var onEmpty = Behavior(call, "ON EMPTY", SqlType.String).Behavior;
        var onError = Behavior(call, "ON ERROR", SqlType.String).Behavior;
        var type = call.Options.TryGetValue("RETURNING", out var returning) ? (SqlType)returning : SqlType.String;
        return new BoundCall($"JSON_QUERY {path} {wrapper} {onEmpty} {onError}", JsonFunctions.Query(path, wrapper, onEmpty, onError), [Input(call)], type.WithNullable(true), call.Span, canFail: true);
    }

    private BoundCall JsonExists(Call call)
    {
        var path = Path(call);
        var onError = call.Options.TryGetValue("ON ERROR", out var word) ? (string)word switch
        {
            "TRUE" => JsonBehavior.True,
            "UNKNOWN" => JsonBehavior.Null,
            "ERROR" => JsonBehavior.Error,
            _ => JsonBehavior.False,
        } : JsonBehavior.False;
        return new BoundCall($"JSON_EXISTS {path} {onError}", JsonFunctions.Exists(path, onError), [Input(call)], SqlType.Boolean, call.Span, canFail: onError == JsonBehavior.Error);
    }

    private static bool IsJson(Expression expression) => expression is Call call && ConstructorNames.Contains(call.Function);

    private BoundCall JsonObject(Call call)
    {
        var arguments = call.Arguments.Select((a, i) => i % 2 == 0 ? binder.Text(binder.Bind(a)) : binder.Bind(a)).ToImmutableArray();
        var isJson = call.Arguments.Where((_, i) => i % 2 == 1).Select(IsJson).ToArray();
        var nullOnNull = !Equals(call.Options.GetValueOrDefault("ON NULL"), "ABSENT");
        return new BoundCall(NameOf("JSON_OBJECT", nullOnNull, isJson), JsonConstructors.Object(isJson, nullOnNull), arguments, SqlType.String.NotNull, call.Span);
    }

    private BoundCall JsonArray(Call call)
    {
        var arguments = call.Arguments.Select(binder.Bind).ToImmutableArray();
        var isJson = call.Arguments.Select(IsJson).ToArray();
        var nullOnNull = Equals(call.Options.GetValueOrDefault("ON NULL"), "NULL");
        return new BoundCall(NameOf("JSON_ARRAY", nullOnNull, isJson), JsonConstructors.Array(isJson, nullOnNull), arguments, SqlType.String.NotNull, call.Span);
    }

    /// <summary>The name carries all that the kernel depends on besides its arguments: calls of equal text are one call in the plan.</summary>
    private static string NameOf(string function, bool nullOnNull, bool[] isJson) =>
        $"{function} {(nullOnNull ? "NULL" : "ABSENT")} {string.Concat(isJson.Select(j => j ? 'j' : 'v'))}";
}
