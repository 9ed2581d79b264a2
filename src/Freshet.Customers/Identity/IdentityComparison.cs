namespace Freshet.Customers.Identity;

/// <summary>
/// What other rules make of the same events. An identifier is named by its type and value, since its number comes from the rules too.
/// </summary>
/// <param name="Before">Profiles by the one rules; <paramref name="After"/> by the others.</param>
/// <param name="Merges">Profiles that go into another.</param>
/// <param name="Splits">Profiles that come out of another.</param>
/// <param name="Gone">Identifiers that no longer count; <paramref name="New"/> those that count only now.</param>
internal sealed record IdentityComparison(int Before, int After, int Merges, int Splits, int Gone, int New)
{
    public static IdentityComparison Of(IReadOnlyDictionary<(string Type, string Value), long> before, IReadOnlyDictionary<(string Type, string Value), long> after)
    {
        var pairs = before.Where(b => after.ContainsKey(b.Key)).Select(b => (Old: b.Value, Now: after[b.Key])).Distinct().ToList();
        // A profile of now that holds parts of several old ones has merged all but one of them; and the other way round.
        return new IdentityComparison(
            before.Values.Distinct().Count(),
            after.Values.Distinct().Count(),
            pairs.GroupBy(p => p.Now).Sum(g => g.Count() - 1),
            pairs.GroupBy(p => p.Old).Sum(g => g.Count() - 1),
            before.Keys.Count(k => !after.ContainsKey(k)),
            after.Keys.Count(k => !before.ContainsKey(k)));
    }
}
