using System.Globalization;

namespace Freshet.RandomTests;

/// <summary>
/// The first seed of a randomised test: a new one at each run, printed with the test's output; FRESHET_TEST_SEED runs one again.
/// The check of a commit fixes it, so that a commit is judged by itself; new seeds are looked at on purpose.
/// </summary>
internal static class Seeds
{
    public static int Next()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("FRESHET_TEST_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next(0x3FFFFFFF);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        return seed;
    }
}
