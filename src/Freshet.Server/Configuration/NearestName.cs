namespace Freshet.Server.Configuration;

/// <summary>What to say about a name that does not exist: the nearest that does, or all that do.</summary>
internal static class NearestName
{
    public static string? Of(string word, IEnumerable<string> names) => Syntax.Text.NearestName.Of(word, names);

    public static string Hint(string word, IReadOnlyCollection<string> names) =>
        Of(word, names) is { } near ? $"did you mean \"{near}\"?" : $"valid: {string.Join(", ", names)}.";
}
