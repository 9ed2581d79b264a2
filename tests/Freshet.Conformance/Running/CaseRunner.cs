using Freshet.Conformance.Cases;
using Freshet.Conformance.Families;
using Freshet.Syntax;

namespace Freshet.Conformance.Running;

/// <summary>Runs cases, several at a time, each on a thread that is given up when it does not end.</summary>
internal static class CaseRunner
{
    private static readonly TimeSpan HangAfter = TimeSpan.FromSeconds(20);

    /// <summary>The verdicts in the order of the cases.</summary>
    public static Verdict[] Run(IReadOnlyList<Case> cases)
    {
        var verdicts = new Verdict[cases.Count];
        Parallel.For(0, cases.Count, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(2, Environment.ProcessorCount) }, i => verdicts[i] = Guarded(cases[i]));
        return verdicts;
    }

    private static Verdict Guarded(Case test)
    {
        var verdict = new Verdict(Outcome.Crashed, "no end: given up after 20 s", [], []);
        // A stack of its own size, so that a deep recursion of one case is no matter of the thread it happens to run on.
        var thread = new Thread(() => verdict = Run(test), 16 << 20) { IsBackground = true };
        thread.Start();
        thread.Join(HangAfter);
        return verdict;
    }

    public static Verdict Run(Case test)
    {
        try
        {
            return test.Folder switch
            {
                "expressions" => ExpressionCases.Run(test),
                "functions" => FunctionCases.Run(test),
                "programs" => ProgramCases.Run(test),
                "parse-corpus" => ParseCases.Run(test),
                _ => ItCases.Run(test),
            };
        }
        catch (SqlException e)
        {
            return Verdict.Refused(e);
        }
        catch (RowErrorException e)
        {
            return new Verdict(Outcome.Wrong, "a row in error: " + e.Message, [], []);
        }
        catch (Exception e)
        {
            return Verdict.Crashed(e);
        }
    }
}
