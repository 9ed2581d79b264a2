using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Freshet.Server.Configuration;
using Freshet.Server.Http;

namespace Freshet.Server.Tests.Http;

public sealed class HttpServerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freshet-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("pfx")]
    [InlineData("pem")]
    public async Task A_certificate_makes_it_https(string kind)
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        string json;
        if (kind == "pfx")
        {
            await File.WriteAllBytesAsync(Path.Combine(_folder, "server.pfx"), certificate.ExportPkcs12(Pkcs12ExportPbeParameters.Default, "secret"));
            json = """{"certificate":{"path":"server.pfx","password":"secret"}}""";
        }
        else
        {
            await File.WriteAllTextAsync(Path.Combine(_folder, "server.pem"), certificate.ExportCertificatePem());
            await File.WriteAllTextAsync(Path.Combine(_folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
            json = """{"certificate":{"path":"server.pem","keyPath":"server.key"}}""";
        }

        await using var server = await StartAsync(json);
        Assert.StartsWith("https://", server.Url, StringComparison.Ordinal);
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = (_, served, _, _) => served!.Thumbprint == certificate.Thumbprint };
        using var client = new HttpClient(handler);
        Assert.Equal("/hello", await client.GetStringAsync(new Uri(server.Url + "/hello")));
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_read_is_named()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "server.pfx"), "nothing");
        var e = await Assert.ThrowsAsync<UserException>(() => StartAsync("""{"certificate":{"path":"server.pfx"}}"""));
        Assert.Contains("server.pfx", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_the_remedy()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var e = await Assert.ThrowsAsync<UserException>(() => StartAsync($$"""{"port":{{port}}}"""));
        Assert.Contains($"Port {port}", e.Message, StringComparison.Ordinal);
        Assert.Contains("--port", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_http_or_fails_leaves_the_server_serving()
    {
        await using var server = await StartAsync("{}");
        using var client = new HttpClient();
        foreach (var garbage in new[] { "\u0016\u0003\u0001nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" })
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, server.Port);
            await socket.GetStream().WriteAsync(Encoding.Latin1.GetBytes(garbage));
            var answer = new byte[64];
            var read = await socket.GetStream().ReadAsync(answer);
            Assert.StartsWith("HTTP/1.1 400", Encoding.ASCII.GetString(answer, 0, read), StringComparison.Ordinal);
        }

        Assert.Equal(500, (int)(await client.GetAsync(new Uri(server.Url + "/fails"))).StatusCode);
        Assert.Equal(404, (int)(await client.GetAsync(new Uri(server.Url + "/helo"))).StatusCode);
        Assert.Equal("/hello", await client.GetStringAsync(new Uri(server.Url + "/hello")));
    }

    private Task<HttpServer> StartAsync(string json)
    {
        File.WriteAllText(Path.Combine(_folder, "freshet.json"), json);
        var flags = json.Contains("port", StringComparison.Ordinal) ? null : new Dictionary<string, string> { ["port"] = "0" };
        return HttpServer.StartAsync(Project.Load(_folder, _ => null, flags), new Router(
        [
            new Route("/hello", ["GET", "POST"], e =>
            {
                e.Answer(200, "text/plain", Encoding.UTF8.GetBytes(e.Path));
                return ValueTask.CompletedTask;
            }),
            new Route("/fails", ["GET"], _ => throw new InvalidOperationException("as the test wants")),
        ]));
    }
}
