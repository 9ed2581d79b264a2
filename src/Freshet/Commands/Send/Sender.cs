using System.Diagnostics;

namespace Freshet.Commands.Send;

/// <summary>Reads events, keeps the pace, and deals them to the lanes. Ends when the file does, or with the first error.</summary>
internal static class Sender
{
    public static HttpClient Client(SendPlan plan)
    {
        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = plan.Connections, PooledConnectionLifetime = TimeSpan.FromMinutes(10), UseCookies = false, AllowAutoRedirect = false };
        var client = new HttpClient(handler) { BaseAddress = new Uri(plan.Server.AbsoluteUri.TrimEnd('/') + "/"), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(plan.Key + ":")));
        return client;
    }

    public static async Task RunAsync(SendPlan plan, IAsyncEnumerable<EventLine> events, SendTally tally, CancellationToken cancellation)
    {
        using var client = Client(plan);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var lanes = Enumerable.Range(0, plan.Connections).Select(_ => new SendLane(plan, client, tally)).ToArray();
        var running = lanes.Select(async lane =>
        {
            try
            {
                await lane.RunAsync(stop.Token);
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
        }).ToArray();
        try
        {
            await DealAsync(plan, events, lanes, tally, stop.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // A lane failed; its error is the one to show.
        }
        finally
        {
            foreach (var lane in lanes) lane.Complete();
        }

        try
        {
            await Task.WhenAll(running);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            await running.First(r => r.IsFaulted);
        }
    }

    private static async Task DealAsync(SendPlan plan, IAsyncEnumerable<EventLine> events, SendLane[] lanes, SendTally tally, CancellationToken cancellation)
    {
        var assignment = new LaneAssignment(lanes.Length);
        var started = Stopwatch.GetTimestamp();
        long? firstTime = null;
        await foreach (var line in events.WithCancellation(cancellation))
        {
            var due = TimeSpan.Zero;
            if (plan.EventsPerSecond is { } rate) due = TimeSpan.FromSeconds(tally.Read / rate);
            if (plan.Speed is { } speed && line.Time is { } time) due = TimeSpan.FromMilliseconds((time - (firstTime ??= time)) / speed);
            // Waits below the clock's grain would only cost; what is early goes with the next wake-up.
            var early = due - Stopwatch.GetElapsedTime(started);
            if (early > TimeSpan.FromMilliseconds(1)) await Task.Delay(early, cancellation);
            var lane = assignment.Of(line, out var mustDrain);
            if (mustDrain >= 0) await lanes[mustDrain].DrainAsync(cancellation);
            await lanes[lane].AddAsync(line, cancellation);
            Interlocked.Increment(ref tally.Read);
        }
    }
}
