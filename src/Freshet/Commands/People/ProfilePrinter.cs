using System.Globalization;
using System.Text.Json;
using Freshet.Commands.Execute;
using Spectre.Console;

namespace Freshet.Commands.People;

/// <summary>A profile on the terminal, under headings; what is not there has no heading.</summary>
internal static class ProfilePrinter
{
    public static void Write(string name, JsonElement profile)
    {
        AnsiConsole.MarkupLine($"[bold]{ResultPrinter.Cell(name)}[/]  profile {profile.GetProperty("profile_id").GetRawText()}");
        var segments = profile.GetProperty("segments").EnumerateArray().Select(s => s.GetString()!).ToList();
        AnsiConsole.MarkupLine(segments.Count == 0 ? "in no segment" : $"in {ResultPrinter.Cell(string.Join(", ", segments))}");
        WritePairs("Traits told", profile.GetProperty("traits"));
        WritePairs("Traits computed", profile.GetProperty("computed"));
        WriteTable("Identifiers", profile.GetProperty("identifiers"), ["type", "value", "first seen", "last seen"], one => [Text(one, "type"), Text(one, "value"), Time(one, "first_seen"), Time(one, "last_seen")]);
        if (profile.TryGetProperty("links", out var links)) WriteTable("Accounts", links, ["type", "value"], one => [Text(one, "type"), Text(one, "value")]);
        if (profile.TryGetProperty("events", out var events)) WriteTable("Last events", events, ["time", "type", "event", "properties"], one => [Time(one, "timestamp"), Text(one, "type"), Text(one, "event") ?? Text(one, "name"), Short(one)]);
    }

    private static void WritePairs(string heading, JsonElement values)
    {
        if (!values.EnumerateObject().Any()) return;
        Heading(heading);
        var grid = new Grid().AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(2, 0, 3, 0) }).AddColumn();
        foreach (var value in values.EnumerateObject()) grid.AddRow(ResultPrinter.Cell(value.Name), ResultPrinter.Cell(value.Value.ValueKind == JsonValueKind.String ? value.Value.GetString() : value.Value.GetRawText()));
        AnsiConsole.Write(grid);
    }

    private static void WriteTable(string heading, JsonElement rows, string[] columns, Func<JsonElement, string?[]> cells)
    {
        if (rows.GetArrayLength() == 0) return;
        Heading(heading);
        var grid = new Grid();
        for (var i = 0; i < columns.Length; i++) grid.AddColumn(new GridColumn { NoWrap = i == 0, Padding = new Padding(i == 0 ? 2 : 0, 0, 3, 0) });
        grid.AddRow(columns.Select(c => $"[dim]{c}[/]").ToArray());
        foreach (var row in rows.EnumerateArray()) grid.AddRow(cells(row).Select(cell => cell is null ? "" : ResultPrinter.Cell(cell)).ToArray());
        AnsiConsole.Write(grid);
    }

    private static void Heading(string text) => AnsiConsole.MarkupLine($"\n[bold]{text}[/]");

    private static string? Text(JsonElement row, string name) => row.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A time to the second, which is in UTC.</summary>
    private static string? Time(JsonElement row, string name) => row.TryGetProperty(name, out var value) && value.TryGetDateTimeOffset(out var time) ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : null;

    /// <summary>An event's properties, or the traits that it tells, cut to a line.</summary>
    private static string? Short(JsonElement row)
    {
        const int LengthMax = 160;
        if (!row.TryGetProperty("properties", out var told) && !row.TryGetProperty("traits", out told)) return null;
        var text = told.GetRawText();
        return text == "{}" ? null : text.Length <= LengthMax ? text : text[..LengthMax] + "…";
    }
}
