using System.Text.RegularExpressions;
using Freshet.Conformance.Cases;
using Freshet.Conformance.Running;

namespace Freshet.Conformance.Families;

/// <summary>A query, or an INSERT into a sink, over tables: final rows or a changelog in one of several text forms.</summary>
internal static partial class ItCases
{
    public static Verdict Run(Case test)
    {
        using var session = new Session(isBatch: test.Text("execution") == "batch");
        session.Configure(test.Json);
        if (test.Text("expected_kind") == "error") return ExpectedError.Of(() => Changes(test, session).Changes.Select(c => c.Joined), test.Texts("expected").FirstOrDefault() ?? "");
        var log = Changes(test, session);
        List<string> want = [.. test.Texts("expected")];
        var changes = log.Changes;
        if (test.Text("expected_kind") == "changelog")
        {
            var parens = want.Count > 0 && Parenthesis().IsMatch(want[0]);
            var bare = want.Count > 0 && !Kind().IsMatch(want[0]);
            return Verdict.Compare([.. changes.Select(r => (bare ? "" : r.Kind) + (parens ? $"({r.Joined})" : r.Joined))], want);
        }

        var final = log.Final;
        var isOrdered = test.Flag("ordered") && test.Text("execution") == "batch";
        List<string>[] forms =
        [
            [.. final.Select(r => r.Joined)], [.. final.Select(r => "+I" + r.Bracketed)], [.. final.Select(r => r.Flattened)], [.. final.Select(r => $"+I({r.Joined})")],
            [.. changes.Select(r => r.Joined)], [.. changes.Select(r => r.Kind + r.Bracketed)],
        ];
        foreach (var form in forms)
            if (Verdict.Compare(form, want, isExact: true, isOrdered) is { Outcome: Outcome.Exact } verdict) return verdict;
        return Verdict.Compare(forms[want.Count > 0 && want[0].StartsWith("+I[", StringComparison.Ordinal) ? 1 : 0], want, isExact: true, isOrdered);
    }

    private static Changelog Changes(Case test, Session session)
    {
        Setup.Of(test, session);
        var sql = test.Text("sql");
        if (!sql.TrimStart().StartsWith("INSERT", StringComparison.OrdinalIgnoreCase)) return session.Select(sql).Changes;
        session.Execute(sql);
        return session.RunInserts().Values.Single();
    }

    [GeneratedRegex(@"^[+-][IUD]\(")]
    private static partial Regex Parenthesis();

    [GeneratedRegex("^[+-][IUD]")]
    private static partial Regex Kind();
}
