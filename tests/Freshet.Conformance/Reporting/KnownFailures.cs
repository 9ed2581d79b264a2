using Freshet.Conformance.Cases;

namespace Freshet.Conformance.Reporting;

/// <summary>
/// Cases that are known to fail, a file for each family: <c>class file name</c>, tab between them. A case that is not named must
/// give Flink's final rows; the list may only shrink.
/// </summary>
internal static class KnownFailures
{
    public static HashSet<string> Read(string folder, string family)
    {
        var path = PathOf(folder, family);
        return File.Exists(path) ? [.. File.ReadLines(path).Where(l => l.Length > 0).Select(l => l[(l.IndexOf('\t', StringComparison.Ordinal) + 1)..])] : [];
    }

    public static void Write(string folder, IReadOnlyList<(Case Case, Verdict Verdict)> results)
    {
        Directory.CreateDirectory(folder);
        foreach (var family in results.GroupBy(r => r.Case.Family))
        {
            var lines = family.Where(r => r.Case.IsCounted && IsFailure(r.Verdict)).Select(r => $"{r.Verdict.Outcome.ToString().ToLowerInvariant()}\t{KeyOf(r.Case)}");
            File.WriteAllLines(PathOf(folder, family.Key), lines.Order(StringComparer.Ordinal));
        }
    }

    public static string KeyOf(Case test) => $"{test.File}\t{test.Name}";

    public static bool IsFailure(Verdict verdict) => verdict.Outcome is not (Outcome.Exact or Outcome.Final);

    /// <summary>The lists in the sources, seen from a program or test that runs from the build's output.</summary>
    public static string SourceFolder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Freshet.slnx"))) return Path.Combine(at.FullName, "tests", "Freshet.Conformance", "known-failures");
        throw new DirectoryNotFoundException("The sources are not above the program.");
    }

    private static string PathOf(string folder, string family) => Path.Combine(folder, family + ".txt");
}
