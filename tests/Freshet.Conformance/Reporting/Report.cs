using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Freshet.Conformance.Cases;

namespace Freshet.Conformance.Reporting;

/// <summary>The figures of a run as text, one line for each family, and every verdict as JSON.</summary>
internal static partial class Report
{
    public static void Write(IReadOnlyList<(Case Case, Verdict Verdict)> results, bool isVerbose, TextWriter output)
    {
        foreach (var family in CaseFolder.Families)
        {
            var all = results.Where(r => r.Case.Family == family).ToList();
            if (all.Count == 0) continue;
            var counted = all.Where(r => r.Case.IsCounted).ToList();
            output.WriteLine($"{family}: {Figures(counted)}");
            var apart = all.Where(r => !r.Case.IsCounted).ToList();
            if (apart.Count > 0) output.WriteLine($"    apart, which Flink 2.3 does not satisfy or was not asked: {Figures(apart)}");
            Failures(counted, isVerbose, output);
            if (isVerbose) Refusals(counted, output);
        }
    }

    public static void WriteJson(IReadOnlyList<(Case Case, Verdict Verdict)> results, string path)
    {
        var lines = results.Select(r => new
        {
            family = r.Case.Family,
            file = r.Case.File,
            name = r.Case.Name,
            counted = r.Case.IsCounted,
            outcome = r.Verdict.Outcome.ToString().ToLowerInvariant(),
            reason = r.Verdict.Reason,
            sql = r.Case.Has("sql") ? string.Join(";\n", r.Case.Json.GetProperty("sql").ValueKind == JsonValueKind.Array ? r.Case.Texts("sql") : [r.Case.Text("sql")]) : r.Case.Text("sql_expr"),
            got = r.Verdict.Got,
            want = r.Verdict.Want,
        });
        File.WriteAllText(path, JsonSerializer.Serialize(lines, JsonOptions));
    }

    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Figures(List<(Case Case, Verdict Verdict)> results)
    {
        int Count(Func<Outcome, bool> which) => results.Count(r => which(r.Verdict.Outcome));
        var final = Count(o => o is Outcome.Final or Outcome.Exact);
        return string.Create(CultureInfo.InvariantCulture, $"total {results.Count}, final {final} ({100.0 * final / Math.Max(1, results.Count):0.0} %), exact {Count(o => o == Outcome.Exact)}, refused {Count(o => o == Outcome.Refused)}, wrong {Count(o => o == Outcome.Wrong)}, crashed {Count(o => o == Outcome.Crashed)}");
    }

    private static void Failures(List<(Case Case, Verdict Verdict)> results, bool isVerbose, TextWriter output)
    {
        foreach (var (test, verdict) in results.Where(r => r.Verdict.Outcome is Outcome.Wrong or Outcome.Crashed))
        {
            output.WriteLine($"    {verdict.Outcome.ToString().ToLowerInvariant()} {test.Name}{(verdict.Reason.Length == 0 ? "" : ": " + Cut(verdict.Reason, isVerbose ? 600 : 120))}");
            if (!isVerbose || (verdict.Got.Count == 0 && verdict.Want.Count == 0)) continue;
            var got = verdict.Got.Order(StringComparer.Ordinal).ToList();
            var want = verdict.Want.Order(StringComparer.Ordinal).ToList();
            foreach (var line in Without(want, got)) output.WriteLine("        want " + Cut(line, 300));
            foreach (var line in Without(got, want)) output.WriteLine("        got  " + Cut(line, 300));
        }
    }

    private static void Refusals(List<(Case Case, Verdict Verdict)> results, TextWriter output)
    {
        var refused = results.Where(r => r.Verdict.Outcome == Outcome.Refused).GroupBy(r => Place().Replace(r.Verdict.Reason, ""));
        foreach (var group in refused.OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal))
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"    refused {group.Count(),4}: {Cut(group.Key, 300)}   e.g. {group.First().Case.Name}"));
    }

    private static IEnumerable<string> Without(List<string> lines, List<string> others)
    {
        var rest = others.GroupBy(o => o).ToDictionary(g => g.Key, g => g.Count());
        foreach (var line in lines)
        {
            if (rest.GetValueOrDefault(line) > 0) rest[line]--;
            else yield return line;
        }
    }

    private static string Cut(string text, int length)
    {
        text = text.ReplaceLineEndings(" ");
        return text.Length <= length ? text : text[..length] + "...";
    }

    [GeneratedRegex(@"^[^ ]*:\d+:\d+: ")]
    private static partial Regex Place();
}
