using System.Text.Json;
using System.Text.RegularExpressions;
using Freshet.Conformance.Cases;
using Freshet.Conformance.Running;

namespace Freshet.Conformance.Families;

/// <summary>One expression over at most one row, and what CAST(... AS STRING) makes of it.</summary>
internal static class ExpressionCases
{
    public static Verdict Run(Case test)
    {
        using var session = new Session(isBatch: true);
        session.Configure(test.Json);
        var expression = test.Text("sql_expr");
        var fields = test.Json.GetProperty("fields");
        var sql = $"SELECT CAST(({expression}) AS STRING)";
        if (fields.GetArrayLength() > 0) sql += " FROM " + OneRow(session, "t", fields, expression);
        IEnumerable<string> Values() => session.Select(sql).Changes.Final.SelectMany(r => r.Cells).Select(v => v == "null" ? "NULL" : v);
        if (test.Has("expected_error_contains")) return ExpectedError.Of(Values, test.Text("expected_error_contains"));
        return Verdict.Compare([.. Values()], [test.Text("expected_cast_to_string")]);
    }

    /// <summary>A table of one row with those columns that the SQL names.</summary>
    public static string OneRow(Session session, string name, JsonElement columns, string sql)
    {
        var ddl = new List<string> { "`__` INT" };
        var values = new List<string> { "0" };
        foreach (var column in columns.EnumerateArray())
        {
            var field = column.GetProperty("name").GetString()!;
            if (!Regex.IsMatch(sql, $@"\b{Regex.Escape(field)}\b") && !sql.Contains('*', StringComparison.Ordinal)) continue;
            ddl.Add($"`{field}` {column.GetProperty("type").GetString()}");
            values.Add(column.TryGetProperty("value", out var value) ? value.GetRawText() : "null");
        }

        var row = JsonDocument.Parse($"[{string.Join(',', values)}]").RootElement;
        session.Declare($"CREATE TABLE `{name}` ({string.Join(", ", ddl)})", [new CaseRow(row, "+I")]);
        return $"`{name}`";
    }
}
