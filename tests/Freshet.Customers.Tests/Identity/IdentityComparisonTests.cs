using Freshet.Customers.Identity;

namespace Freshet.Customers.Tests.Identity;

public sealed class IdentityComparisonTests
{
    [Theory]
    [InlineData("a1 b1 c2", "a1 b1 c2", 0, 0, 0, 0)]
    [InlineData("a1 b1 c2", "a5 b5 c5", 1, 0, 0, 0)]
    [InlineData("a1 b1 c1", "a1 b2 c3", 0, 2, 0, 0)]
    [InlineData("a1 b1 c2", "a1 b3 c3", 1, 1, 0, 0)]
    [InlineData("a1 b1", "a1 d2", 0, 0, 1, 1)]
    public void Merges_and_splits_are_counted_by_what_profiles_hold(string before, string after, int merges, int splits, int gone, int added)
    {
        var comparison = IdentityComparison.Of(Read(before), Read(after));
        Assert.Equal((merges, splits, gone, added), (comparison.Merges, comparison.Splits, comparison.Gone, comparison.New));
    }

    private static Dictionary<(string, string), long> Read(string text) => text.Split(' ').ToDictionary(t => ("user_id", t[..1]), t => (long)(t[1] - '0'));
}
