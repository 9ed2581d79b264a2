using System.CommandLine;
using System.CommandLine.Help;
using Freshet.Commands.Bench;
using Freshet.Commands.Check;
using Freshet.Commands.Demo;
using Freshet.Commands.Events;
using Freshet.Commands.Execute;
using Freshet.Commands.Functions;
using Freshet.Commands.New;
using Freshet.Commands.People;
using Freshet.Commands.Preview;
using Freshet.Commands.Query;
using Freshet.Commands.Replay;
using Freshet.Commands.Run;
using Freshet.Commands.Send;
using Freshet.Commands.Test;
using Freshet.Commands.Top;
using Freshet.Server;
using Freshet.Server.Api;
using Freshet.Syntax;
using Spectre.Console;

namespace Freshet.Commands;

/// <summary>
/// The program's commands, and how any of them ends: 0 when the work is done (also when Ctrl-C or SIGTERM ended what runs
/// until then), 1 when it failed, 2 when it could not begin. Every message of a failure is one sentence on standard error.
/// </summary>
internal static class CommandLine
{
    public static async Task<int> InvokeAsync(string[] args)
    {
        var root = Build();
        var parsed = root.Parse(args);
        var misspelt = Misuse.MisspeltOption(parsed);
        // The help of a command that does not exist would be that of another one.
        var isHelp = parsed.Action is HelpAction or ExamplesHelp && parsed.UnmatchedTokens.Count == 0;
        if ((parsed.Errors.Count > 0 || parsed.UnmatchedTokens.Count > 0 || misspelt is not null) && !isHelp)
        {
            await Console.Error.WriteLineAsync($"freshet: {Misuse.Sentence(parsed, misspelt)}");
            return UserException.Usage;
        }

        PlainWherePiped();
        using var termination = new Termination();
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, termination.Token);
        }
        catch (UserException e)
        {
            await Console.Error.WriteLineAsync($"freshet: {e.Message}");
            return e.ExitCode;
        }
        catch (SqlException e)
        {
            await Console.Error.WriteLineAsync($"freshet: {e.Message}");
            return UserException.Failed;
        }
        catch (OperationCanceledException) when (termination.Token.IsCancellationRequested)
        {
            return 130;
        }
        catch (UnauthorizedAccessException e)
        {
            await Console.Error.WriteLineAsync($"freshet: {e.Message} Change its permissions or choose another path.");
            return UserException.Usage;
        }
    }

    /// <summary>Colours are for a terminal, and so is its width: what reads a pipe gets letters, and rows that are not broken.</summary>
    private static void PlainWherePiped()
    {
        const int PipedWidth = 400;
        var isPlain = Console.IsOutputRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
        if (!isPlain) return;
        AnsiConsole.Profile.Capabilities.Ansi = !Console.IsOutputRedirected;
        AnsiConsole.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = PipedWidth;
    }

    public static RootCommand Build()
    {
        var root = new RootCommand("Freshet: events in over HTTP, durable, and live SQL views over them, in one process.")
        {
            NewCommand.Build(),
            RunCommand.Build(),
            CheckCommand.Build(),
            ExecCommand.Build(),
            DemoCommand.Build(),
            SendCommand.Build(),
            SqlCommand.Build(),
            TopCommand.Build(),
            TestCommand.Build(),
            EventsCommand.Build(),
            ProfileCommand.Build(),
            ReplayCommand.Build(),
            PreviewCommand.Build(),
            BenchCommand.Build(),
            FunctionsCommand.Build(),
        };
        ExamplesHelp.Attach(root, ["freshet demo", "freshet new myproject", "freshet run myproject", "freshet send events.jsonl.gz --speed 60x", "freshet sql \"SELECT * FROM revenue_per_minute\""]);
        foreach (var option in root.Options)
            if (option is VersionOption version) version.Description = $"Show the version ({StatusRoutes.Version}).";
        return root;
    }
}
