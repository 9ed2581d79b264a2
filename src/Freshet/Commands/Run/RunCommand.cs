using System.CommandLine;
using Freshet.Commands.Test;
using Freshet.Server.Configuration;
using Freshet.Server.Hosting;

namespace Freshet.Commands.Run;

/// <summary>freshet run: serves a project until Ctrl-C or SIGTERM.</summary>
internal static class RunCommand
{
    public static Command Build()
    {
        var folder = new Argument<string>("project") { Description = "The project's folder: freshet.json and sql/*.sql." };
        var options = new ProjectOptions();
        var command = new Command("run", "Run a project: take events, keep its views live, serve them.") { folder };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            try
            {
                return await ServeAsync(options.Load(parsed, parsed.GetValue(folder)!), cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // Asked to end while it was still reading the log: nothing is lost.
                return 0;
            }
        });
        ExamplesHelp.Attach(command, ["freshet run myproject", "freshet run myproject --port 8080 --data /var/lib/freshet", "FRESHET_API_TOKEN=... freshet run myproject"]);
        return command;
    }

    private static async Task<int> ServeAsync(ProjectSettings settings, CancellationToken cancellation)
    {
        await using var lines = new RecentLines(Console.Out);
        await using var server = await FreshetServer.StartAsync(settings, await PipelineBackend.OpenAsync(settings, lines, cancellation), lines, TestCommand.LineOf(settings.Folder));
        if (settings.Keys.Count == 0)
            await Console.Error.WriteLineAsync("freshet: The project has no write keys, so no event can come in; add \"keys\" to freshet.json or start with --write-key.");
        lines.WriteLine($"ready {server.Url}");
        return await server.RunAsync(cancellation);
    }
}
