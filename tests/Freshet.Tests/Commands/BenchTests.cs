using Freshet.Commands.Bench;

namespace Freshet.Tests.Commands;

public sealed class BenchTests
{
    public static TheoryData<string> Names => [.. BenchCommand.All.Select(b => b.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_benchmark_runs_small_and_checks_its_result(string name)
    {
        var benchmark = BenchCommand.All.First(b => b.Name == name);
        var figures = await BenchCommand.RunAsync(benchmark, TimeSpan.FromMilliseconds(200), Path.GetTempPath(), 500, showsOperators: false, CancellationToken.None);
        Assert.All(figures, f => Assert.True(double.IsFinite(f.Value) && f.Value > 0, f.Name));
    }
}
