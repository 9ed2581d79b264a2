using System.Text.Json;
using Freshet.Conformance.Cases;
using Freshet.Conformance.Running;

namespace Freshet.Conformance.Families;

/// <summary>INSERTs into sinks: what each sink took, change by change, and what is left in it.</summary>
internal static class ProgramCases
{
    public static Verdict Run(Case test)
    {
        using var session = new Session(isBatch: test.Text("execution") == "batch");
        session.Configure(test.Json);
        if (test.Has("expected_error")) return ExpectedError.Of(() => Sinks(test, session).Values.SelectMany(c => c.Changes).Select(c => c.Kind + c.Bracketed), test.Json.GetProperty("expected_error").GetRawText());
        var results = Sinks(test, session);
        var (log, wantLog, final, wantFinal) = (new List<string>(), new List<string>(), new List<string>(), new List<string>());
        foreach (var sink in test.Json.GetProperty("sinks").EnumerateArray())
        {
            if (results.TryGetValue(sink.GetProperty("name").GetString()!, out var changes))
            {
                log.AddRange(changes.Changes.Select(c => c.Kind + c.Bracketed));
                final.AddRange(changes.Final.Select(c => c.Bracketed));
            }

            wantLog.AddRange(Case.TextsOf(sink, "expected"));
            wantFinal.AddRange(Case.TextsOf(sink, "expected_final"));
        }

        if (Verdict.AreSame(log, wantLog)) return Verdict.Of(Outcome.Exact);
        if (Verdict.AreSame(final, wantFinal)) return new Verdict(Outcome.Final, "the changelog differs", log, wantLog);
        return new Verdict(Outcome.Wrong, "", final, wantFinal);
    }

    /// <summary>Whether the sink takes updates as two rows, whatever its key.</summary>
    private static bool TakesBack(JsonElement sink) =>
        sink.TryGetProperty("upstream_options", out var options) && options.ValueKind == JsonValueKind.Object && options.TryGetProperty("sink-changelog-mode-enforced", out var mode) && mode.GetString()!.Contains("UB", StringComparison.Ordinal);

    private static Dictionary<string, Changelog> Sinks(Case test, Session session)
    {
        Setup.Of(test, session);
        foreach (var sink in test.Json.GetProperty("sinks").EnumerateArray()) session.Declare(sink.GetProperty("ddl").GetString()!, null, TakesBack(sink) ? "retract" : "");
        foreach (var sql in test.Texts("sql")) session.Execute(sql);
        return session.RunInserts();
    }
}
