using Freshet.Columns.Json;
namespace Freshet.Kernels.Json;

/// <summary>What a path finds in a document.</summary>
internal enum JsonPathResult : byte
{
    Found,
    Empty,

    /// <summary>A strict path does not fit the document, or the text is not JSON.</summary>
    Error,
}

/// <summary>Follows a path through an indexed document. A path with wildcards finds a list.</summary>
internal static class JsonPathWalk
{
    /// <summary>The one value of a path without wildcards.</summary>
    internal static JsonPathResult Find(in JsonValue root, JsonPath path, out JsonValue value)
    {
        value = root;
        for (var i = 0; i < path.Steps.Length; i++)
        {
            if (TryStep(value, path, i, out var next))
            {
                value = next;
                continue;
            }

            value = default;
            return path.Mode == JsonPathMode.Strict ? JsonPathResult.Error : JsonPathResult.Empty;
        }

        return JsonPathResult.Found;
    }

    /// <summary>All values of a path, in document order.</summary>
    internal static void FindAll(in JsonValue value, JsonPath path, int step, List<JsonValue> matches)
    {
        if (step == path.Steps.Length)
        {
            matches.Add(value);
            return;
        }

        if (path.Steps[step].IsDescend)
        {
            Descend(value, path, step, matches);
            return;
        }

        if (!path.Steps[step].IsAll)
        {
            if (TryStep(value, path, step, out var next)) FindAll(next, path, step + 1, matches);
            return;
        }

        foreach (var member in value.Members()) FindAll(member.Value, path, step + 1, matches);
        foreach (var element in value.Elements()) FindAll(element, path, step + 1, matches);
    }

    private static void Descend(in JsonValue value, JsonPath path, int step, List<JsonValue> matches)
    {
        if (value.TryGetMember(path.KeyBytes[step], out var next)) FindAll(next, path, step + 1, matches);
        foreach (var member in value.Members()) Descend(member.Value, path, step, matches);
        foreach (var element in value.Elements()) Descend(element, path, step, matches);
    }

    /// <summary>The element at an index from 0, or from the end where negative.</summary>
    internal static bool TryElement(in JsonValue array, long index, out JsonValue element)
    {
        element = default;
        if (index < 0)
        {
            foreach (var _ in array.Elements()) index++;
            if (index < 0) return false;
        }

        foreach (var candidate in array.Elements())
        {
            if (index-- > 0) continue;
            element = candidate;
            return true;
        }

        return false;
    }

    private static bool TryStep(in JsonValue value, JsonPath path, int step, out JsonValue next) =>
        path.Steps[step].Key is not null ? value.TryGetMember(path.KeyBytes[step], out next) : TryElement(value, path.Steps[step].Index, out next);
}
