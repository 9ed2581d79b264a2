using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Freshet.Load;

/// <summary>The floor that single posts are compared with: the same server reads the body, does nothing, and answers 200 with 16 bytes.</summary>
internal sealed class EchoServer : IHttpApplication<IFeatureCollection>, IDisposable
{
    private readonly KestrelServer _server;

    private EchoServer(KestrelServer server) => _server = server;

    public IPEndPoint EndPoint { get; private set; } = null!;

    public static async Task<EchoServer> StartAsync()
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Listen(IPAddress.Loopback, 0);
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);
        var echo = new EchoServer(new KestrelServer(Options.Create(options), transport, NullLoggerFactory.Instance));
        await echo._server.StartAsync(echo, CancellationToken.None);
        echo.EndPoint = new IPEndPoint(IPAddress.Loopback, new Uri(echo._server.Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port);
        return echo;
    }

    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public async Task ProcessRequestAsync(IFeatureCollection context)
    {
        var reader = context.Get<IRequestBodyPipeFeature>()!.Reader;
        while (true)
        {
            var read = await reader.ReadAsync();
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }

        var response = context.Get<IHttpResponseFeature>()!;
        response.Headers.ContentType = "application/json";
        response.Headers.ContentLength = 16;
        var writer = context.Get<IHttpResponseBodyFeature>()!.Writer;
        "{\"success\":true}"u8.CopyTo(writer.GetSpan(16));
        writer.Advance(16);
    }

    public void DisposeContext(IFeatureCollection context, Exception? exception)
    {
    }

    public void Dispose() => _server.Dispose();
}
