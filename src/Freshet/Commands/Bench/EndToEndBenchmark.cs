using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Freshet.Load;
using Freshet.Server.Configuration;
using Freshet.Server.Hosting;
using Freshet.Server.Ingest;

namespace Freshet.Commands.Bench;

/// <summary>
/// Latency at 5,000 events a second in single posts over 32 connections, load generator included: from request to durable
/// acknowledgement, then from request to an answer that carries the view's row with the event in it.
/// Checks that every answer of the second part has a row.
/// </summary>
internal sealed class EndToEndBenchmark : IBenchmark
{
    private const string Key = "bench";
    private const int Connections = 32;
    private const int EventsPerSecond = 5000;

    private const string View = """
        CREATE MATERIALIZED VIEW per_user AS
        SELECT user_id, COUNT(*) AS events, SUM(CAST(properties['price'] AS DECIMAL(10, 2))) AS spent FROM events GROUP BY user_id;
        CREATE MATERIALIZED VIEW per_minute AS
        SELECT FLOOR(event_time TO MINUTE) AS at_minute, event, COUNT(*) AS events FROM events GROUP BY FLOOR(event_time TO MINUTE), event;
        """;

    public string Name => "end-to-end";

    public string About => "latency to durable and to visible at 5,000 events/s";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchOptions options, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.Combine(options.Directory, "sql"));
        await File.WriteAllTextAsync(Path.Combine(options.Directory, ProjectFile.Name), "{}", cancellation);
        await File.WriteAllTextAsync(Path.Combine(options.Directory, "sql", "views.sql"), View, cancellation);
        var flags = new Dictionary<string, string> { ["port"] = "0", ["limits.eventsPerSecond"] = "1000000000" };
        var settings = Project.Load(options.Directory, _ => null, flags, [Key]);
        await using var server = await FreshetServer.StartAsync(settings, await PipelineBackend.OpenAsync(settings, TextWriter.Null, cancellation));
        var address = new IPEndPoint(IPAddress.Loopback, new Uri(server.Url).Port);
        var ack = await RunAsync(address, "/v1/track", "\"success\":true", options.Duration, cancellation);
        var visible = await RunAsync(address, "/v1/track?return=per_user", "\"user_id\":\"user-", options.Duration, cancellation);
        return
        [
            new("ackMsP50", ack.PercentileMs(0.5), "ms to durable"),
            new("ackMsP99", ack.PercentileMs(0.99), "ms to durable"),
            new("visibleMsP50", visible.PercentileMs(0.5), "ms to the answer with the view's row"),
            new("visibleMsP99", visible.PercentileMs(0.99), "ms to the answer with the view's row"),
        ];
    }

    private static async Task<LatencyHistogram> RunAsync(IPEndPoint server, string path, string expected, TimeSpan duration, CancellationToken cancellation)
    {
        var figures = new LatencyHistogram();
        var links = new LoadConnection[Connections];
        for (var c = 0; c < Connections; c++)
        {
            links[c] = new LoadConnection();
            await links[c].ConnectAsync(server, cancellation);
        }

        var started = Stopwatch.GetTimestamp();
        var interval = TimeSpan.FromSeconds((double)Connections / EventsPerSecond);
        var bytes = Encoding.UTF8.GetBytes(expected);
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(c => Task.Run(async () =>
        {
            using var connection = links[c];
            // The first fifth warms up; at least one request is counted, however short the run.
            for (var (n, counted) = (0, 0); Stopwatch.GetElapsedTime(started) < duration || counted == 0; n++)
            {
                var due = interval * n + interval * c / Connections - Stopwatch.GetElapsedTime(started);
                if (due > TimeSpan.FromMilliseconds(1)) await Task.Delay(due, cancellation);
                var body = string.Create(CultureInfo.InvariantCulture, $$$"""{"type":"track","userId":"user-{{{c * 100 + n % 100}}}","event":"Product Viewed","properties":{"product_id":"p-{{{n % 400}}}","name":"Harbour Reserve tea","category":"tea","price":18.49}}""");
                var request = LoadConnection.Post(path, server.ToString(), Key, Encoding.UTF8.GetBytes(body));
                var sent = Stopwatch.GetTimestamp();
                var status = await connection.SendAsync(request, cancellation);
                if (status != 200 || connection.Body.IndexOf(bytes) < 0)
                    throw new InvalidOperationException($"{path} was answered {status}: {Encoding.UTF8.GetString(connection.Body)}");
                if (Stopwatch.GetElapsedTime(started) < duration / 5) continue;
                counted++;
                figures.RecordSince(sent);
            }
        }, cancellation)));
        return figures;
    }
}
