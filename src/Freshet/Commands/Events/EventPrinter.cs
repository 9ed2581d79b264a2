using System.Globalization;
using System.Text.Json;
using Freshet.Commands.Execute;
using Freshet.Commands.Query;
using Spectre.Console;

namespace Freshet.Commands.Events;

/// <summary>
/// What one line of /api/events tells, on the terminal: an event on a line, a rejected one with its reason, in the order in which they came.
/// The server shows a sample where more comes than can be read; how many are left out is said.
/// </summary>
internal sealed class EventPrinter(TextWriter output, bool asJson)
{
    private const int ToldCellsMin = 20;

    /// <summary>Cells before what an event tells.</summary>
    private const int TakenCells = 73;

    /// <summary>The same, with what was done to it, and some for the reason.</summary>
    private const int RejectedCells = 122;

    public async Task WriteAsync(JsonElement turn)
    {
        var taken = turn.GetProperty("events").EnumerateArray().Select(e => (At: e.GetProperty("at").GetDateTimeOffset(), Line: e));
        var rejected = turn.GetProperty("rejections").EnumerateArray().Select(e => (At: e.GetProperty("at").GetDateTimeOffset(), Line: e));
        foreach (var (at, line) in taken.Concat(rejected).OrderBy(e => e.At))
        {
            if (asJson) await output.WriteLineAsync(line.GetRawText());
            else AnsiConsole.MarkupLine(Line(at, line));
        }

        var leftOut = turn.GetProperty("fitted").GetInt64() - turn.GetProperty("events").GetArrayLength();
        if (!asJson && leftOut > 0) AnsiConsole.MarkupLine($"[dim]{leftOut.ToString("N0", CultureInfo.InvariantCulture)} more of {turn.GetProperty("came").GetInt64().ToString("N0", CultureInfo.InvariantCulture)} that came are not shown[/]");
        await output.FlushAsync();
    }

    private static string Line(DateTimeOffset at, JsonElement line)
    {
        var time = at.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var hasEvent = line.TryGetProperty("event", out var one);
        var isRejected = line.TryGetProperty("reason", out var reason);
        // An event is one line of the terminal; a pipe has room for all of it. A reason is never cut.
        var room = Console.IsOutputRedirected ? int.MaxValue : Math.Max(ToldCellsMin, AnsiConsole.Profile.Width - (isRejected ? RejectedCells : TakenCells));
        var what = hasEvent ? $"{Pad(Text(one, "type") ?? "", 8)}  {Pad(Text(one, "event") ?? Text(one, "name") ?? "", 20)}  {Pad(Who(one), 24)}  [dim]{ResultPrinter.Cell(TableFit.Cut(Told(one), room))}[/]" : "";
        return isRejected
            ? $"{time}  [red]{ResultPrinter.Cell(Text(line, "action"))}[/]  {what}  [red]{ResultPrinter.Cell(reason.GetString())}[/]"
            : $"{time}  {what}";
    }

    private static string Who(JsonElement one) => Text(one, "userId") ?? Text(one, "anonymousId") ?? Text(one, "groupId") ?? "";

    private static string Told(JsonElement one) => one.TryGetProperty("properties", out var told) || one.TryGetProperty("traits", out told) ? told.GetRawText() : "";

    private static string? Text(JsonElement one, string name) => one.ValueKind == JsonValueKind.Object && one.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The text in a column of so many cells: filled up, or cut.</summary>
    private static string Pad(string text, int cells) => ResultPrinter.Cell(text.Length > cells ? text[..(cells - 1)] + "…" : text.PadRight(cells));
}
