using System.Threading.Channels;
using Freshet.Server.Api;
using Freshet.Server.Http;

namespace Freshet.Commands.Demo;

/// <summary>
/// Measures from the moment a client of this process begins a request to the moment its event is in the views. The client
/// notes its start by its port before it sends; the server's side of the connection has the same port, and knows the sequence number.
/// </summary>
internal sealed class VisibleWatch(IViewReader views, DemoFigures figures)
{
    private readonly long[] _startedAt = new long[65536];
    private readonly Channel<(long StartedAt, long Sequence)> _acknowledged = Channel.CreateUnbounded<(long, long)>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>A client begins a request on the connection of this port.</summary>
    public void Begin(int port, long startedAt) => Volatile.Write(ref _startedAt[port], startedAt);

    /// <summary>The server has made the request's event durable.</summary>
    public void Acknowledged(Exchange exchange, long sequence)
    {
        var startedAt = Volatile.Read(ref _startedAt[exchange.RemotePort]);
        if (startedAt != 0) _acknowledged.Writer.TryWrite((startedAt, sequence));
    }

    /// <summary>Waits for one event after another until <see cref="Complete"/>; those that never become visible are errors.</summary>
    public async Task RunAsync(CancellationToken giveUp)
    {
        await foreach (var (startedAt, sequence) in _acknowledged.Reader.ReadAllAsync(CancellationToken.None))
        {
            try
            {
                await views.WhenVisibleAsync(sequence, giveUp);
                if (figures.IsMeasuring) figures.Visible.RecordSince(startedAt);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref figures.Errors);
            }
        }
    }

    public void Complete() => _acknowledged.Writer.TryComplete();
}
