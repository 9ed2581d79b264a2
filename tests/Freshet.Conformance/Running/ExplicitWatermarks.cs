using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Freshet.Conformance.Running;

/// <summary>
/// Rows between which a case says where the watermark stands: it becomes a column of the row before it, and the watermark of the
/// table is that column.
/// </summary>
internal static partial class ExplicitWatermarks
{
    private const string Column = "watermark$";

    public static (string Ddl, IReadOnlyList<CaseRow> Rows) Of(string ddl, JsonElement events)
    {
        var rows = new List<(JsonElement Row, long? WatermarkMs)>();
        foreach (var item in events.EnumerateArray())
        {
            if (item.TryGetProperty("row", out var row)) rows.Add((row, null));
            else if (rows.Count > 0) rows[^1] = (rows[^1].Row, item.GetProperty("watermark_ms").GetInt64());
        }

        var declared = Watermark().Replace(ddl, match => $"`{Column}` TIMESTAMP(3), {match.Groups[1].Value} AS `{Column}`");
        return (declared, [.. rows.Select(r => new CaseRow(With(r.Row, r.WatermarkMs), "+I"))]);
    }

    private static JsonElement With(JsonElement row, long? watermarkMs)
    {
        var text = watermarkMs is { } ms ? $"\"{DateTime.UnixEpoch.AddMilliseconds(ms).ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture)}\"" : "null";
        return JsonDocument.Parse($"{row.GetRawText().TrimEnd()[..^1]}, {text}]").RootElement;
    }

    [GeneratedRegex(@"(WATERMARK\s+FOR\s+\S+)\s+AS\s+[^\n,)]+", RegexOptions.IgnoreCase)]
    private static partial Regex Watermark();
}
