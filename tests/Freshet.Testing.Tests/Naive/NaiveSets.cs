using Freshet.Plan;

namespace Freshet.Testing.Tests.Naive;

/// <summary>INTERSECT and EXCEPT by how often each row is there.</summary>
internal static class NaiveSets
{
    public static IEnumerable<(NaiveRow, long)> Rows(SetOperation set, Dictionary<string, (NaiveRow Row, long Weight)> left, Dictionary<string, (NaiveRow Row, long Weight)> right)
    {
        foreach (var (key, (row, weight)) in left)
        {
            var other = right.GetValueOrDefault(key).Weight;
            var count = set.IsExcept ? (set.IsAll ? weight - other : other == 0 ? 1 : 0) : Math.Min(weight, other);
            if (count > 0) yield return (row, set.IsAll ? count : 1);
        }
    }
}
