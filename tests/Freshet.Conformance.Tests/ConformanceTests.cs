using Freshet.Conformance.Cases;
using Freshet.Conformance.Reporting;
using Freshet.Conformance.Running;

namespace Freshet.Conformance.Tests;

/// <summary>Every case of Flink's own tests that is at hand: what passed once passes for good.</summary>
public sealed class ConformanceTests
{
    public static TheoryData<string> Families => [.. CaseFolder.Families];

    [Theory]
    [MemberData(nameof(Families))]
    public void No_case_that_is_not_a_known_failure_fails(string family)
    {
        var folder = Folder();
        Assert.SkipWhen(folder is null, "The folder shared/conformance/flink is not beside the repository, and FRESHET_CONFORMANCE names no other.");
        var cases = CaseFolder.Read(folder!).Where(c => c.Family == family && c.IsCounted).ToList();
        var known = KnownFailures.Read(KnownFailures.SourceFolder(), family);
        var worse = cases.Zip(CaseRunner.Run(cases)).Where(r => KnownFailures.IsFailure(r.Second) && !known.Contains(KnownFailures.KeyOf(r.First)));
        Assert.Empty(worse.Select(r => $"{r.Second.Outcome} {r.First.Name}: {r.Second.Reason} got {string.Join(" / ", r.Second.Got.Take(5))} want {string.Join(" / ", r.Second.Want.Take(5))}"));
    }

    private static string? Folder()
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
