using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using Freshet.Server;

namespace Freshet.Commands.Replay;

/// <summary>freshet replay-rejected: a running server judges the blocked events anew, and takes those that keep the plan now.</summary>
internal static class ReplayCommand
{
    public static Command Build()
    {
        var url = new Option<string>("--url") { Description = "The server.", DefaultValueFactory = _ => "http://127.0.0.1:7070", HelpName = "URL" };
        var token = new Option<string?>("--token") { Description = "The API token; better in FRESHET_API_TOKEN, where other users do not see it.", HelpName = "TOKEN" };
        var name = new Option<string?>("--event") { Description = "Only events of this name.", HelpName = "NAME" };
        var dry = new Option<bool>("--dry-run") { Description = "Say what would be taken, take nothing." };
        var command = new Command("replay-rejected", "Take the events that the tracking plan had blocked and that keep it now.") { url, token, name, dry };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(url)!, parsed.GetValue(token) ?? Environment.GetEnvironmentVariable("FRESHET_API_TOKEN"), parsed.GetValue(name), parsed.GetValue(dry), cancellation));
        ExamplesHelp.Attach(command, ["freshet replay-rejected --dry-run", "freshet replay-rejected --event \"Order Completed\""]);
        return command;
    }

    private static async Task<int> RunAsync(string server, string? token, string? name, bool isDryRun, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(server, UriKind.Absolute, out var address)) throw new UserException("usage", $"--url is \"{server}\" but must be like http://127.0.0.1:7070.");
        using var client = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        var query = (isDryRun ? "?dryRun=true" : "?dryRun=false") + (name is null ? "" : "&event=" + Uri.EscapeDataString(name));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/replay-rejected" + query);
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var response = await client.SendAsync(request, cancellation);
            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            using var answer = await JsonDocument.ParseAsync(body, default, cancellation);
            if (!response.IsSuccessStatusCode) throw new UserException("replay_failed", answer.RootElement.GetProperty("message").GetString()!, UserException.Failed);
            Console.WriteLine($"{(isDryRun ? "would be taken" : "taken")}: {answer.RootElement.GetProperty("replayed")}, still rejected: {answer.RootElement.GetProperty("stillRejected")}");
            return 0;
        }
        catch (HttpRequestException e)
        {
            throw new UserException("no_server", $"No server answers at {address}: {e.Message} Start one with freshet run, or name it with --url.", UserException.Failed);
        }
    }
}
