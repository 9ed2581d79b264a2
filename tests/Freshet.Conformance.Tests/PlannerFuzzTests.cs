using Freshet.Conformance.Cases;
using Freshet.Conformance.Fuzzing;

namespace Freshet.Conformance.Tests;

/// <summary>Whatever a text is, the planner answers with a plan or with a sentence and a place.</summary>
public sealed class PlannerFuzzTests
{
    private const int Rounds = 2;

    [Fact]
    public void No_text_of_Flinks_tests_as_it_is_or_changed_crashes_the_planner_or_a_run_over_a_few_rows()
    {
        var folder = ConformanceTests.Folder();
        Assert.SkipWhen(folder is null, "The folder shared/conformance/flink is not beside the repository, and FRESHET_CONFORMANCE names no other.");
        var crashes = FuzzRun.Crashes(CaseFolder.Read(folder!), Rounds, Seeds.Next(), runs: true, new Dictionary<string, int>(), out var summary);
        TestContext.Current.TestOutputHelper?.WriteLine(summary);
        Assert.Equal("", string.Join('\n', crashes.Select(FuzzRun.Describe)));
    }
}
