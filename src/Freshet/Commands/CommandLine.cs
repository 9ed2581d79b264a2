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
using Freshet.Commands.Terminal;
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
        var root = Build(args.FirstOrDefault());
        var parsed = root.Parse(args);
        var misspelt = Misuse.MisspeltOption(parsed);
        // The help of a command that does not exist would be that of another one.
        var isHelp = parsed.Action is HelpAction or ExamplesHelp && parsed.UnmatchedTokens.Count == 0;
        if ((parsed.Errors.Count > 0 || parsed.UnmatchedTokens.Count > 0 || misspelt is not null) && !isHelp)
        {
            await Console.Error.WriteLineAsync($"freshet: {Misuse.Sentence(parsed, misspelt)}");
            return UserException.Usage;
        }

        if (parsed.CommandResult.Command.Name is not ("run" or "demo" or "check")) PlainWherePiped();
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

    /// <summary>Colours are for a terminal, and so is its width: what reads a pipe gets letters, and rows that are not broken. Commands that draw nothing need not know.</summary>
    private static void PlainWherePiped()
    {
        const int PipedWidth = 400;
        var isPlain = Console.IsOutputRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
        if (!isPlain) return;
        if (Console.IsOutputRedirected) AnsiConsole.Console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(new UnpaddedWriter(Console.Out)) });
        AnsiConsole.Profile.Capabilities.Ansi = !Console.IsOutputRedirected;
        AnsiConsole.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = PipedWidth;
    }

    private static readonly (string Name, Func<Command> Build)[] Commands =
    [
        ("new", NewCommand.Build),
        ("run", RunCommand.Build),
        ("check", CheckCommand.Build),
        ("exec", ExecCommand.Build),
        ("demo", DemoCommand.Build),
        ("send", SendCommand.Build),
        ("sql", SqlCommand.Build),
        ("top", TopCommand.Build),
        ("test", TestCommand.Build),
        ("events", EventsCommand.Build),
        ("profile", ProfileCommand.Build),
        ("replay-rejected", ReplayCommand.Build),
        ("preview", PreviewCommand.Build),
        ("bench", BenchCommand.Build),
        ("functions", FunctionsCommand.Build),
    ];

    /// <summary>The command that a line begins with, or all of them where it begins with none: to make all costs a start some 40 ms.</summary>
    private static RootCommand Build(string? name)
    {
        var root = new RootCommand("Freshet: events in over HTTP, durable, and live SQL views over them, in one process.");
        var isOne = Array.Exists(Commands, c => c.Name == name);
        foreach (var command in Commands)
            if (!isOne || command.Name == name) root.Subcommands.Add(command.Build());
        ExamplesHelp.Attach(root, ["freshet demo", "freshet new myproject", "freshet run myproject", "freshet send events.jsonl.gz --speed 60x", "freshet sql \"SELECT * FROM revenue_per_minute\""]);
        foreach (var option in root.Options)
            if (option is VersionOption version) version.Description = $"Show the version ({StatusRoutes.Version}).";
        return root;
    }
}
