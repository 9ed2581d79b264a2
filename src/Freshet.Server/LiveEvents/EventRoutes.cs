using System.Buffers;
using Freshet.Server.Api;
using Freshet.Server.Http;
using Freshet.Server.Ingest;

namespace Freshet.Server.LiveEvents;

/// <summary>
/// GET /api/events?type=&amp;name=&amp;source=&amp;identifier=&amp;rejected=true: events as they come in, a line of JSON at most four times a second, without an
/// end; first those that came last. See <see cref="EventTail"/> for what a line says and what it costs.
/// </summary>
internal sealed class EventRoutes(IngestService ingest, AccessRules access, Task? stopping)
{
    private const int WatchersMax = 20;
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WriteTimeMax = TimeSpan.FromSeconds(30);
    private int _watchers;

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/api/events", ["GET"], WatchAsync) { Cors = access.AllowListedOrigins };
    }

    private async ValueTask WatchAsync(Exchange exchange)
    {
        var refusal = access.Check(exchange)
            ?? (exchange.Query("rejected") is not (null or "" or "true" or "false") ? new Refusal(400, "invalid_rejected", "rejected must be true or false.") : null);
        if (refusal is null && Interlocked.Increment(ref _watchers) > WatchersMax)
        {
            Interlocked.Decrement(ref _watchers);
            refusal = new Refusal(503, "too_many_watchers", $"There are {WatchersMax} watchers of events already.") { RetryAfterSeconds = 10 };
        }

        if (refusal is not null)
        {
            refusal.Write(exchange);
            return;
        }

        try
        {
            await RunAsync(exchange, new EventTail(ingest.Log, ingest.Rejections, EventFilter.Of(exchange), exchange.Query("rejected") == "true"));
        }
        catch (OperationCanceledException)
        {
            // The watcher has gone, or has read nothing for too long.
            exchange.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref _watchers);
        }
    }

    private async Task RunAsync(Exchange exchange, EventTail tail)
    {
        exchange.Response.Headers.CacheControl = "no-store";
        await exchange.BeginAnswerAsync(200, "application/x-ndjson");
        var saidAt = System.Diagnostics.Stopwatch.GetTimestamp();
        while (stopping is not { IsCompleted: true })
        {
            var line = tail.Turn();
            if (line is null && System.Diagnostics.Stopwatch.GetElapsedTime(saidAt) >= HeartbeatEvery) line = "{\"came\":0,\"looked\":0,\"fitted\":0,\"rejected\":0,\"events\":[],\"rejections\":[]}"u8.ToArray();
            if (line is { } text)
            {
                saidAt = System.Diagnostics.Stopwatch.GetTimestamp();
                exchange.Writer.Write(text.Span);
                exchange.Writer.Write("\n"u8);
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(exchange.Aborted);
                patience.CancelAfter(WriteTimeMax);
                if ((await exchange.Writer.FlushAsync(patience.Token)).IsCompleted) return;
            }

            var pause = Task.Delay(Turn, exchange.Aborted);
            if (stopping is null) await pause;
            else if (await Task.WhenAny(pause, stopping) == pause) await pause;
        }
    }
}
