using System.Text;

namespace Freshet.Server.Configuration;

/// <summary>
/// Replaces <c>${NAME}</c> and <c>${NAME:-default}</c> in a text by values, in freshet.json, SQL files and scripts alike. A name that
/// is not set and has no default is an error: silence would run with half a configuration.
/// </summary>
internal static class EnvironmentText
{
    /// <param name="value">The value of a name, or null where it is not set.</param>
    /// <param name="problem">Makes the error of a sentence and the position of the <c>${</c>.</param>
    public static string Replace(string text, Func<string, string?> value, Func<string, int, Exception> problem)
    {
        var at = text.IndexOf("${", StringComparison.Ordinal);
        if (at < 0) return text;
        var result = new StringBuilder();
        var from = 0;
        for (; at >= 0; at = text.IndexOf("${", from, StringComparison.Ordinal))
        {
            var end = text.IndexOf('}', at);
            if (end < 0) throw problem("has ${ without }", at);
            var inside = text[(at + 2)..end];
            var fallback = inside.IndexOf(":-", StringComparison.Ordinal);
            var name = fallback < 0 ? inside : inside[..fallback];
            result.Append(text, from, at - from)
                .Append(value(name) ?? (fallback < 0 ? throw problem($"names the variable {name}, which is not set; set it, or write ${{{name}:-default}}", at) : inside[(fallback + 2)..]));
            from = end + 1;
        }

        return result.Append(text, from, text.Length - from).ToString();
    }
}
