using System.Text.Json;
using Freshet.Commands.Execute;
using Freshet.Commands.Terminal;
using Spectre.Console;

namespace Freshet.Commands.Query;

/// <summary>A server's answer to a statement on the terminal: a table, a row as lines, or one JSON object a line.</summary>
internal static class AnswerPrinter
{
    private const string NullText = "NULL";
    private static readonly string[] Numbers = ["TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL", "DOUBLE", "FLOAT"];

    public static void WriteJson(JsonElement answer)
    {
        var names = answer.GetProperty("columns").EnumerateArray().Select(c => JsonEncodedText.Encode(c.GetProperty("name").GetString()!)).ToArray();
        foreach (var row in answer.GetProperty("rows").EnumerateArray())
            Console.WriteLine("{" + string.Join(",", names.Select((name, i) => $"\"{name}\":{row[i].GetRawText()}")) + "}");
    }

    /// <param name="isExpanded">Whether each row is written as lines of name and value.</param>
    public static void WriteTable(JsonElement answer, bool isExpanded = false)
    {
        var columns = answer.GetProperty("columns").EnumerateArray().Select(c => (Name: c.GetProperty("name").GetString()!, IsNumber: IsNumber(c.GetProperty("type").GetString()!))).ToList();
        var rows = answer.GetProperty("rows");
        if (columns.TrueForAll(c => c.Name == "plan"))
        {
            // A plan is a text, drawn already.
            foreach (var row in rows.EnumerateArray()) Console.WriteLine(row[0].GetString());
            return;
        }

        var widths = columns.Select((c, i) => Math.Max(Screen.Width(c.Name), rows.EnumerateArray().Select(r => Screen.Width(Text(r[i]) ?? NullText)).DefaultIfEmpty().Max())).ToList();
        var cells = isExpanded ? 0 : TableFit.CellsOf(widths, AnsiConsole.Profile.Width);
        if (cells == 0) WriteExpanded(columns, rows);
        else WriteRows(columns, rows, cells);
        var note = cells is > 0 and < int.MaxValue ? @"; what is too wide is cut, and whole with \x or --json" : "";
        Console.WriteLine($"{rows.GetArrayLength():N0} row{(rows.GetArrayLength() == 1 ? "" : "s")}{note}");
    }

    private static void WriteRows(List<(string Name, bool IsNumber)> columns, JsonElement rows, int cells)
    {
        var table = ResultPrinter.NewTable(columns.Select(c => (TableFit.Cut(c.Name, cells), c.IsNumber)).ToList());
        foreach (var row in rows.EnumerateArray()) table.AddRow(row.EnumerateArray().Select(v => ResultPrinter.Cell(Text(v) is { } text ? TableFit.Cut(text, cells) : null)).ToArray());
        AnsiConsole.Write(table);
    }

    private static void WriteExpanded(List<(string Name, bool IsNumber)> columns, JsonElement rows)
    {
        var number = 0;
        foreach (var row in rows.EnumerateArray())
        {
            AnsiConsole.Write(new Rule($"row {++number}") { Justification = Justify.Left, Style = Style.Parse("dim") });
            var grid = new Grid().AddColumn(new GridColumn { NoWrap = true }).AddColumn();
            for (var i = 0; i < columns.Count; i++) grid.AddRow($"[bold]{ResultPrinter.Cell(columns[i].Name)}[/]", ResultPrinter.Cell(Text(row[i])));
            AnsiConsole.Write(grid);
        }
    }

    private static bool IsNumber(string type) => Numbers.Any(n => type.StartsWith(n, StringComparison.Ordinal));

    /// <summary>A value as it is shown; null is NULL.</summary>
    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    };
}
