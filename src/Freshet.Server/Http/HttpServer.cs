using System.Net;
using System.Security.Cryptography.X509Certificates;
using Freshet.Server.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Server.Http;

/// <summary>
/// Kestrel without what is usually around it: no middleware, no configuration, no logging; it starts in a few tens of
/// milliseconds. The host only makes the server and is never run. Requests go straight from the connection to the <see cref="Router"/>.
/// </summary>
internal sealed class HttpServer : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly IServer _server;
    private readonly X509Certificate2? _certificate;

    private HttpServer(WebApplication host, IServer server, X509Certificate2? certificate)
    {
        _host = host;
        _server = server;
        _certificate = certificate;
    }

    /// <summary>The address that clients use, e.g. http://127.0.0.1:7070.</summary>
    public string Url { get; private set; } = "";

    public int Port { get; private set; }

    public static async Task<HttpServer> StartAsync(ProjectSettings settings, Router router)
    {
        if (!Project.TryAddress(settings.Listen, out var address)) throw new ArgumentException("listen was checked before", nameof(settings));
        var certificate = LoadCertificate(settings);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.AllowSynchronousIO = false;
            options.Limits.MaxConcurrentConnections = settings.ConnectionsMax;
            options.Limits.MaxRequestBodySize = Math.Max(4 << 20, settings.BatchBytesMax + 1);
            options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(120);
            options.Listen(address, settings.Port, listen =>
            {
                if (certificate is not null) listen.UseHttps(certificate);
            });
        });
        builder.WebHost.UseSockets(options => options.Backlog = 4096);
        if (certificate is not null) builder.WebHost.UseKestrelHttpsConfiguration();
        var host = builder.Build();
        var server = host.Services.GetRequiredService<IServer>();
        try
        {
            await server.StartAsync(new Application(router), CancellationToken.None);
        }
        catch (IOException e)
        {
            await host.DisposeAsync();
            throw new UserException("port_unavailable", $"Port {settings.Port} on {settings.Listen} cannot be used ({(e.InnerException ?? e).Message}); choose another with --port or end the program that holds it.");
        }

        var bound = new Uri(server.Features.Get<IServerAddressesFeature>()!.Addresses.First());
        var name = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) ? "127.0.0.1" : bound.Host;
        return new HttpServer(host, server, certificate) { Url = $"{bound.Scheme}://{name}:{bound.Port}", Port = bound.Port };
    }

    /// <summary>Takes no new requests and lets those in work end, for at most <paramref name="patience"/>.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        using var timeout = new CancellationTokenSource(patience);
        await _server.StopAsync(timeout.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.FromSeconds(1));
        await _host.DisposeAsync();
        _certificate?.Dispose();
    }

    private static X509Certificate2? LoadCertificate(ProjectSettings settings)
    {
        if (settings.CertificatePath is not { } relative) return null;
        var path = Path.Combine(settings.Folder, relative);
        try
        {
            if (!path.EndsWith(".pem", StringComparison.OrdinalIgnoreCase) && !path.EndsWith(".crt", StringComparison.OrdinalIgnoreCase))
                return X509CertificateLoader.LoadPkcs12FromFile(path, settings.CertificatePassword);
            var key = settings.CertificateKeyPath is { } k ? Path.Combine(settings.Folder, k) : null;
            return settings.CertificatePassword is { } password
                ? X509Certificate2.CreateFromEncryptedPemFile(path, password, key)
                : X509Certificate2.CreateFromPemFile(path, key);
        }
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or IOException)
        {
            throw new UserException("invalid_certificate", $"The certificate \"{relative}\" cannot be read ({e.Message}); check certificate.path, certificate.keyPath and certificate.password.");
        }
    }

    private sealed class Application(Router router) : IHttpApplication<Exchange>
    {
        public Exchange CreateContext(IFeatureCollection contextFeatures)
        {
            Exchange exchange;
            if (contextFeatures is IHostContextContainer<Exchange> container)
                exchange = container.HostContext ??= new Exchange();
            else
                exchange = new Exchange();
            exchange.Begin(contextFeatures);
            return exchange;
        }

        public Task ProcessRequestAsync(Exchange context)
        {
            ValueTask work;
            try
            {
                work = router.HandleAsync(context);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                return FailAsync(context, e);
            }

            return work.IsCompletedSuccessfully ? Task.CompletedTask : AwaitAsync(context, work);
        }

        public void DisposeContext(Exchange context, Exception? exception) => context.End();

        private static async Task AwaitAsync(Exchange exchange, ValueTask work)
        {
            try
            {
                await work;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                await FailAsync(exchange, e);
            }
        }

        /// <summary>The edge's last resort: a client that went away is nobody's fault, anything else is shown and answered 500.</summary>
        private static Task FailAsync(Exchange exchange, Exception e)
        {
            // An answer that has begun must not look whole: the error makes the server cut the connection.
            if (e is OperationCanceledException or Microsoft.AspNetCore.Connections.ConnectionResetException or Api.QueryException && exchange.HasStarted) return Task.FromException(e);
            if (e is OperationCanceledException) return Task.CompletedTask;
            if (e is RefusedException refused && !exchange.HasStarted)
            {
                refused.Refusal.Write(exchange);
                return Task.CompletedTask;
            }

            if (e is Microsoft.AspNetCore.Http.BadHttpRequestException bad)
            {
                if (!exchange.HasStarted) new Refusal(bad.StatusCode, "bad_request", bad.Message).Write(exchange);
                return Task.CompletedTask;
            }

            Console.Error.WriteLine($"freshet: {exchange.Method} {exchange.Path} failed: {e}");
            if (exchange.HasStarted) return Task.FromException(e);
            exchange.Response.Headers.Clear();
            new Refusal(500, "internal", "The server failed on this request; its error output says why.").Write(exchange);
            return Task.CompletedTask;
        }
    }
}
