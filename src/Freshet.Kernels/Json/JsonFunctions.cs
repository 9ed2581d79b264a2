using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;

namespace Freshet.Kernels.Json;

/// <summary>What stands for a result that is empty or in error: <c>... ON EMPTY</c>, <c>... ON ERROR</c>.</summary>
public enum JsonBehavior : byte
{
    Null,
    Error,

    /// <summary>A further argument of the kernel.</summary>
    Default,
    EmptyArray,
    EmptyObject,
    True,
    False,
}

/// <summary>Whether JSON_QUERY puts its result into an array.</summary>
public enum JsonWrapper : byte
{
    Without,

    /// <summary>Around everything but an array.</summary>
    Conditional,
    Unconditional,
}

/// <summary>What IS JSON asks for.</summary>
public enum JsonShapeKind : byte
{
    Value,
    Scalar,
    Array,
    Object,
}

/// <summary>
/// The SQL/JSON query functions over STRING or VARIANT. Paths are literals, so that a kernel is made for each call in a plan.
/// <code>
/// function                                            kernel                                arguments            result
/// JSON_VALUE(j, p RETURNING t DEFAULT x ON EMPTY ...) Value(path, onEmpty, onError)         j [, x] [, y]        any scalar type
/// JSON_QUERY(j, p w ... ON EMPTY ... ON ERROR)        Query(path, wrapper, onEmpty, onError) j                   STRING, VARIANT, ARRAY
/// JSON_EXISTS(j, p ... ON ERROR)                      Exists(path, onError)                 j                    BOOLEAN
/// j IS JSON [VALUE|SCALAR|ARRAY|OBJECT]               IsJson(kind)                          j                    BOOLEAN
/// </code>
/// x and y are there only for <see cref="JsonBehavior.Default"/>, cast to the result type by the caller. NULL in, NULL out.
/// As in Flink a path without <c>lax</c> is strict; a member that is missing or null is empty for a lax path and an error for a strict one;
/// a text that is no JSON and a value of another shape are errors; a path with wildcards finds a list, which always exists.
/// The defaults of the language are NULL ON EMPTY, NULL ON ERROR, FALSE ON ERROR.
/// </summary>
public static class JsonFunctions
{
    public static ScalarKernel Value(JsonPath path, JsonBehavior onEmpty = JsonBehavior.Null, JsonBehavior onError = JsonBehavior.Null) =>
        (context, arguments, types) => JsonRows.Run(context, arguments, types, new ValueRow(path, onEmpty, onError));

    public static ScalarKernel Query(
        JsonPath path, JsonWrapper wrapper = JsonWrapper.Without, JsonBehavior onEmpty = JsonBehavior.Null, JsonBehavior onError = JsonBehavior.Null) =>
        (context, arguments, types) => JsonRows.Run(context, arguments, types, new QueryRow(path, wrapper, onEmpty, onError));

    /// <param name="onError">True, False, Null (UNKNOWN) or Error.</param>
    public static ScalarKernel Exists(JsonPath path, JsonBehavior onError = JsonBehavior.False) =>
        (context, arguments, types) => JsonRows.Run(context, arguments, types, new ExistsRow(path, onError));

    public static ScalarKernel IsJson(JsonShapeKind kind = JsonShapeKind.Value) =>
        (context, arguments, types) => JsonRows.Run(context, arguments, types, new IsJsonRow(kind));

    private static bool IsTrusted(JsonRows rows) => !rows.Types.Arguments[0].IsCharacter;

    /// <summary>Follows the path; several matches, or a wildcard, are left in the list of matches.</summary>
    private static JsonPathResult Find(JsonRows rows, ReadOnlySpan<Column> arguments, int row, JsonPath path, out JsonValue value)
    {
        value = default;
        if (!rows.TryScan(arguments[0], row, IsTrusted(rows), out var root)) return JsonPathResult.Error;
        if (!path.HasWildcard) return JsonPathWalk.Find(root, path, out value);
        rows.Matches.Clear();
        JsonPathWalk.FindAll(root, path, 0, rows.Matches);
        return JsonPathResult.Found;
    }

    private readonly struct ValueRow(JsonPath path, JsonBehavior onEmpty, JsonBehavior onError) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row)) return false;
            var found = Find(rows, arguments, row, path, out var value);
            if (found == JsonPathResult.Error) return OnError(rows, arguments, row, "the path does not fit the document, or the text is not JSON", Text(arguments, row));
            if (path.HasWildcard) return OnError(rows, arguments, row, "the path finds a list; JSON_QUERY returns those", []);
            if (value.Kind is JsonKind.None or JsonKind.Null)
                return path.Mode == JsonPathMode.Lax ? OnEmpty(rows, arguments, row) : OnError(rows, arguments, row, "the value is null", value.Raw);
            if (value.Kind is JsonKind.Object or JsonKind.Array) return OnError(rows, arguments, row, "the value is an object or array; JSON_QUERY returns those", value.Raw);
            if (rows.TryStore(value, row, out var result)) return true;
            return OnError(rows, arguments, row, result == TextResult.OutOfRange ? "the value is out of the range of the returned type" : "the value cannot be read as the returned type", value.Raw);
        }

        private bool OnEmpty(JsonRows rows, ReadOnlySpan<Column> arguments, int row) => onEmpty switch
        {
            JsonBehavior.Error => rows.Fail($"JSON_VALUE finds nothing at {path}.", Text(arguments, row)),
            JsonBehavior.Default => rows.TryCopy(arguments[1], row),
            _ => false,
        };

        /// <summary>With both defaults the one ON EMPTY comes first.</summary>
        private bool OnError(JsonRows rows, ReadOnlySpan<Column> arguments, int row, string reason, ReadOnlySpan<byte> value) => onError switch
        {
            JsonBehavior.Error => rows.Fail($"JSON_VALUE at {path}: {reason}.", value),
            JsonBehavior.Default => rows.TryCopy(arguments[onEmpty == JsonBehavior.Default ? 2 : 1], row),
            _ => false,
        };
    }

    private readonly struct QueryRow(JsonPath path, JsonWrapper wrapper, JsonBehavior onEmpty, JsonBehavior onError) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row)) return false;
            var found = Find(rows, arguments, row, path, out var value);
            var isEmpty = found == JsonPathResult.Empty || (!path.HasWildcard && value.Kind == JsonKind.Null);
            if (found == JsonPathResult.Error) return Behave(rows, row, onError, "the path does not fit the document, or the text is not JSON", Text(arguments, row));
            if (isEmpty && path.Mode == JsonPathMode.Strict) return Behave(rows, row, onError, "the value is null", value.Raw);
            if (isEmpty) return Behave(rows, row, onEmpty, "nothing is found", []);
            var isArray = path.HasWildcard || value.Kind == JsonKind.Array;
            var wraps = wrapper == JsonWrapper.Unconditional || (wrapper == JsonWrapper.Conditional && !isArray);
            if (!wraps && !isArray && value.Kind != JsonKind.Object)
                return Behave(rows, row, onError, "the value is a scalar; JSON_VALUE returns those, or add WITH WRAPPER", value.Raw);
            var buffer = rows.Buffer;
            buffer.Clear();
            if (wraps) buffer.Write((byte)'[');
            if (path.HasWildcard) AppendMatches(rows);
            else rows.Canonical.Append(value, buffer);
            if (wraps) buffer.Write((byte)']');
            return Store(rows, row);
        }

        private static void AppendMatches(JsonRows rows)
        {
            rows.Buffer.Write((byte)'[');
            for (var i = 0; i < rows.Matches.Count; i++)
            {
                if (i > 0) rows.Buffer.Write((byte)',');
                rows.Canonical.Append(rows.Matches[i], rows.Buffer);
            }

            rows.Buffer.Write((byte)']');
        }

        private bool Store(JsonRows rows, int row)
        {
            rows.StoreText(rows.Buffer.Written, row);
            if (rows.Type.Physical == PhysicalKind.View && (rows.Type.IsCharacter || rows.Type.Kind == TypeKind.Variant)) return true;
            return StoreTyped(rows, row);
        }

        /// <summary>RETURNING ARRAY and the like: the text just stored is read again as that type.</summary>
        private unsafe bool StoreTyped(JsonRows rows, int row)
        {
            var text = StringView.Copy(rows.Buffer.Written, rows.Memory);
            if (rows.TryScan(StringView.Span(&text), true, out var value) && rows.TryStore(value, row, out _)) return true;
            ((StringView*)rows.Result)[row] = default;
            return onError == JsonBehavior.Error && rows.Fail($"JSON_QUERY at {path}: the value cannot be read as {rows.Type.Name}.", rows.Buffer.Written);
        }

        private bool Behave(JsonRows rows, int row, JsonBehavior behavior, string reason, ReadOnlySpan<byte> value)
        {
            if (behavior == JsonBehavior.Error) return rows.Fail($"JSON_QUERY at {path}: {reason}.", value);
            if (behavior is not (JsonBehavior.EmptyArray or JsonBehavior.EmptyObject)) return false;
            rows.Buffer.Clear();
            rows.Buffer.Write(behavior == JsonBehavior.EmptyArray ? "[]"u8 : "{}"u8);
            return Store(rows, row);
        }
    }

    private readonly unsafe struct ExistsRow(JsonPath path, JsonBehavior onError) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row)) return false;
            var found = Find(rows, arguments, row, path, out var value);
            var exists = found == JsonPathResult.Found && (path.HasWildcard || value.Kind != JsonKind.Null);
            if (found == JsonPathResult.Error)
            {
                if (onError == JsonBehavior.Error) return rows.Fail($"JSON_EXISTS: {path} does not fit the document, or the text is not JSON.", Text(arguments, row));
                if (onError is not (JsonBehavior.True or JsonBehavior.False)) return false;
                exists = onError == JsonBehavior.True;
            }

            ((byte*)rows.Result)[row] = exists ? (byte)1 : (byte)0;
            return true;
        }
    }

    private readonly unsafe struct IsJsonRow(JsonShapeKind kind) : IJsonRow
    {
        public bool TryRow(JsonRows rows, ReadOnlySpan<Column> arguments, int row)
        {
            if (arguments[0].IsNull(row)) return false;
            var isJson = rows.TryScan(arguments[0], row, IsTrusted(rows), out var root);
            isJson = isJson && kind switch
            {
                JsonShapeKind.Object => root.Kind == JsonKind.Object,
                JsonShapeKind.Array => root.Kind == JsonKind.Array,
                JsonShapeKind.Scalar => root.Kind is not (JsonKind.Object or JsonKind.Array),
                _ => true,
            };
            ((byte*)rows.Result)[row] = isJson ? (byte)1 : (byte)0;
            return true;
        }
    }

    private static unsafe ReadOnlySpan<byte> Text(ReadOnlySpan<Column> arguments, int row) =>
        StringView.Span(arguments[0].As<StringView>() + arguments[0].IndexOf(row));
}
