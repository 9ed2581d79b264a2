using System.Text.Json;
using System.Text.RegularExpressions;
using Freshet.Conformance.Cases;

namespace Freshet.Conformance.Running;

/// <summary>What a case declares before its statement: tables with rows, sinks, views, functions.</summary>
internal static partial class Setup
{
    public static void Of(Case test, Session session)
    {
        var declared = new HashSet<string>();
        foreach (var item in test.Json.GetProperty("setup").EnumerateArray())
        {
            var sql = item.TryGetProperty("sql", out var text) ? text.GetString()! : "";
            switch (item.GetProperty("kind").GetString())
            {
                case "view":
                    session.Execute(sql.TrimStart().StartsWith("CREATE", StringComparison.OrdinalIgnoreCase) ? sql : $"CREATE TEMPORARY VIEW `{item.GetProperty("name").GetString()}` AS {sql}");
                    break;
                case "table":
                    if (declared.Add(item.GetProperty("name").GetString()!)) Table(item, session);
                    break;
                case "ddl":
                    Ddl(item, sql, session);
                    break;
                default:
                    throw new NotSupportedException($"A setup of kind {item.GetProperty("kind")} is not known to the runner.");
            }
        }
    }

    public static IReadOnlyList<CaseRow> Rows(JsonElement rows) => rows.ValueKind != JsonValueKind.Array
        ? []
        : [.. rows.EnumerateArray().Where(r => r.TryGetProperty("row", out _)).Select(r => new CaseRow(r.GetProperty("row"), r.TryGetProperty("kind", out var kind) ? kind.GetString()! : "+I"))];

    private static void Table(JsonElement item, Session session)
    {
        var mode = item.TryGetProperty("watermark", out var watermark) && watermark.TryGetProperty("mode", out var given) ? given.GetString()! : "periodic";
        var options = new Dictionary<string, string>();
        if (mode is "per-row" or "explicit") options["scan.watermark.emit.strategy"] = "on-event";
        var rows = Rows(item.TryGetProperty(mode == "explicit" ? "events" : "rows", out var given2) ? given2 : default);
        var changelog = item.TryGetProperty("changelog_mode", out var kinds) ? kinds.GetString()! : rows.Any(r => r.Weight < 0) ? "I,UB,UA,D" : "I";
        var ddl = item.GetProperty("ddl").GetString()!;
        if (mode == "explicit") (ddl, rows) = ExplicitWatermarks.Of(ddl, given2);
        session.Declare(ddl, rows, ChangesOf(changelog), options);
    }

    /// <summary>Without the row that is replaced, updates go by the primary key.</summary>
    public static string ChangesOf(string mode)
    {
        var kinds = mode.Split(',').Select(k => k.Trim()).ToHashSet();
        return kinds.SetEquals(["I"]) ? "" : kinds.Contains("UB") || !kinds.Contains("UA") ? "retract" : "upsert";
    }

    /// <summary>A statement as written, except that the connector of a table of test values is replaced.</summary>
    private static void Ddl(JsonElement item, string sql, Session session)
    {
        var with = With().Matches(sql).LastOrDefault();
        if (with is null || !sql.Contains("'values'", StringComparison.Ordinal))
        {
            session.Execute(sql);
            return;
        }

        var options = Option().Matches(sql[with.Index..]).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        var rows = options.ContainsKey("data-id") ? Rows(item.TryGetProperty("rows", out var given) ? given : default) : null;
        var kept = options.Where(o => o.Key is "scan.watermark.emit.strategy" or "disable-lookup").ToDictionary();
        session.Declare(sql, rows, rows is null ? "" : ChangesOf(options.GetValueOrDefault("changelog-mode", "I")), kept);
    }

    [GeneratedRegex(@"\bWITH\s*\(", RegexOptions.IgnoreCase)]
    private static partial Regex With();

    [GeneratedRegex("'([^']+)'\\s*=\\s*'([^']*)'")]
    private static partial Regex Option();
}
