using System.Globalization;
using System.Text.Json;

namespace Freshet.Conformance.Cases;

/// <summary>
/// The cases of a folder: one folder inside for each family, JSON files in them. A file <c>verified.tsv</c> says which of them Flink
/// itself satisfied; without one all are counted.
/// </summary>
internal static class CaseFolder
{
    public const string Patterns = "patterns";

    private static readonly string[] Folders = ["functions", "expressions", "itcases-batch", "itcases-streaming", "programs", "parse-corpus"];

    /// <summary>The names of all families, in the order of the report.</summary>
    public static IReadOnlyList<string> Families { get; } = [.. Folders[..5], Patterns, Folders[5]];

    public static List<Case> Read(string root)
    {
        var verdicts = Verdicts(Path.Combine(root, "verified.tsv"));
        var cases = new List<Case>();
        foreach (var folder in Folders.Where(f => Directory.Exists(Path.Combine(root, f))))
        {
            foreach (var path in Directory.EnumerateFiles(Path.Combine(root, folder), "*.json").Order(StringComparer.Ordinal))
            {
                var file = Path.GetFileName(path);
                var document = JsonDocument.Parse(File.ReadAllBytes(path));
                var number = 0;
                foreach (var json in document.RootElement.EnumerateArray())
                {
                    number++;
                    var name = json.TryGetProperty("name", out var given) ? given.GetString()! : string.Create(CultureInfo.InvariantCulture, $"{file}#{number}");
                    var counted = folder == "parse-corpus" || verdicts is null || verdicts.GetValueOrDefault($"{folder}\t{file}\t{name}", "").StartsWith("agrees", StringComparison.Ordinal);
                    cases.Add(new Case(IsPattern(folder, json) ? Patterns : folder, folder, file, name, json, counted));
                }
            }
        }

        return cases;
    }

    private static Dictionary<string, string>? Verdicts(string file)
    {
        if (!File.Exists(file)) return null;
        var verdicts = new Dictionary<string, string>();
        foreach (var line in File.ReadLines(file))
        {
            var cells = line.Split('\t');
            if (cells.Length >= 4) verdicts[string.Join('\t', cells[..3])] = cells[3];
        }

        return verdicts;
    }

    private static bool IsPattern(string folder, JsonElement json) =>
        folder != "parse-corpus" && json.TryGetProperty("sql", out var sql) && sql.GetRawText().Contains("MATCH_RECOGNIZE", StringComparison.OrdinalIgnoreCase);
}
