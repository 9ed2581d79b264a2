namespace Freshet.Testing.Tests.Differential;

/// <summary>Makes a case that differs from Flink smaller: first the smallest query within it that still differs, then fewer rows.</summary>
internal static class Shrinker
{
    private const int RoundsMax = 6;

    private const int CandidatesMax = 24;

    public static GeneratedCase Shrink(GeneratedCase given, FlinkOracle flink, Func<GeneratedCase, FlinkAnswer, string?> differs)
    {
        var parts = given.Query.All().Select(q => given with { Query = q }).OrderBy(c => c.Query.Sql.Length).ToList();
        given = First(parts, flink, differs) ?? given;
        for (var round = 0; round < RoundsMax; round++)
        {
            var candidates = given.Tables.SelectMany((table, t) => Fewer(table).Select(fewer => given with { Tables = [.. given.Tables.Select((other, o) => o == t ? fewer : other)] })).Take(CandidatesMax).ToList();
            var smaller = First(candidates, flink, differs);
            if (smaller is null) return given;
            given = smaller;
        }

        return given;
    }

    private static GeneratedCase? First(List<GeneratedCase> candidates, FlinkOracle flink, Func<GeneratedCase, FlinkAnswer, string?> differs)
    {
        if (candidates.Count == 0) return null;
        var answers = flink.Ask(candidates);
        for (var i = 0; i < candidates.Count; i++)
            if (differs(candidates[i], answers[i]) is not null) return candidates[i];
        return null;
    }

    /// <summary>The table without a half, a quarter or an eighth of its rows; a row that is taken back goes with its insertion.</summary>
    private static IEnumerable<GeneratedTable> Fewer(GeneratedTable table)
    {
        for (var size = (table.Rows.Count + 1) / 2; size >= 1 && size >= table.Rows.Count / 8; size /= 2)
        {
            for (var from = 0; from < table.Rows.Count; from += size)
            {
                var rows = table.Rows.Take(from).Concat(table.Rows.Skip(from + size)).ToList();
                if (IsPossible(rows, table)) yield return table with { Rows = rows };
            }
        }
    }

    private static bool IsPossible(List<GeneratedRow> rows, GeneratedTable table)
    {
        var present = new Dictionary<string, int>();
        foreach (var row in rows)
        {
            var key = table.Literals(row);
            var count = present.GetValueOrDefault(key) + row.Weight;
            if (count < 0) return false;
            present[key] = count;
        }

        return true;
    }
}
