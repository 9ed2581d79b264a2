namespace Freshet.Syntax.Text;

/// <summary>The valid name that a misspelt one most likely meant.</summary>
public static class NearestName
{
    /// <summary>The closest of <paramref name="names"/> by edits (at most a third of the letters), or null.</summary>
    public static string? Of(string word, IEnumerable<string> names)
    {
        string? best = null;
        var bestDistance = Math.Max(1, word.Length / 3) + 1;
        foreach (var name in names)
        {
            var distance = Distance(word.ToUpperInvariant(), name.ToUpperInvariant());
            if (distance >= bestDistance) continue;
            best = name;
            bestDistance = distance;
        }

        return best;
    }

    /// <summary>" Did you mean x?" or nothing.</summary>
    public static string Hint(string word, IEnumerable<string> names) => Of(word, names) is { } name ? $" Did you mean {name}?" : "";

    /// <summary>Edits by insertion, deletion, substitution and swap of neighbours.</summary>
    private static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= right.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var cost = left[i - 1] == right[j - 1] ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[left.Length, right.Length];
    }
}
