using Freshet.Conformance.Cases;
using Freshet.Conformance.Running;
using Freshet.Engine;
using Freshet.Syntax;

namespace Freshet.Conformance.Families;

/// <summary>Cases that must fail: at planning or at run time, with whatever words.</summary>
internal static class ExpectedError
{
    public static Verdict Of(Func<IEnumerable<string>> run, string message)
    {
        try
        {
            return new Verdict(Outcome.Wrong, "no error", [.. run()], ["error: " + message]);
        }
        catch (Exception e) when (e is SqlException or RowErrorException or EngineException)
        {
            return Verdict.Of(Outcome.Exact);
        }
    }
}
