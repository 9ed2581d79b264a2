namespace Freshet.State.Tests;

/// <summary>Random numbers for a test; the seed is printed, and taken from FRESHET_TEST_SEED to run a failure again.</summary>
internal static class Seeds
{
    public static Random Next()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("FRESHET_TEST_SEED"), out var given) ? given : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        return new Random(seed);
    }
}
