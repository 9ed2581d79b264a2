using System.Text.Json;
using System.Text.Json.Nodes;
using Freshet.Customers.Identity;
using Freshet.Customers.Profiles;
using Freshet.Plan.Catalog;

namespace Freshet.Customers.Privacy;

/// <summary>
/// Takes erased identifiers out of a record of events that is somebody else's: the members that the identity reads, entries of context.externalIds, and what
/// an order of split or link names. Of an order about the erased one nothing is left but its time. Other text of the event is not looked through.
/// </summary>
internal static class EventScrubber
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1024 };

    /// <summary>Whether a record carries an identifier that was erased.</summary>
    public static bool Names(IdentityRules rules, ReadOnlyMemory<byte> record, Func<string, string, bool> isErased)
    {
        using var parsed = JsonDocument.Parse(record, Deep);
        return Names(rules, parsed.RootElement, isErased);
    }

    public static bool Names(IdentityRules rules, JsonElement record, Func<string, string, bool> isErased) =>
        record.ValueKind == JsonValueKind.Object && (ProfileReads.Carried(rules, record).Any(c => isErased(c.Type, c.Value)) || Ordered(record).Any(o => IsErased(rules, o, isErased)));

    /// <summary>The record without them; null where it has none.</summary>
    /// <param name="isErased">Whose identifiers have been erased.</param>
    /// <param name="isDropped">What the identity had dropped from this event: it goes too, so that nothing that was dropped because of the erased ones counts now.</param>
    public static byte[]? Without(IdentityRules rules, ReadOnlyMemory<byte> record, Func<string, string, bool> isErased, Func<string, string, bool> isDropped)
    {
        if (!Names(rules, record, isErased)) return null;
        var erased = isErased;
        isErased = (type, value) => erased(type, value) || isDropped(type, value);
        var root = JsonNode.Parse(record.Span, documentOptions: Deep)!.AsObject();
        foreach (var type in rules.Types)
            foreach (var from in type.From)
                Remove(root, [EventsTable.Columns[from.Column].Member, .. from.Path?.Steps.Select(s => s.Key) ?? []], v => isErased(type.Name, ProfileReads.Normalized(rules, type.Name, v)));
        Remove(root, ["previousId"], v => isErased("user_id", ProfileReads.Normalized(rules, "user_id", v)) || isErased("anonymous_id", ProfileReads.Normalized(rules, "anonymous_id", v)));
        if ((root["context"] as JsonObject)?["externalIds"] is JsonArray ids) Keep(ids, i => i is not JsonObject id || Text(id["type"]) is not { } type || Text(id["id"]) is not { } value || !isErased(type, ProfileReads.Normalized(rules, type, value)));
        if (root["properties"] is JsonObject properties && Text(root["type"]) is "split" or "link" or "erase")
        {
            if (Text(((JsonObject)root["properties"]!)["of"]) is { } of && IsErased(rules, of, isErased)) root["properties"] = new JsonObject();
            else if (properties["identifiers"] is JsonArray named) Keep(named, n => Text(n) is not { } text || !IsErased(rules, text, isErased));
        }

        return JsonSerializer.SerializeToUtf8Bytes(root);
    }

    /// <summary>The same order, which says of its receipt alone; null where it does already.</summary>
    public static byte[]? OrderWithout(ReadOnlyMemory<byte> record, string receipt)
    {
        var root = JsonNode.Parse(record.Span, documentOptions: Deep)!.AsObject();
        if (root["properties"] is JsonObject properties && properties.ContainsKey("receipt")) return null;
        root["properties"] = new JsonObject { ["receipt"] = receipt };
        return JsonSerializer.SerializeToUtf8Bytes(root);
    }

    private static IEnumerable<string> Ordered(JsonElement record)
    {
        if (!record.TryGetProperty("type", out var type) || type.GetString() is not ("split" or "link" or "erase") || !record.TryGetProperty("properties", out var properties) || properties.ValueKind != JsonValueKind.Object) yield break;
        if (properties.TryGetProperty("of", out var of) && of.ValueKind == JsonValueKind.String) yield return of.GetString()!;
        if (!properties.TryGetProperty("identifiers", out var named) || named.ValueKind != JsonValueKind.Array) yield break;
        foreach (var name in named.EnumerateArray())
            if (name.ValueKind == JsonValueKind.String) yield return name.GetString()!;
    }

    private static bool IsErased(IdentityRules rules, string typed, Func<string, string, bool> isErased)
    {
        var colon = typed.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && isErased(typed[..colon], ProfileReads.Normalized(rules, typed[..colon], typed[(colon + 1)..]));
    }

    private static void Remove(JsonObject from, IReadOnlyList<string?> path, Func<string, bool> isErased)
    {
        for (var i = 0; i < path.Count - 1; i++)
        {
            if (path[i] is not { } key || from[key] is not JsonObject inner) return;
            from = inner;
        }

        if (path[^1] is { } last && Text(from[last]) is { } text && isErased(text)) from.Remove(last);
    }

    private static void Keep(JsonArray array, Func<JsonNode?, bool> stays)
    {
        for (var i = array.Count - 1; i >= 0; i--)
            if (!stays(array[i])) array.RemoveAt(i);
    }

    private static string? Text(JsonNode? node) => node is JsonValue value ? value.GetValueKind() switch { JsonValueKind.String => value.GetValue<string>(), JsonValueKind.Number => value.ToJsonString(), _ => null } : null;
}
