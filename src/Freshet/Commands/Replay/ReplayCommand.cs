using System.CommandLine;
using Freshet.Commands.Remote;

namespace Freshet.Commands.Replay;

/// <summary>freshet replay-rejected: a running server judges the blocked events anew, and takes those that keep the plan now.</summary>
internal static class ReplayCommand
{
    public static Command Build()
    {
        var server = new ServerOptions();
        var name = new Option<string?>("--event") { Description = "Only events of this name.", HelpName = "NAME" };
        var dry = new Option<bool>("--dry-run") { Description = "Say what would be taken, take nothing." };
        var json = new Option<bool>("--json") { Description = "The server's answer as it is." };
        var command = new Command("replay-rejected", "Take the events that the tracking plan had blocked and that keep it now.") { name, dry, json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var connection = server.Connect(parsed);
            var isDryRun = parsed.GetValue(dry);
            var query = (isDryRun ? "?dryRun=true" : "?dryRun=false") + (parsed.GetValue(name) is { } named ? "&event=" + Uri.EscapeDataString(named) : "");
            using var answer = await connection.PostAsync("/api/replay-rejected" + query, cancellation);
            if (parsed.GetValue(json)) Console.WriteLine(answer.RootElement.GetRawText());
            else Console.WriteLine($"{(isDryRun ? "would be taken" : "taken")}: {answer.RootElement.GetProperty("replayed")}, still rejected: {answer.RootElement.GetProperty("stillRejected")}");
            return 0;
        });
        ExamplesHelp.Attach(command, ["freshet replay-rejected --dry-run", "freshet replay-rejected --event \"Order Completed\""]);
        return command;
    }
}
