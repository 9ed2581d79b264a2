using Freshet.Columns;
using Freshet.Conformance.Cases;
using Freshet.Conformance.Running;

namespace Freshet.Conformance.Families;

/// <summary>Functions over one row, values and types; aggregate functions over some rows.</summary>
internal static class FunctionCases
{
    public static Verdict Run(Case test)
    {
        var table = test.Json.GetProperty("setup")[0];
        var hasRows = table.TryGetProperty("row_type", out var rowType);
        using var session = new Session(isBatch: !hasRows);
        session.Configure(test.Json);
        if (hasRows)
        {
            var row = rowType.GetString()!.Trim();
            var columns = row[(row.IndexOf('<', StringComparison.Ordinal) + 1)..row.LastIndexOf('>')];
            if (table.GetProperty("watermark_expr").GetString() is { } watermark) columns += $", WATERMARK FOR {table.GetProperty("rowtime").GetString()} AS {watermark}";
            var rows = Setup.Rows(table.GetProperty("rows"));
            session.Declare($"CREATE TABLE {table.GetProperty("name").GetString()} ({columns})", rows, rows.Any(r => r.Weight < 0) ? "retract" : "");
        }
        else
        {
            ExpressionCases.OneRow(session, table.GetProperty("name").GetString()!, table.GetProperty("columns"), test.Text("sql"));
        }

        (Changelog Changes, Schema Schema) result = (null!, null!);
        List<Change> Final() => (result = session.Select(test.Text("sql"))).Changes.Final;
        if (test.Has("expected_error")) return ExpectedError.Of(() => Final().Select(r => r.Joined), test.Json.GetProperty("expected_error").GetRawText());
        if (test.Has("expected_final")) return Verdict.Compare([.. Final().Select(r => "+I" + r.Bracketed)], [.. test.Texts("expected_final")]);
        List<string> got = [.. Final().SelectMany(r => r.Cells)];
        var types = string.Join(" ; ", result.Schema.Fields.Select(f => f.Type.ToString()));
        var wanted = string.Join(" ; ", test.Texts("expected_types"));
        var sameTypes = Bare(types) == Bare(wanted);
        var verdict = Verdict.Compare(got, [.. test.Texts("expected_text")], sameTypes, isOrdered: true);
        return verdict with { Reason = sameTypes ? "" : $"types: got {types}, want {wanted}" };
    }

    private static string Bare(string types) => types.Replace(" ", "", StringComparison.Ordinal).Replace("`", "", StringComparison.Ordinal);
}
