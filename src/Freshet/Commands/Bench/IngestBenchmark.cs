using System.Net;
using Freshet.Load;
using Freshet.Server.Configuration;
using Freshet.Server.Hosting;

namespace Freshet.Commands.Bench;

/// <summary>
/// Durable ingest over HTTP, load generator included: batches of 100 events of about 500 bytes over 8 connections, then single
/// posts over 256, then the same posts to a bare server that does nothing, which is the floor.
/// Checks that the log holds every acknowledged event.
/// </summary>
internal sealed class IngestBenchmark : IBenchmark
{
    private const string Key = "bench";

    public string Name => "ingest";

    public string About => "durable events over HTTP, batches and single posts";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchOptions options, CancellationToken cancellation)
    {
        await File.WriteAllTextAsync(Path.Combine(options.Directory, ProjectFile.Name), "{}", cancellation);
        var flags = new Dictionary<string, string> { ["port"] = "0", ["limits.eventsPerSecond"] = "1000000000" };
        var settings = Project.Load(options.Directory, _ => null, flags, [Key]);
        await using var server = await FreshetServer.StartAsync(settings, await PipelineBackend.OpenAsync(settings, TextWriter.Null, cancellation));
        var address = new IPEndPoint(IPAddress.Loopback, new Uri(server.Url).Port);
        var batches = await IngestLoad.RunAsync(address, Key, 8, 100, options.Duration, cancellation);
        var singles = await IngestLoad.RunAsync(address, Key, 256, 1, options.Duration, cancellation);
        using var bare = await EchoServer.StartAsync();
        var echo = await IngestLoad.RunAsync(bare.EndPoint, Key, 256, 1, options.Duration, cancellation);
        var stored = server.Backend.Log.LastDurable + 1;
        if (stored < batches.Events + singles.Events)
            throw new InvalidOperationException($"The log holds {stored} events, but {batches.Events + singles.Events} were acknowledged.");
        if (batches.Errors + singles.Errors > 0)
            throw new InvalidOperationException($"{batches.Errors + singles.Errors} requests were not answered with 200.");
        return
        [
            new("events", batches.Events, "events in batches of 100"),
            new("eventsPerSecond", batches.EventsPerSecond, "events/s, durable"),
            new("ackMsP50", batches.AckMsP50, "ms"),
            new("ackMsP99", batches.AckMsP99, "ms"),
            new("connections", 8, "connections"),
            new("singleEventsPerSecond", singles.EventsPerSecond, "single posts/s, durable, 256 connections"),
            new("singleAckMsP50", singles.AckMsP50, "ms"),
            new("singleAckMsP99", singles.AckMsP99, "ms"),
            new("echoPerSecond", echo.EventsPerSecond, "single posts/s to a bare server"),
            new("singleShareOfEcho", singles.EventsPerSecond / Math.Max(1, echo.EventsPerSecond), "of the bare server"),
        ];
    }
}
