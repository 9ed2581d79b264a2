using System.Text.Json;
using System.Text.RegularExpressions;

namespace Freshet.Conformance.Cases;

/// <summary>A case as it stands in its file.</summary>
/// <param name="Family">The line it is counted in: its folder's name, or <c>patterns</c> where it matches rows against a pattern.</param>
/// <param name="Folder">The folder's name: the form of <paramref name="Json"/>.</param>
/// <param name="IsCounted">Whether Flink itself gave the expected answer; the others are reported apart.</param>
internal sealed record Case(string Family, string Folder, string File, string Name, JsonElement Json, bool IsCounted)
{
    public string Text(string key) => Json.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? StringOf(value) : "";

    public bool Has(string key) => Json.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null;

    public IEnumerable<string> Texts(string key) => TextsOf(Json, key);

    public bool Flag(string key) => Json.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.True;

    public static IEnumerable<string> TextsOf(JsonElement json, string key) =>
        json.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.String ? StringOf(v) : v.GetRawText()) : [];

    /// <summary>A JSON string; also one that holds half of a surrogate pair, as Java strings may.</summary>
    public static string StringOf(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Regex.Unescape(value.GetRawText()[1..^1].Replace("\\/", "/", StringComparison.Ordinal));
        }
    }
}
