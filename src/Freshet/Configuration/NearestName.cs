namespace Freshet.Configuration;

/// <summary>
/// The valid name that a misspelt one most likely meant: the fewest single-letter edits (insert, delete, replace, swap of
/// neighbours; Damerau's restricted distance), case ignored, and close enough to be worth saying.
/// </summary>
internal static class NearestName
{
    /// <summary>The nearest of <paramref name="names"/>, or null where none shares enough with <paramref name="word"/>.</summary>
    public static string? Of(string word, IEnumerable<string> names)
    {
        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var name in names)
        {
            var distance = Distance(word.ToUpperInvariant(), name.ToUpperInvariant());
            if (distance >= bestDistance) continue;
            best = name;
            bestDistance = distance;
        }

        return best is not null && bestDistance <= Math.Max(2, Math.Max(word.Length, best.Length) / 3) ? best : null;
    }

    /// <summary>"; did you mean "x"?" or the list of what is valid.</summary>
    public static string Hint(string word, IReadOnlyCollection<string> names) =>
        Of(word, names) is { } near ? $"did you mean \"{near}\"?" : $"valid: {string.Join(", ", names)}.";

    private static int Distance(string a, string b)
    {
        var twoAgo = new int[b.Length + 1];
        var last = new int[b.Length + 1];
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1] + 1, last[j] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = Math.Min(row[j], twoAgo[j - 2] + 1);
            }

            (twoAgo, last, row) = (last, row, twoAgo);
        }

        return last[b.Length];
    }
}
