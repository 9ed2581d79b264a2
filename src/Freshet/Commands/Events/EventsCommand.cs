using System.CommandLine;
using System.Text.Json;
using Freshet.Commands.Remote;

namespace Freshet.Commands.Events;

/// <summary>freshet events: what came in last; with --follow, what comes in.</summary>
internal static class EventsCommand
{
    public static Command Build()
    {
        var server = new ServerOptions();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what comes, until Ctrl-C." };
        var type = new Option<string?>("--type") { Description = "track, identify, page, screen, group or alias.", HelpName = "TYPE" };
        type.OnlyAmong("track", "identify", "page", "screen", "group", "alias");
        var name = new Option<string?>("--name") { Description = "The event's name, or the page's.", HelpName = "NAME" };
        var source = new Option<string?>("--source") { Description = "The source of the write key.", HelpName = "SOURCE" };
        var identifier = new Option<string?>("--identifier") { Description = "A value that the event carries as an identifier.", HelpName = "VALUE" };
        var rejected = new Option<bool>("--rejected") { Description = "Only what was rejected, with the reason." };
        var asJson = new Option<bool>("--json") { Description = "An event as one JSON object a line." };
        var command = new Command("events", "Show the events that came in last, and follow those that come.") { follow, type, name, source, identifier, rejected, asJson };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = server.Connect(parsed);
            (string Name, string? Value)[] filter = [("type", parsed.GetValue(type)), ("name", parsed.GetValue(name)), ("source", parsed.GetValue(source)), ("identifier", parsed.GetValue(identifier)), ("rejected", parsed.GetValue(rejected) ? "true" : null)];
            var path = "/api/events?" + string.Join('&', filter.Where(f => f.Value is not null).Select(f => $"{f.Name}={Uri.EscapeDataString(f.Value!)}"));
            var printer = new EventPrinter(Console.Out, parsed.GetValue(asJson));
            return await connection.StreamAsync(path, (_, body) => PrintAsync(body, printer, parsed.GetValue(follow), cancellation), cancellation);
        });
        ExamplesHelp.Attach(command, ["freshet events", "freshet events --follow --type track", "freshet events -f --identifier ada@example.com", "freshet events --rejected --json"]);
        return command;
    }

    private static async Task<int> PrintAsync(Stream body, EventPrinter printer, bool isFollowed, CancellationToken cancellation)
    {
        using var reader = new StreamReader(body);
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            using var turn = JsonDocument.Parse(line);
            await printer.WriteAsync(turn.RootElement);
            if (!isFollowed) break;
        }

        return 0;
    }
}
