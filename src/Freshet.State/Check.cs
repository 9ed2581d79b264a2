namespace Freshet.State;

/// <summary>Full structure checks, for tests and fuzzers: a failed one is a bug in this project.</summary>
internal static class Check
{
    public static void That(bool holds, string invariant)
    {
        if (!holds) throw new InvalidOperationException("Broken invariant: " + invariant + ".");
    }
}
