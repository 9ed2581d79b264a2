namespace Freshet.EndToEnd.Tests;

/// <summary>The sample shop's traits and segments have tests of their own, which a user runs the same way.</summary>
public sealed class ShopTests
{
    [Fact]
    public async Task The_shops_own_tests_pass()
    {
        var (code, output) = await FreshetProcess.ExecuteAsync("test", Path.Combine(FreshetProcess.Root, "samples", "shop"));
        Assert.True(code == 0, output);
        Assert.Contains("2 of 2 scripts passed", output, StringComparison.Ordinal);
    }
}
