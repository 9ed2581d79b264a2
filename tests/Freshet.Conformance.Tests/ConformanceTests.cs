using Freshet.Conformance.Cases;
using Freshet.Conformance.Reporting;
using Freshet.Conformance.Running;

namespace Freshet.Conformance.Tests;

/// <summary>Every case of Flink's own tests that is at hand: what passed once passes for good, and a known failure that passes leaves its list.</summary>
public sealed class ConformanceTests
{
    public static TheoryData<string> Families => [.. CaseFolder.Families];

    [Theory]
    [MemberData(nameof(Families))]
    public void The_failures_of_a_family_are_the_known_ones(string family)
    {
        var folder = Folder();
        Assert.SkipWhen(folder is null, "The folder shared/conformance/flink is not beside the repository, and FRESHET_CONFORMANCE names no other.");
        var cases = CaseFolder.Read(folder!).Where(c => c.Family == family && c.IsCounted).ToList();
        var known = KnownFailures.Read(KnownFailures.SourceFolder(), family);
        var failed = cases.Zip(CaseRunner.Run(cases)).Where(r => KnownFailures.IsFailure(r.Second)).ToDictionary(r => KnownFailures.KeyOf(r.First), r => r.Second);
        Assert.NotEmpty(cases);
        string[] wrong =
        [
            .. failed.Where(f => !known.Contains(f.Key)).Select(f => Text(f.Key, f.Value)),
            .. known.Where(k => !failed.ContainsKey(k)).Select(k => $"{k} is no failure any more: shrink the list with --update-known."),
        ];
        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
    }

    private static string Text(string name, Verdict verdict) =>
        $"{verdict.Outcome} {name}: {verdict.Reason} got {string.Join(" / ", verdict.Got.Take(5))} want {string.Join(" / ", verdict.Want.Take(5))}";

    internal static string? Folder()
    {
        if (Environment.GetEnvironmentVariable("FRESHET_CONFORMANCE") is { Length: > 0 } given)
            return Directory.Exists(given) ? given : throw new DirectoryNotFoundException($"FRESHET_CONFORMANCE names {given}, which is not there.");
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (!File.Exists(Path.Combine(at.FullName, "Freshet.slnx"))) continue;
            // Beside the checkout, or beside the folder of several checkouts.
            foreach (var up in new[] { "..", "../.." })
                if (Path.Combine(at.FullName, up, "shared", "conformance", "flink") is var folder && Directory.Exists(folder)) return folder;
        }

        return null;
    }
}
