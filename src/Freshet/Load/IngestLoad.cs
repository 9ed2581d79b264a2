using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Text;
using Freshet.Server.Ingest;

namespace Freshet.Load;

/// <summary>What a load run achieved.</summary>
internal sealed record LoadResult(long Requests, long Events, double Seconds, double AckMsP50, double AckMsP99, long Errors)
{
    public double EventsPerSecond => Events / Seconds;

    public double RequestsPerSecond => Requests / Seconds;
}

/// <summary>
/// Closed-loop load on the ingest routes: each connection posts events of about 500 bytes, each with a new message id,
/// as soon as the last request is answered. The first fifth of the time warms up and is not counted.
/// </summary>
internal static class IngestLoad
{
    private const int IdDigits = 12;
    private static long _nextId = Stopwatch.GetTimestamp() % 1_000_000 * 100_000;

    /// <param name="batch">Events of a request; 1 posts to /v1/track.</param>
    public static async Task<LoadResult> RunAsync(IPEndPoint server, string key, int connections, int batch, TimeSpan duration, CancellationToken cancellation)
    {
        var acks = new LatencyHistogram();
        var errors = 0L;
        var links = new LoadConnection[connections];
        for (var c = 0; c < connections; c++)
        {
            links[c] = new LoadConnection();
            await links[c].ConnectAsync(server, cancellation);
        }

        var warm = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds / 5 * Stopwatch.Frequency);
        var end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var senders = Enumerable.Range(0, connections).Select(c => Task.Run(async () =>
        {
            using var connection = links[c];
            var request = Request(server, key, batch, c, out var ids);
            // Each connection counts one request at least, however slow the machine: a short run still proves that it works.
            for (var counted = 0; !cancellation.IsCancellationRequested;)
            {
                foreach (var at in ids) WriteId(request, at);
                var started = Stopwatch.GetTimestamp();
                if (started > end && counted > 0) return;
                var status = await connection.SendAsync(request, cancellation);
                if (started < warm) continue;
                counted++;
                if (status == 200) acks.RecordSince(started);
                else Interlocked.Increment(ref errors);
            }
        }, cancellation)).ToArray();
        await Task.WhenAll(senders);
        var seconds = (double)(Stopwatch.GetTimestamp() - warm) / Stopwatch.Frequency;
        return new LoadResult(acks.Count, acks.Count * batch, seconds, acks.PercentileMs(0.5), acks.PercentileMs(0.99), errors);
    }

    private static void WriteId(byte[] request, int at) =>
        Utf8Formatter.TryFormat(Interlocked.Increment(ref _nextId), request.AsSpan(at, IdDigits), out _, new System.Buffers.StandardFormat('D', IdDigits));

    private static byte[] Request(IPEndPoint server, string key, int batch, int connection, out int[] ids)
    {
        var body = new StringBuilder();
        if (batch > 1) body.Append("{\"batch\":[");
        for (var i = 0; i < batch; i++) body.Append(i > 0 ? "," : "").Append(Event(connection * 1000 + i));
        if (batch > 1) body.Append("],\"sentAt\":\"2026-11-22T10:05:51.594Z\"}");
        var request = LoadConnection.Post(batch > 1 ? "/v1/batch" : "/v1/track", server.ToString(), key, Encoding.UTF8.GetBytes(body.ToString()));
        var found = new List<int>();
        for (var at = request.AsSpan().IndexOf("load-"u8); at >= 0;)
        {
            found.Add(at + 5);
            var next = request.AsSpan(at + 5).IndexOf("load-"u8);
            at = next < 0 ? -1 : at + 5 + next;
        }

        ids = [.. found];
        return request;
    }

    private static string Event(int n) =>
        $$$"""{"type":"track","messageId":"load-{{{new string('0', IdDigits)}}}","userId":"user-{{{n % 10000:00000}}}","anonymousId":"4496db6d-b558-10dd-4527-5e5e7751b1d0","event":"Product Viewed","properties":{"product_id":"p-{{{n % 400:000}}}","name":"Harbour Reserve tea","category":"tea","price":18.49,"quantity":{{{n % 5}}}},"context":{"library":{"name":"analytics.js","version":"npm:next-1.84.3"},"locale":"de-DE","page":{"path":"/p/p-001","url":"https://shop.example/p/p-001","title":"Shop"}},"timestamp":"2026-11-22T10:05:51.496Z","integrations":{"All":true}}""";
}
