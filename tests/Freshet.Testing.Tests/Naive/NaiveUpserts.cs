using Freshet.Plan;

namespace Freshet.Testing.Tests.Naive;

/// <summary>The last row of each key, in the order of the input.</summary>
internal static class NaiveUpserts
{
    public static IEnumerable<(NaiveRow Row, long Weight)> LastRows(Upserts upserts, IEnumerable<(NaiveRow Row, long Weight)> input)
    {
        var last = new Dictionary<string, NaiveRow>();
        foreach (var (row, weight) in input)
        {
            var key = new NaiveRow([.. upserts.Keys.Select(k => row.Values[k])]).Key;
            if (weight > 0) last[key] = row;
            else last.Remove(key);
        }

        return last.Values.Select(r => (r, 1L));
    }
}
