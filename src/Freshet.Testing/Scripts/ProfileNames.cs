namespace Freshet.Testing.Scripts;

/// <summary>
/// Profiles by one of their identifiers, <c>user_id:u1</c>, since no script can know their numbers: the user_id where there is one, then
/// email, phone and others, the anonymous_id last. A profile that is gone keeps its last name.
/// </summary>
internal sealed class ProfileNames
{
    private static readonly string[] First = ["user_id", "email", "phone"];

    private readonly Dictionary<string, string> _names = [];

    /// <param name="identifiers">Rows of the view identifiers: type, value, profile_id and more.</param>
    public void Update(IEnumerable<string> identifiers)
    {
        foreach (var profile in identifiers.Select(r => r.Split(" | ")).Where(c => c.Length >= 3).GroupBy(c => c[2]))
            _names[profile.Key] = profile.OrderBy(c => RankOf(c[0])).ThenBy(c => c[0], StringComparer.Ordinal).ThenBy(c => c[1], StringComparer.Ordinal).Select(c => $"{c[0]}:{c[1]}").First();
    }

    /// <summary>Rows with names in the place of numbers.</summary>
    /// <param name="columns">The names of the rows' columns.</param>
    public IReadOnlyDictionary<string, long> Named(IReadOnlyDictionary<string, long> rows, IReadOnlyList<string> columns)
    {
        var places = columns.Select((c, i) => (c, i)).Where(p => p.c is "profile_id" or "merged_profile_id").Select(p => p.i).ToList();
        if (places.Count == 0) return rows;
        var named = new Dictionary<string, long>();
        foreach (var (row, weight) in rows)
        {
            var cells = row.Split(" | ");
            foreach (var place in places.Where(p => p < cells.Length)) cells[place] = _names.GetValueOrDefault(cells[place], cells[place]);
            var key = string.Join(" | ", cells);
            named[key] = named.GetValueOrDefault(key) + weight;
        }

        return named.Where(r => r.Value != 0).ToDictionary();
    }

    private static int RankOf(string type) => type == "anonymous_id" ? int.MaxValue : Array.IndexOf(First, type) is >= 0 and var rank ? rank : First.Length;
}
