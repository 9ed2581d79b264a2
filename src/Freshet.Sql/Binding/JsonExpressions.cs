using System.Collections.Immutable;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Kernels.Json;
using Freshet.Plan;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>The SQL/JSON functions: those with a path and clauses, and those that make JSON.</summary>
internal sealed class JsonExpressions(ExpressionBinder binder)
{
    private const string JsonElsewhere = "The JSON() function is currently only supported inside JSON_ARRAY() or as the VALUE param of JSON_OBJECT().";

    private static readonly string[] ConstructorNames = ["JSON_OBJECT", "JSON_ARRAY", "JSON_OBJECTAGG", "JSON_ARRAYAGG", "JSON"];

    public BoundExpression? TryBind(Call call) => call.Function switch
    {
        "JSON_VALUE" => JsonValue(call),
        "JSON_QUERY" => JsonQuery(call),
        "JSON_EXISTS" => JsonExists(call),
        "JSON_OBJECT" => JsonObject(call),
        "JSON_ARRAY" => JsonArray(call),

        // What is JSON already is not put in quotes.
        "JSON_STRING" when call.Arguments is [Call { Function: "JSON_OBJECT" or "JSON_ARRAY" } made] => binder.Bind(made),
        "JSON" => throw binder.Error(call.Span, call.Arguments.Length == 1 ? JsonElsewhere : "JSON takes one text. " + JsonElsewhere),
        _ => null,
    };

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
        if (type.Kind == TypeKind.Array && !type.Fields[0].Type.IsCharacter) throw binder.Error(call.Span, $"Unsupported array element type '{type.Fields[0].Type.Name}' for RETURNING ARRAY in JSON_QUERY(): it gives ARRAY<STRING>.");
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

    /// <summary>A value that JSON is made of; JSON(text) is possible here alone.</summary>
    private BoundExpression Value(Expression expression)
    {
        if (expression is not Call { Function: "JSON", Arguments: [var text] } json) return binder.Bind(expression);
        var argument = binder.Bind(text);
        if (!argument.Type.IsCharacter && argument.Type.Kind is not (TypeKind.Variant or TypeKind.Null)) throw binder.Error(text.Span, $"JSON takes a text, this is {argument.Type.Name}.");
        return ExpressionBinder.Call("JSON", JsonConstructors.Json, [binder.Text(argument)], SqlType.String, json.Span, canFail: true);
    }

    private BoundCall JsonObject(Call call)
    {
        var arguments = call.Arguments.Select((a, i) => i % 2 == 0 ? binder.Text(binder.Bind(a)) : Value(a)).ToImmutableArray();
        var isJson = call.Arguments.Where((_, i) => i % 2 == 1).Select(IsJson).ToArray();
        var nullOnNull = !Equals(call.Options.GetValueOrDefault("ON NULL"), "ABSENT");
        return new BoundCall(NameOf("JSON_OBJECT", nullOnNull, isJson), JsonConstructors.Object(isJson, nullOnNull), arguments, SqlType.String.NotNull, call.Span);
    }

    private BoundCall JsonArray(Call call)
    {
        var arguments = call.Arguments.Select(Value).ToImmutableArray();
        var isJson = call.Arguments.Select(IsJson).ToArray();
        var nullOnNull = Equals(call.Options.GetValueOrDefault("ON NULL"), "NULL");
        return new BoundCall(NameOf("JSON_ARRAY", nullOnNull, isJson), JsonConstructors.Array(isJson, nullOnNull), arguments, SqlType.String.NotNull, call.Span);
    }

    /// <summary>The name carries all that the kernel depends on besides its arguments: calls of equal text are one call in the plan.</summary>
    private static string NameOf(string function, bool nullOnNull, bool[] isJson) =>
        $"{function} {(nullOnNull ? "NULL" : "ABSENT")} {string.Concat(isJson.Select(j => j ? 'j' : 'v'))}";
}
