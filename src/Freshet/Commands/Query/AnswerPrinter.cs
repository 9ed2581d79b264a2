using System.Text.Json;
using Freshet.Commands.Execute;
using Spectre.Console;

namespace Freshet.Commands.Query;

/// <summary>A server's answer to a statement on the terminal: a table, a row as lines, or one JSON object a line.</summary>
internal static class AnswerPrinter
{
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

        if (isExpanded) WriteExpanded(columns, rows);
        else WriteRows(columns, rows);
        Console.WriteLine($"{rows.GetArrayLength():N0} row{(rows.GetArrayLength() == 1 ? "" : "s")}");
    }

    private static void WriteRows(List<(string Name, bool IsNumber)> columns, JsonElement rows)
    {
        var table = ResultPrinter.NewTable(columns);
        foreach (var row in rows.EnumerateArray()) table.AddRow(row.EnumerateArray().Select(Cell).ToArray());
        AnsiConsole.Write(table);
    }

    private static void WriteExpanded(List<(string Name, bool IsNumber)> columns, JsonElement rows)
    {
        var number = 0;
        foreach (var row in rows.EnumerateArray())
        {
            AnsiConsole.Write(new Rule($"row {++number}") { Justification = Justify.Left, Style = Style.Parse("dim") });
            var grid = new Grid().AddColumn(new GridColumn { NoWrap = true }).AddColumn();
            for (var i = 0; i < columns.Count; i++) grid.AddRow($"[bold]{ResultPrinter.Cell(columns[i].Name)}[/]", Cell(row[i]));
            AnsiConsole.Write(grid);
        }
    }

    private static bool IsNumber(string type) =>
        type.Contains("INT", StringComparison.Ordinal) || type.StartsWith("DECIMAL", StringComparison.Ordinal) || type.StartsWith("DOUBLE", StringComparison.Ordinal) || type.StartsWith("FLOAT", StringComparison.Ordinal);

    private static string Cell(JsonElement value) => ResultPrinter.Cell(value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    });
}
