using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Freshet.Server.Ingest;

namespace Freshet.Load;

/// <summary>
/// The traffic of customers over HTTP. Batches are sent as fast as they are answered; single posts at a given rate, each timed from
/// its sending; profiles are read as fast as they come. Every answer that is not 200 is an error of the run.
/// </summary>
internal sealed class CustomerLoad(IPEndPoint server, string key, CustomerTraffic traffic, int profiles)
{
    private const int BatchEvents = 100;

    /// <summary>Posts batches until there are no more; the number of events.</summary>
    /// <param name="fill">Writes the n-th event of all, or gives 0 for the end.</param>
    public async Task<long> BatchesAsync(int connections, EventWriter fill, CancellationToken cancellation)
    {
        long next = -1, sent = 0;
        await EachAsync(connections, async (connection, number) =>
        {
            var random = new Random(number);
            var body = new byte[BatchEvents * (CustomerTraffic.EventBytesMax + 1) + 16];
            var request = new byte[body.Length + 512];
            while (!cancellation.IsCancellationRequested)
            {
                var first = Interlocked.Add(ref next, BatchEvents) - BatchEvents + 1;
                var length = Batch(fill, random, body, first, out var events);
                if (events == 0) return;
                await SendAsync(connection, Post("/v1/batch", body.AsSpan(0, length), request), cancellation);
                Interlocked.Add(ref sent, events);
            }
        }, cancellation);
        return sent;
    }

    /// <summary>Writes one event; its bytes, or 0 where there are no more.</summary>
    internal delegate int EventWriter(Span<byte> into, long number, Random random, ReadOnlySpan<byte> time);

    /// <summary>Single posts of the mix at a rate; each answer must hold a text.</summary>
    public async Task<LatencyHistogram> RateAsync(int connections, int perSecond, string query, string expected, TimeSpan duration, CancellationToken cancellation)
    {
        var figures = new LatencyHistogram();
        var interval = TimeSpan.FromSeconds((double)connections / perSecond);
        var text = Encoding.UTF8.GetBytes(expected);
        var started = Stopwatch.GetTimestamp();
        await EachAsync(connections, async (connection, number) =>
        {
            var random = new Random(number);
            var body = new byte[CustomerTraffic.EventBytesMax];
            var request = new byte[body.Length + 512];
            // The first fifth warms up; at least one request is counted, however short the run.
            for (var (n, counted) = (0, 0); Stopwatch.GetElapsedTime(started) < duration || counted == 0; n++)
            {
                var due = interval * n + interval * number / connections - Stopwatch.GetElapsedTime(started);
                if (due > TimeSpan.FromMilliseconds(1)) await Task.Delay(due, cancellation);
                var length = One(random, body, out var type);
                var ready = Post($"/v1/{type}{query}", body.AsSpan(0, length), request);
                var sent = Stopwatch.GetTimestamp();
                await SendAsync(connection, ready, cancellation);
                if (connection.Body.IndexOf(text) < 0) throw new InvalidOperationException($"/v1/{type}{query} was answered {Encoding.UTF8.GetString(connection.Body)}");
                if (Stopwatch.GetElapsedTime(started) < duration / 5) continue;
                counted++;
                figures.RecordSince(sent);
            }
        }, cancellation);
        return figures;
    }

    /// <summary>Reads of profiles by their account; reads a second.</summary>
    public async Task<double> ReadsAsync(int connections, string query, TimeSpan duration, CancellationToken cancellation)
    {
        var reads = 0L;
        var started = Stopwatch.GetTimestamp();
        await EachAsync(connections, async (connection, number) =>
        {
            var random = new Random(number);
            do
            {
                var profile = random.NextInt64(profiles);
                var request = Encoding.ASCII.GetBytes($"GET /api/profiles/user_id:{CustomerTraffic.UserId(profile)}{query} HTTP/1.1\r\nHost: {server}\r\n\r\n");
                await SendAsync(connection, request, cancellation);
                Interlocked.Increment(ref reads);
            }
            while (Stopwatch.GetElapsedTime(started) < duration);
        }, cancellation);
        return reads / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Previews a segment: the events read, and the seconds to the answer.</summary>
    public async Task<(long Events, double Seconds)> PreviewAsync(string sql, CancellationToken cancellation)
    {
        using var connection = new LoadConnection();
        await connection.ConnectAsync(server, cancellation);
        var started = Stopwatch.GetTimestamp();
        await SendAsync(connection, LoadConnection.Post("/api/segments/preview", server.ToString(), key, Encoding.UTF8.GetBytes($"{{\"sql\":\"{JsonEncodedText.Encode(sql)}\"}}")), cancellation);
        using var answer = JsonDocument.Parse(connection.Body.ToArray());
        return (answer.RootElement.GetProperty("events").GetInt64(), Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private async Task EachAsync(int connections, Func<LoadConnection, int, Task> work, CancellationToken cancellation)
    {
        await Task.WhenAll(Enumerable.Range(0, connections).Select(number => Task.Run(async () =>
        {
            using var connection = new LoadConnection();
            await connection.ConnectAsync(server, cancellation);
            await work(connection, number);
        }, cancellation)));
    }

    private static async ValueTask SendAsync(LoadConnection connection, ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        var status = await connection.SendAsync(request, cancellation);
        if (status != 200) throw new InvalidOperationException($"A request was answered {status}: {Encoding.UTF8.GetString(connection.Body)}");
    }

    private static int Batch(EventWriter fill, Random random, byte[] body, long first, out int events)
    {
        Span<byte> time = stackalloc byte[EventTime.WrittenBytes];
        EventTime.Write(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), time);
        "{\"batch\":["u8.CopyTo(body);
        var at = 10;
        for (events = 0; events < BatchEvents; events++)
        {
            if (events > 0) body[at++] = (byte)',';
            var written = fill(body.AsSpan(at), first + events, random, time);
            if (written == 0)
            {
                at -= events > 0 ? 1 : 0;
                break;
            }

            at += written;
        }

        "]}"u8.CopyTo(body.AsSpan(at));
        return at + 2;
    }

    private int One(Random random, byte[] body, out string type)
    {
        Span<byte> time = stackalloc byte[EventTime.WrittenBytes];
        EventTime.Write(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), time);
        return traffic.Next(body, random, random.NextInt64(profiles), time, out type);
    }

    /// <summary>A request in the sender's buffer.</summary>
    private Memory<byte> Post(string path, ReadOnlySpan<byte> body, byte[] into)
    {
        var authorization = Convert.ToBase64String(Encoding.UTF8.GetBytes(key + ":"));
        var length = Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Basic {authorization}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n", into);
        body.CopyTo(into.AsSpan(length));
        return into.AsMemory(0, length + body.Length);
    }
}
