using Freshet.Server.ProjectTests;

namespace Freshet.Server.Tests.ProjectTests;

/// <summary>The project's tests as another process runs them; here a shell plays the program.</summary>
public sealed class TestRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freshet-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Each_script_tells_how_it_ended()
    {
        await using var run = Run("""echo '{"file":"tests/a.test","passed":true,"ms":12,"messages":[]}'; echo 'not json'; echo '{"file":"tests/b.test","passed":false,"ms":3,"messages":["b.test:4: v differs"]}'; echo '{"scripts":2,"passed":1,"failed":1}'; exit 1""");
        Directory.CreateDirectory(Path.Combine(_folder, "tests"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "tests", "a.test"), "", TestContext.Current.CancellationToken);
        Assert.Equal([Path.Combine("tests", "a.test")], run.Files);
        Assert.True(run.Start());
        var state = await EndAsync(run);
        Assert.Null(state.Problem);
        Assert.Equal([("tests/a.test", true, 12L, 0), ("tests/b.test", false, 3L, 1)], state.Scripts.Select(s => (s.File, s.Passed, s.Ms, s.Messages.Count)));
    }

    [Fact]
    public async Task Why_no_test_ran_is_told()
    {
        await using var run = Run("echo 'freshet: sql/a.sql:1:1: what is this' >&2; exit 1");
        Assert.True(run.Start());
        Assert.Equal("freshet: sql/a.sql:1:1: what is this", (await EndAsync(run)).Problem);
        await using var none = new TestRun(_folder, ["/no/such/program"], TimeProvider.System);
        Assert.True(none.Start());
        Assert.StartsWith("The tests could not be run", (await EndAsync(none)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_run_at_a_time_and_a_cancelled_one_leaves_no_process()
    {
        await using var run = Run("echo $$ > pid; exec sleep 600");
        Assert.True(run.Start());
        Assert.False(run.Start());
        var pid = Path.Combine(_folder, "pid");
        while (!File.Exists(pid) || (await File.ReadAllTextAsync(pid, TestContext.Current.CancellationToken)).Length == 0) await Task.Delay(5, TestContext.Current.CancellationToken);
        await run.CancelAsync();
        var state = run.Now;
        Assert.False(state.IsRunning);
        Assert.Equal("Cancelled.", state.Problem);
        Assert.NotNull(state.EndedAt);
        Assert.True(run.Start());
    }

    private TestRun Run(string script) => new(_folder, ["/bin/sh", "-c", script], TimeProvider.System);

    private static async Task<TestRun.State> EndAsync(TestRun run)
    {
        while (run.Now.IsRunning) await Task.Delay(5, TestContext.Current.CancellationToken);
        return run.Now;
    }
}
