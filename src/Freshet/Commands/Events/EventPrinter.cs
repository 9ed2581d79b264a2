using System.Globalization;
using System.Text.Json;
using Freshet.Commands.Execute;
using Spectre.Console;

namespace Freshet.Commands.Events;

/// <summary>
/// What one line of /api/events tells, on the terminal: an event on a line, a rejected one with its reason, in the order in which they came.
/// The server shows a sample where more comes than can be read; how many are left out is said.
/// </summary>
internal sealed class EventPrinter(TextWriter output, bool asJson)
{
    public async Task WriteAsync(JsonElement turn)
    {
        var taken = turn.GetProperty("events").EnumerateArray().Select(e => (At: e.GetProperty("at").GetDateTimeOffset(), Line: e));
        var rejected = turn.GetProperty("rejections").EnumerateArray().Select(e => (At: e.GetProperty("at").GetDateTimeOffset(), Line: e));
        foreach (var (at, line) in taken.Concat(rejected).OrderBy(e => e.At))
        {
            if (asJson) await output.WriteLineAsync(line.GetRawText());
            else AnsiConsole.Write(new Markup(Line(at, line) + "\n") { Overflow = Overflow.Ellipsis });
        }

        var leftOut = turn.GetProperty("fitted").GetInt64() - turn.GetProperty("events").GetArrayLength();
        if (!asJson && leftOut > 0) AnsiConsole.MarkupLine($"[dim]{leftOut.ToString("N0", CultureInfo.InvariantCulture)} more of {turn.GetProperty("came").GetInt64().ToString("N0", CultureInfo.InvariantCulture)} that came are not shown[/]");
        await output.FlushAsync();
    }

    private static string Line(DateTimeOffset at, JsonElement line)
    {
        var time = at.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var hasEvent = line.TryGetProperty("event", out var one);
        var what = hasEvent ? $"{Pad(Text(one, "type") ?? "", 8)}  {Pad(Text(one, "event") ?? Text(one, "name") ?? "", 20)}  {Pad(Who(one), 24)}  [dim]{ResultPrinter.Cell(Told(one))}[/]" : "";
        return line.TryGetProperty("reason", out var reason)
            ? $"{time}  [red]{ResultPrinter.Cell(Text(line, "action"))}[/]  {what}  [red]{ResultPrinter.Cell(reason.GetString())}[/]"
            : $"{time}  {what}";
    }

    private static string Who(JsonElement one) => Text(one, "userId") ?? Text(one, "anonymousId") ?? Text(one, "groupId") ?? "";

    private static string Told(JsonElement one) => one.TryGetProperty("properties", out var told) || one.TryGetProperty("traits", out told) ? told.GetRawText() : "";

    private static string? Text(JsonElement one, string name) => one.ValueKind == JsonValueKind.Object && one.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The text in a column of so many cells: filled up, or cut.</summary>
    private static string Pad(string text, int cells) => ResultPrinter.Cell(text.Length > cells ? text[..(cells - 1)] + "…" : text.PadRight(cells));
}
