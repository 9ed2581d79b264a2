using System.CommandLine;
using System.Diagnostics;
using System.Net;
using Freshet.Commands.Send;
using Freshet.Commands.Test;
using Freshet.Server;
using Freshet.Server.Hosting;

namespace Freshet.Commands.Demo;

/// <summary>freshet demo: the shop sample in one process, with its events replayed live through HTTP.</summary>
internal static class DemoCommand
{
    private const double DefaultEventsPerSecond = 500;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    public static Command Build()
    {
        var seconds = new Option<double?>("--seconds") { Description = "End after this time with a summary; default runs until Ctrl-C.", HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "Print the summary as one JSON object on the last line." };
        var rate = new Option<double>("--rate") { Description = "Events a second.", DefaultValueFactory = _ => DefaultEventsPerSecond, HelpName = "N" };
        var options = new ProjectOptions();
        var command = new Command("demo", "Run the shop sample with live events.") { seconds, json, rate };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(seconds) is <= 0) throw new UserException("usage", "--seconds must be above 0.");
            if (parsed.GetValue(rate) <= 0) throw new UserException("usage", "--rate must be above 0.");
            var folder = FindSample();
            var settings = options.Load(parsed, folder, Path.Combine("data", "demo"));
            var key = settings.Keys[0].Key;
            var events = await ReadEventsAsync(Path.Combine(folder, "events.jsonl.gz"), cancellation);
            await using var lines = new RecentLines(Console.Out);
            await using var server = await FreshetServer.StartAsync(settings, await PipelineBackend.OpenAsync(settings, lines, cancellation), lines, TestCommand.LineOf(settings.Folder));
            lines.WriteLine($"ready {server.Url}");
            Introduce(server.Url, key);
            return await PlayAsync(server, events, key, parsed.GetValue(rate), parsed.GetValue(seconds), parsed.GetValue(json), cancellation);
        });
        ExamplesHelp.Attach(command, ["freshet demo", "freshet demo --seconds 20 --rate 5000 --json", "freshet demo --port 8080 --data /tmp/demo"]);
        return command;
    }

    private static async Task<int> PlayAsync(FreshetServer server, List<DemoEvent> events, string key, double rate, double? seconds, bool json, CancellationToken cancellation)
    {
        var figures = new DemoFigures();
        var watch = new VisibleWatch(server.Backend.Views!, figures);
        server.Ingest.Acknowledged += watch.Acknowledged;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var giveUp = new CancellationTokenSource();
        if (seconds is { } s) stop.CancelAfter(TimeSpan.FromSeconds(s));
        var started = Stopwatch.GetTimestamp();
        var watching = Task.Run(() => watch.RunAsync(giveUp.Token), CancellationToken.None);
        var player = new DemoPlayer(events, new IPEndPoint(IPAddress.Loopback, new Uri(server.Url).Port), key, rate, figures, watch);
        var playing = player.RunAsync(stop.Token);
        await ReportAsync(server, figures, started, playing, stop.Token);
        await playing;
        var took = Stopwatch.GetElapsedTime(started).TotalSeconds;
        watch.Complete();
        giveUp.CancelAfter(TimeSpan.FromSeconds(cancellation.IsCancellationRequested ? 1 : 10));
        await watching;
        Console.WriteLine(figures.Summary(took, server.Ingest.Counters));
        if (json) Console.WriteLine(figures.Json(took, server.Ingest.Counters));
        return figures.Errors == 0 ? 0 : UserException.Failed;
    }

    private static async Task ReportAsync(FreshetServer server, DemoFigures figures, long started, Task playing, CancellationToken stop)
    {
        var last = 0L;
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (!playing.IsCompleted && await second.WaitForNextTickAsync(stop))
            {
                if (server.Backend.Failure.IsCompleted) await server.Backend.Failure;
                var elapsed = Stopwatch.GetElapsedTime(started);
                var counters = server.Ingest.Counters;
                var lag = server.Backend.WatermarkLag is { } l ? FormattableString.Invariant($"{l.TotalSeconds:0.0} s behind") : "none yet";
                Console.WriteLine(FormattableString.Invariant($"{elapsed.TotalSeconds,4:0} s  {figures.Acknowledged,9:N0} events  {figures.Acknowledged - last,6:N0}/s  ack {DemoFigures.Text(figures.Ack)}  visible {DemoFigures.Text(figures.Visible)}  watermark {lag}  duplicates {counters.Duplicates:N0}  rejected {counters.Rejected:N0}  errors {figures.Errors:N0}"));
                last = figures.Acknowledged;
                figures.IsMeasuring = elapsed >= WarmUp - TimeSpan.FromMilliseconds(100);
            }
        }
        catch (OperationCanceledException)
        {
            // The time is over, or the user ended it.
        }
    }

    private static void Introduce(string url, string key)
    {
        Console.WriteLine($"""
            The shop's events are replayed live; percentiles leave out the first 2 s. Try, in another terminal:
              curl '{url}/api/views/revenue_per_minute?limit=5'
              curl {url}/api/views/funnel
              curl {url}/api/views/user_totals/u-0001
              curl {url}/api/sql -d 'SELECT product, pieces FROM top_products ORDER BY pieces DESC LIMIT 10'
              curl -u {key}: '{url}/v1/track?return=user_totals' -d '{"{"}"userId":"u-0001","event":"Hello"{"}"}'
              {url}/api/status
            """);
    }

    private static async Task<List<DemoEvent>> ReadEventsAsync(string path, CancellationToken cancellation)
    {
        await using var file = EventFile.Open(path);
        await using var stream = EventFile.Unpacked(file);
        var events = new List<DemoEvent>();
        await foreach (var line in EventFile.ReadAsync(stream, cancellation)) events.Add(new DemoEvent(line));
        return events;
    }

    /// <summary>samples/shop, from where the user stands or the program lies, upwards.</summary>
    private static string FindSample()
    {
        foreach (var start in new[] { Directory.GetCurrentDirectory(), AppContext.BaseDirectory })
        {
            for (var at = new DirectoryInfo(start); at is not null; at = at.Parent)
            {
                var folder = Path.Combine(at.FullName, "samples", "shop");
                if (File.Exists(Path.Combine(folder, "events.jsonl.gz"))) return folder;
            }
        }

        throw new UserException("no_sample", "The folder samples/shop was not found; run the demo inside the project's repository.");
    }
}
