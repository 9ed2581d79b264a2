using Freshet.Syntax;

namespace Freshet.Conformance.Cases;

/// <summary>What became of a case, from best to worst.</summary>
internal enum Outcome
{
    /// <summary>Final rows and changelog (of a function: value and type) are Flink's.</summary>
    Exact,

    /// <summary>The final rows are Flink's.</summary>
    Final,

    /// <summary>Not supported, said at planning.</summary>
    Refused,

    /// <summary>Another answer.</summary>
    Wrong,

    /// <summary>Any other exception, or no end.</summary>
    Crashed,
}

/// <param name="Reason">The sentence of a refusal, or what went wrong.</param>
internal sealed record Verdict(Outcome Outcome, string Reason, IReadOnlyList<string> Got, IReadOnlyList<string> Want)
{
    public static Verdict Of(Outcome outcome) => new(outcome, "", [], []);

    public static Verdict Refused(SqlException e) => new(Outcome.Refused, e.Message, [], []);

    public static Verdict Crashed(Exception e) => new(Outcome.Crashed, $"{e.GetType().Name}: {e.Message} {Place(e)}", [], []);

    /// <summary>Final when both lists hold the same lines in any order, exact when told so.</summary>
    public static Verdict Compare(IReadOnlyList<string> got, IReadOnlyList<string> want, bool isExact = true, bool isOrdered = false)
    {
        var same = isOrdered ? got.SequenceEqual(want) : Sorted(got).SequenceEqual(Sorted(want));
        return same ? Of(isExact ? Outcome.Exact : Outcome.Final) : new Verdict(Outcome.Wrong, "", got, want);
    }

    public static bool AreSame(IEnumerable<string> a, IEnumerable<string> b) => Sorted(a).SequenceEqual(Sorted(b));

    private static IEnumerable<string> Sorted(IEnumerable<string> lines) => lines.Order(StringComparer.Ordinal);

    private static string Place(Exception e) => e.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains("Freshet", StringComparison.Ordinal))?.Trim() ?? "";
}
