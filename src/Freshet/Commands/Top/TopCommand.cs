using System.CommandLine;
using System.Text.Json;
using Freshet.Commands.Remote;
using Freshet.Server;
using Spectre.Console;

namespace Freshet.Commands.Top;

/// <summary>freshet top: the running circuit, its busiest nodes first, again each second.</summary>
internal static class TopCommand
{
    public static Command Build()
    {
        var server = new ServerOptions();
        var interval = new Option<double>("--interval") { Description = "Seconds between two frames.", DefaultValueFactory = _ => 1, HelpName = "S" };
        var sort = new Option<string>("--sort") { Description = "busy, rows or state.", DefaultValueFactory = _ => "busy", HelpName = "BY" };
        sort.OnlyAmong("busy", "rows", "state");
        var frames = new Option<int?>("--frames") { Description = "End after so many frames; without it Ctrl-C or q ends.", HelpName = "N" };
        var asJson = new Option<bool>("--json") { Description = "A frame as one JSON object a line." };
        var command = new Command("top", "Watch the running circuit: which operators work, and what they keep.") { interval, sort, frames, asJson };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var seconds = parsed.GetValue(interval);
            if (seconds is < 0.1 or > 3600) throw new UserException("usage", "--interval is the seconds between two frames, 0.1 to 3600.");
            using var connection = server.Connect(parsed);
            var order = Enum.Parse<TopOrder>(parsed.GetValue(sort)!, ignoreCase: true);
            var shown = Frames(connection, TimeSpan.FromSeconds(seconds), order, parsed.GetValue(frames) ?? int.MaxValue, cancellation);
            if (parsed.GetValue(asJson) || Console.IsOutputRedirected) await PrintAsync(shown, parsed.GetValue(asJson));
            else await WatchAsync(shown, connection.Address, cancellation);
            return 0;
        });
        ExamplesHelp.Attach(command, ["freshet top", "freshet top --sort state", "freshet top --frames 1 --interval 5 --json"]);
        return command;
    }

    private static async IAsyncEnumerable<TopFrame> Frames(ServerConnection server, TimeSpan interval, TopOrder order, int count, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var before = await SampleAsync(server, cancellation);
        for (var i = 0; i < count; i++)
        {
            await Task.Delay(interval, cancellation);
            var now = await SampleAsync(server, cancellation);
            yield return TopFrame.Between(before, now, order);
            before = now;
        }
    }

    private static async Task<TopSample> SampleAsync(ServerConnection server, CancellationToken cancellation)
    {
        using var pipelines = await server.GetAsync("/api/pipelines", cancellation);
        using var status = await server.GetAsync("/api/status", cancellation);
        return TopSample.Read(pipelines.RootElement, status.RootElement);
    }

    private static async Task PrintAsync(IAsyncEnumerable<TopFrame> frames, bool asJson)
    {
        await foreach (var frame in frames)
        {
            if (asJson) Console.WriteLine(frame.ToJson().ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
            else AnsiConsole.Write(TopScreen.Of(frame, null, int.MaxValue));
        }
    }

    private static async Task WatchAsync(IAsyncEnumerable<TopFrame> frames, Uri address, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        // The screen that was there comes back at the end.
        Console.Write("\x1b[?1049h\x1b[?25l");
        try
        {
            await foreach (var frame in frames.WithCancellation(stop.Token))
            {
                Console.Write("\x1b[H");
                AnsiConsole.Write(TopScreen.Of(frame, address, Math.Max(Console.WindowHeight - TopScreen.HeadRows, 1)));
                Console.Write("\x1b[J");
                while (Console.KeyAvailable)
                    if (Console.ReadKey(intercept: true).Key is ConsoleKey.Q or ConsoleKey.Escape) return;
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Ctrl-C is how one leaves.
        }
        finally
        {
            Console.Write("\x1b[?25h\x1b[?1049l");
        }
    }
}
