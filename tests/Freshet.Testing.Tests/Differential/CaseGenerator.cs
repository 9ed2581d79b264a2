using System.Globalization;

namespace Freshet.Testing.Tests.Differential;

/// <summary>
/// Cases from a seed: one to three tables with NULLs, repeated values and repeated rows; some take rows back, some have event
/// time with rows that come late; and a query over them.
/// </summary>
internal static class CaseGenerator
{
    private static readonly string[] Texts = ["a", "b", "B", "cc", "a text of more than twelve bytes", "a text of more than twelve bytes, too", "", "zürich"];

    public static GeneratedCase Create(int seed)
    {
        var random = new Random(seed);
        var tables = Enumerable.Range(0, random.Next(1, 4)).Select(i => Table(random, i)).ToList();
        return new GeneratedCase(seed, tables, new QueryGenerator(random, tables).Create());
    }

    private static GeneratedTable Table(Random random, int index)
    {
        var changes = random.Next(3) == 0;
        var hasTime = !changes && random.Next(2) == 0;
        var columns = new List<GeneratedColumn> { new("k", "INT"), new("s", "STRING") };
        string[] types = ["INT", "BIGINT", "STRING", "DOUBLE", "DECIMAL(10, 2)", "BOOLEAN", "DATE", "TIMESTAMP(3)"];
        for (var i = random.Next(1, 4); i > 0; i--) columns.Add(new GeneratedColumn($"c{columns.Count}", types[random.Next(types.Length)]));
        if (hasTime) columns.Add(new GeneratedColumn("ts", "TIMESTAMP(3)"));
        var rows = new List<GeneratedRow>();
        var present = new List<IReadOnlyList<string?>>();
        var clock = 0;
        for (var i = random.Next(2, 40); i > 0; i--)
        {
            if (changes && present.Count > 0 && random.Next(3) == 0)
            {
                var at = random.Next(present.Count);
                rows.Add(new GeneratedRow(-1, present[at]));
                present.RemoveAt(at);
                continue;
            }

            clock += random.Next(5) == 0 ? random.Next(8000) : random.Next(900);
            var row = present.Count > 0 && random.Next(10) == 0 && !hasTime
                ? present[random.Next(present.Count)]
                : [.. columns.Select(c => c.Name == "ts" ? Time(Math.Max(0, clock - (random.Next(6) == 0 ? random.Next(4000) : 0))) : Cell(random, c.Type))];
            present.Add(row);
            rows.Add(new GeneratedRow(1, row));
        }

        return new GeneratedTable($"t{index}", columns, changes, hasTime ? "ts" : null, rows);
    }

    private static string Time(int milliseconds) =>
        new DateTime(2024, 1, 1).AddMilliseconds(milliseconds).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);

    private static string? Cell(Random random, string type)
    {
        if (random.Next(6) == 0) return null;
        return type switch
        {
            "INT" => random.Next(-2, 5).ToString(CultureInfo.InvariantCulture),
            "BIGINT" => (random.Next(20) == 0 ? 9_000_000_000 + random.Next(3) : random.Next(4)).ToString(CultureInfo.InvariantCulture),
            "STRING" => Texts[random.Next(Texts.Length)],
            "DOUBLE" => (random.Next(-8, 9) / 4.0).ToString("0.0###", CultureInfo.InvariantCulture),
            "DECIMAL(10, 2)" => (random.Next(-500, 500) / 100m).ToString("0.00", CultureInfo.InvariantCulture),
            "BOOLEAN" => random.Next(2) == 0 ? "true" : "false",
            "DATE" => new DateTime(2024, 2, 27).AddDays(random.Next(4)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            _ => Time(random.Next(4) * 1500),
        };
    }
}
