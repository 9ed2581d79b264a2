using System.Globalization;
using Freshet.Commands.Execute;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Freshet.Commands.Top;

/// <summary>A frame as it is shown: the whole in two lines, then a line for each node.</summary>
internal static class TopScreen
{
    /// <summary>Rows over the lines of the nodes, and the one below, where the cursor rests.</summary>
    public const int HeadRows = 5;

    private const int TitleMin = 20;
    private const int OtherColumns = 72;
    private const double Tired = 0.5;

    public static IRenderable Of(TopFrame frame, Uri? address, int linesMax)
    {
        var sample = frame.Sample;
        var head = new Rows(
            Head("freshet top", [address?.ToString() ?? "", $"up {Duration(sample.AtMs)}", $"step {sample.Step.ToString("N0", CultureInfo.InvariantCulture)}", $"{Number(frame.StepsPerSecond)} steps/s"]),
            Head($"{Number(frame.EventsPerSecond)} events/s", [$"durable after {Ms(sample.AckMsP50)} (p99 {Ms(sample.AckMsP99)})", $"engine {(frame.Lines.Sum(l => l.Busy) * 100).ToString("N1", CultureInfo.InvariantCulture)} % of a core", $"memory {Bytes(sample.ResidentBytes)}", $"state {Bytes(frame.Lines.Sum(l => l.Node.StateBytes))}"]));

        var titleMax = Math.Max(AnsiConsole.Profile.Width - OtherColumns, TitleMin);
        var table = new Table { Border = TableBorder.None, ShowHeaders = true }.Expand();
        foreach (var (name, isNumber) in new[] { ("busy", true), ("rows in/s", true), ("rows out/s", true), ("state", true), ("rows kept", true), ("kind", false), ("what", false) })
            table.AddColumn(isNumber ? new TableColumn($"[dim]{name}[/]") { NoWrap = true }.RightAligned() : new TableColumn($"[dim]{name}[/]") { NoWrap = true });
        foreach (var line in frame.Lines.Take(linesMax))
        {
            var busy = (line.Busy * 100).ToString("N1", CultureInfo.InvariantCulture) + " %";
            table.AddRow(
                line.Busy >= Tired ? $"[yellow]{busy}[/]" : busy,
                Number(line.RowsInPerSecond),
                Number(line.RowsOutPerSecond),
                line.Node.StateBytes == 0 ? "" : Bytes(line.Node.StateBytes),
                line.Node.StateRows == 0 ? "" : Number(line.Node.StateRows),
                ResultPrinter.Cell(line.Node.Kind),
                ResultPrinter.Cell(line.Node.Title.Length <= titleMax ? line.Node.Title : line.Node.Title[..(titleMax - 1)] + "…"));
        }

        return new Rows(head, Text.Empty, table);
    }

    /// <summary>A line over the nodes: its parts as far as there is room, so that it stays one line.</summary>
    private static Markup Head(string first, string[] parts)
    {
        var line = $"[bold]{ResultPrinter.Cell(first)}[/]";
        var width = first.Length;
        foreach (var part in parts.Where(p => p.Length > 0))
        {
            width += 2 + part.Length;
            if (width > AnsiConsole.Profile.Width) break;
            line += "  " + ResultPrinter.Cell(part);
        }

        return new Markup(line);
    }

    private static string Number(double value) => value switch
    {
        0 => "0",
        < 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        < 1e4 => value.ToString("N0", CultureInfo.InvariantCulture),
        < 1e6 => (value / 1e3).ToString("0.0", CultureInfo.InvariantCulture) + " K",
        < 1e9 => (value / 1e6).ToString("0.0", CultureInfo.InvariantCulture) + " M",
        _ => (value / 1e9).ToString("0.0", CultureInfo.InvariantCulture) + " G",
    };

    private static string Bytes(long bytes) => bytes switch
    {
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => (bytes / 1024.0).ToString("0", CultureInfo.InvariantCulture) + " KiB",
        < 1 << 30 => (bytes / 1048576.0).ToString("0.0", CultureInfo.InvariantCulture) + " MiB",
        _ => (bytes / 1073741824.0).ToString("0.00", CultureInfo.InvariantCulture) + " GiB",
    };

    private static string Ms(double value) => value.ToString("0.0", CultureInfo.InvariantCulture) + " ms";

    private static string Duration(double ms)
    {
        var time = TimeSpan.FromMilliseconds(ms);
        return time.TotalDays >= 1 ? $"{(int)time.TotalDays} d {time.Hours} h" : time.TotalHours >= 1 ? $"{time.Hours} h {time.Minutes} min" : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds} s" : $"{time.Seconds} s";
    }
}
