using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Freshet.Commands.Send;
using Freshet.Load;

namespace Freshet.Commands.Demo;

/// <summary>
/// Plays the sample's events over and over at a steady rate through HTTP, one event a request as browsers and phones send
/// them, over a few connections that keep each person's order. Every round has new message ids; repeats within a round stay repeats.
/// </summary>
internal sealed class DemoPlayer(IReadOnlyList<DemoEvent> events, IPEndPoint server, string key, double eventsPerSecond, DemoFigures figures, VisibleWatch watch)
{
    private const int Connections = 16;

    private readonly Channel<(DemoEvent Event, byte[] IdEnding, long ShiftMs)>[] _lanes =
        [.. Enumerable.Range(0, Connections).Select(_ => Channel.CreateBounded<(DemoEvent, byte[], long)>(1024))];

    private readonly string _run = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds().ToString("x", System.Globalization.CultureInfo.InvariantCulture);

    public async Task RunAsync(CancellationToken stop)
    {
        var lanes = _lanes.Select(l => Task.Run(() => SendAsync(l.Reader), CancellationToken.None)).ToArray();
        try
        {
            await DealAsync(stop);
        }
        catch (OperationCanceledException)
        {
            // The end that the user chose; what has been dealt is still sent.
        }

        foreach (var lane in _lanes) lane.Writer.Complete();
        await Task.WhenAll(lanes);
    }

    private async Task DealAsync(CancellationToken stop)
    {
        var assignment = new LaneAssignment(Connections);
        var times = events.Where(e => e.SentAt is not null).Select(e => e.SentAt!.Value).ToList();
        // Clocks in the file may be wrong; half of them are right, and the file's middle half spans half its time.
        times.Sort();
        var first = times.Count == 0 ? 0 : times[times.Count / 4];
        var middle = times.Count == 0 ? 0 : times[times.Count * 3 / 4] - first;
        var started = Stopwatch.GetTimestamp();
        var sent = 0L;
        for (var round = 0; ; round++)
        {
            var ending = Encoding.ASCII.GetBytes($"-{_run}-{round}");
            for (var i = 0; i < events.Count; i++, sent++)
            {
                var early = TimeSpan.FromSeconds(sent / eventsPerSecond) - Stopwatch.GetElapsedTime(started);
                if (early > TimeSpan.FromMilliseconds(1)) await Task.Delay(early, stop);
                stop.ThrowIfCancellationRequested();
                var inFile = first + (long)(middle * 2 * ((double)i / events.Count - 0.25));
                var lane = assignment.Of(events[i].Line, out _);
                await _lanes[lane].Writer.WriteAsync((events[i], ending, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - inFile), stop);
            }
        }
    }

    private async Task SendAsync(ChannelReader<(DemoEvent Event, byte[] IdEnding, long ShiftMs)> lane)
    {
        var host = server.ToString();
        var authorization = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(key + ":"));
        var request = new ArrayBufferWriter<byte>(2048);
        LoadConnection? connection = null;
        await foreach (var (e, ending, shift) in lane.ReadAllAsync())
        {
            try
            {
                if (connection is null)
                {
                    connection = new LoadConnection();
                    await connection.ConnectAsync(server, CancellationToken.None);
                }

                e.WriteRequest(host, authorization, ending, shift, request);
                var started = Stopwatch.GetTimestamp();
                watch.Begin(connection.LocalPort, started);
                var status = await connection.SendAsync(request.WrittenMemory, CancellationToken.None);
                if (status == 200)
                {
                    if (figures.IsMeasuring) figures.Ack.RecordSince(started);
                    Interlocked.Increment(ref figures.Acknowledged);
                }
                else if (status >= 500 || status == 429)
                {
                    Interlocked.Increment(ref figures.Errors);
                }
            }
            catch (Exception e2) when (e2 is IOException or SocketException)
            {
                Interlocked.Increment(ref figures.Errors);
                connection?.Dispose();
                connection = null;
            }
        }

        connection?.Dispose();
    }
}
