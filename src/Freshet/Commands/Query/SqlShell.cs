using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Freshet.Commands.Remote;
using Freshet.Commands.Terminal;
using Freshet.Server;
using Freshet.Server.Api;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Spectre.Console;

namespace Freshet.Commands.Query;

/// <summary>
/// freshet sql without a statement: statements from a terminal, ended by a semicolon, and the answer to each. Ctrl-C ends what runs,
/// not the shell; what goes wrong is a sentence, and the next prompt.
/// </summary>
internal sealed class SqlShell
{
    private const string Prompt = "freshet> ";
    private const string Continued = "     ..> ";

    private readonly ServerConnection _server;
    private readonly LineEditor _editor;
    private readonly Dictionary<string, IReadOnlyList<string>> _columns = [];
    private SqlCompletion? _completion;
    private string? _last;
    private bool _isExpanded;
    private bool _isTimed;

    public SqlShell(ServerConnection server)
    {
        _server = server;
        _editor = new LineEditor(new Screen(Console.Out, () => Console.WindowWidth), Console.Out, new LineHistory(LineHistory.UserPath), IsWhole, CompleteAsync);
    }

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        await LearnNamesAsync(cancellation);
        Console.WriteLine($@"Freshet {StatusRoutes.Version} at {_server.Address}. A statement ends with ;   \? for help, \q to leave.");
        // Ctrl-C is a key here: it ends a line or a query, never the shell.
        Console.TreatControlCAsInput = true;
        try
        {
            while (await _editor.ReadAsync(Prompt, Continued, NextKeyAsync, cancellation) is { } line)
            {
                if (line.Trim() is "" or ";") continue;
                if (line.TrimStart().StartsWith('\\'))
                {
                    if (ShellCommand.Parse(line) is { Name: @"\q" }) break;
                    await TryAsync(token => CommandAsync(line, token), cancellation);
                }
                else
                {
                    await TryAsync(token => StatementAsync(line, token), cancellation);
                }
            }

            return 0;
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    /// <summary>Whether Enter ends it: a command of the shell, nothing, or a statement with its semicolon.</summary>
    private static bool IsWhole(string text) => text.TrimStart().StartsWith('\\') || text.TrimEnd() is "" || (text.TrimEnd().EndsWith(';') && int.IsEvenInteger(text.Count('\'')));

    private static Task<ConsoleKeyInfo> NextKeyAsync(CancellationToken cancellation) => Task.Run(() => Console.ReadKey(intercept: true), CancellationToken.None).WaitAsync(cancellation);

    private async Task LearnNamesAsync(CancellationToken cancellation)
    {
        var tables = await NamesAsync("SHOW TABLES", cancellation);
        _completion = new SqlCompletion([.. tables.Union(await NamesAsync("SHOW VIEWS", cancellation))], await NamesAsync("SHOW FUNCTIONS", cancellation), ColumnsAsync);
    }

    private async Task<IReadOnlyList<string>> NamesAsync(string statement, CancellationToken cancellation)
    {
        using var answer = await _server.SqlAsync(statement, cancellation);
        return [.. answer.RootElement.GetProperty("rows").EnumerateArray().Select(row => row[0].GetString()!)];
    }

    private async Task<IReadOnlyList<string>> ColumnsAsync(string table, CancellationToken cancellation)
    {
        if (_columns.TryGetValue(table, out var known)) return known;
        return _columns[table] = await NamesAsync($"DESCRIBE `{table}`", cancellation);
    }

    private async Task<Completion> CompleteAsync(string text, int cursor, CancellationToken cancellation)
    {
        try
        {
            return await _completion!.AtAsync(text, cursor, cancellation);
        }
        catch (UserException)
        {
            // A server that is away completes nothing; the statement will say so.
            return new Completion(0, []);
        }
    }

    /// <summary>Does one thing; Ctrl-C ends it, and a failure is a sentence.</summary>
    private static async Task TryAsync(Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = work(stop.Token);
        try
        {
            while (await Task.WhenAny(running, Task.Delay(50, cancellation)) != running)
            {
                while (Console.KeyAvailable)
                    if (Console.ReadKey(intercept: true) is { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control }) await stop.CancelAsync();
            }

            await running;
        }
        catch (Exception e) when (e is UserException or SqlException or IOException or UnauthorizedAccessException)
        {
            AnsiConsole.MarkupLine($"[red]{Markup.Escape(e.Message)}[/]");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Console.WriteLine("stopped");
        }
    }

    private Task StatementAsync(string statement, CancellationToken cancellation) => AskAsync(_last = statement, _isExpanded, cancellation);

    private async Task AskAsync(string statement, bool isExpanded, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        await _server.SqlAsync(statement, null, async (content, body) =>
        {
            if (content.Headers.ContentType?.MediaType == "application/x-ndjson") return await SubscriptionPrinter.PrintAsync(body, false, Console.Out, cancellation);
            using var answer = await JsonDocument.ParseAsync(body, default, cancellation);
            AnswerPrinter.WriteTable(answer.RootElement, isExpanded);
            return true;
        }, cancellation);
        if (_isTimed) Console.WriteLine($"{watch.Elapsed.TotalMilliseconds.ToString("N1", CultureInfo.InvariantCulture)} ms");
    }

    private async Task CommandAsync(string line, CancellationToken cancellation)
    {
        var (command, name, argument) = ShellCommand.Parse(line);
        switch (command?.Name)
        {
            case @"\d" when argument.Length == 0:
                await LearnNamesAsync(cancellation);
                await AskAsync("SHOW TABLES", false, cancellation);
                break;
            case @"\d": await AskAsync($"DESCRIBE `{argument}`", false, cancellation); break;
            case @"\df": await AskAsync("SHOW FUNCTIONS" + (argument.Length == 0 ? "" : $" LIKE '{argument.Replace("'", "''", StringComparison.Ordinal).ToUpperInvariant()}%'"), false, cancellation); break;
            case @"\watch": await WatchAsync(argument, cancellation); break;
            case @"\i": await FileAsync(argument, cancellation); break;
            case @"\x": Console.WriteLine((_isExpanded = !_isExpanded) ? "a row is written as lines" : "rows are written as a table"); break;
            case @"\timing": Console.WriteLine((_isTimed = !_isTimed) ? "times are shown" : "times are not shown"); break;
            case @"\?": Help(); break;
            default: throw new UserException("usage", $@"There is no command {name}; \? lists them.");
        }
    }

    private async Task WatchAsync(string argument, CancellationToken cancellation)
    {
        if (_last is null) throw new UserException("usage", @"\watch runs the last query again: run one first.");
        var seconds = 2.0;
        if (argument.Length > 0 && !(double.TryParse(argument, CultureInfo.InvariantCulture, out seconds) && seconds >= 0.1 && seconds <= 86400)) throw new UserException("usage", @"\watch takes the seconds between two runs, 0.1 or more: \watch 1.");
        while (true)
        {
            Console.Write("\x1b[2J\x1b[H");
            Console.WriteLine($"every {seconds.ToString(CultureInfo.InvariantCulture)} s, {DateTime.Now.ToString("HH:mm:ss", CultureInfo.InvariantCulture)}; Ctrl-C ends it");
            await StatementAsync(_last, cancellation);
            await Task.Delay(TimeSpan.FromSeconds(seconds), cancellation);
        }
    }

    private async Task FileAsync(string path, CancellationToken cancellation)
    {
        if (!File.Exists(path)) throw new UserException("usage", $"There is no file {Path.GetFullPath(path)}.");
        var source = new SourceText(Path.GetFileName(path), await File.ReadAllTextAsync(path, cancellation));
        foreach (var statement in SqlParser.ParseScript(source)) await StatementAsync(source.Slice(statement.Span), cancellation);
    }

    private static void Help()
    {
        var grid = new Grid().AddColumns(3);
        foreach (var command in ShellCommand.All) grid.AddRow(Markup.Escape(command.Name), Markup.Escape(command.Argument), Markup.Escape(command.Does));
        AnsiConsole.Write(grid);
        Console.WriteLine("Tab completes tables, columns and functions; Up and Down go through what was entered; Ctrl-C ends a query.");
    }
}
