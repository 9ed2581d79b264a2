using System.Net;
using System.Security.Cryptography;
using System.Text;
using Freshet.Server.Configuration;
using Freshet.Server.Http;
using Freshet.Server.Ingest;

namespace Freshet.Server.Api;

/// <summary>
/// Who may read. Every route of /api and /metrics, and every use of ?return, is checked here before anything else:
/// the Host must be loopback or configured (a foreign page cannot reach us under its own name), the Origin must be ours or
/// listed, Sec-Fetch-Site must not be cross-site, and where a token is configured it must be there. Tokens are compared by
/// their SHA-256 in constant time. Immutable.
/// </summary>
internal sealed class AccessRules
{
    private readonly byte[]? _token;
    private readonly string[] _origins;
    private readonly HashSet<string> _hosts;

    public AccessRules(ProjectSettings settings)
    {
        _token = settings.ApiToken is { } token ? SHA256.HashData(Encoding.UTF8.GetBytes(token)) : null;
        _origins = [.. settings.ApiOrigins];
        _hosts = new HashSet<string>(settings.ApiHosts, StringComparer.OrdinalIgnoreCase) { "localhost", "127.0.0.1", "[::1]" };
        if (!IPAddress.TryParse(settings.Listen, out var address)) return;
        if (IPAddress.IsLoopback(address)) _hosts.Add(settings.Listen);
        else if (!address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)) _hosts.Add(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{settings.Listen}]" : settings.Listen);
    }

    /// <summary>Reading needs a token; otherwise the listener is loopback and anyone on the machine may read.</summary>
    public bool NeedsToken => _token is not null;

    /// <summary>Null, or why this request may not read.</summary>
    public Refusal? Check(Exchange exchange) => CheckOrigin(exchange) ?? CheckToken(exchange);

    /// <summary>The part that protects a browser's user: where the request comes from.</summary>
    public Refusal? CheckOrigin(Exchange exchange)
    {
        var headers = exchange.Headers;
        var host = headers.Host.ToString();
        if (!_hosts.Contains(HostName(host)))
            return new Refusal(403, "foreign_host", $"The host \"{Cut(host)}\" is not one of this server's; add it to api.hosts in freshet.json.");
        var origin = headers.Origin.ToString();
        var isListed = origin.Length > 0 && IsListed(origin);
        if (origin.Length > 0 && !isListed && !IsOwn(origin, host))
            return new Refusal(403, "foreign_origin", $"The origin \"{Cut(origin)}\" may not read; add it to api.origins in freshet.json.");
        if (!isListed && headers.TryGetValue("Sec-Fetch-Site", out var site) && site == "cross-site")
            return new Refusal(403, "cross_site", "A page of another site may not read; add its origin to api.origins in freshet.json.");
        return null;
    }

    /// <summary>The request carries the configured token.</summary>
    public bool HasToken(Exchange exchange)
    {
        if (_token is null) return false;
        var authorization = exchange.Headers.Authorization.ToString();
        // Segment's clients of the Profile API send the token as Basic user.
        var token = authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? authorization[7..].Trim()
            : authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) ? IngestAnswer.BasicUser(authorization[6..].Trim()) : null;
        if (token is null) return false;
        var given = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        return CryptographicOperations.FixedTimeEquals(given, _token);
    }

    /// <summary>Allows a listed origin to use the routes that read, and answers its preflight.</summary>
    public void AllowListedOrigins(Exchange exchange)
    {
        var origin = exchange.Headers.Origin.ToString();
        if (!IsListed(origin)) return;
        var headers = exchange.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.Vary = "Origin";
        if (exchange.Method != "OPTIONS") return;
        headers.AccessControlAllowMethods = "GET, POST";
        headers.AccessControlAllowHeaders = "authorization, content-type, accept, last-event-id";
        headers.AccessControlMaxAge = "86400";
    }

    public bool IsListed(string origin) => Array.IndexOf(_origins, origin) >= 0;

    private Refusal? CheckToken(Exchange exchange) => _token is null || HasToken(exchange)
        ? null
        : new Refusal(401, "token_required", "This route needs the API token: Authorization: Bearer <api.token>.");

    /// <summary>Without the port; an IPv6 address keeps its brackets.</summary>
    private static string HostName(string host)
    {
        var end = host.StartsWith('[') ? host.IndexOf(']', StringComparison.Ordinal) + 1 : host.IndexOf(':', StringComparison.Ordinal);
        return end > 0 ? host[..end] : host;
    }

    private static bool IsOwn(string origin, string host) =>
        origin.Equals("http://" + host, StringComparison.OrdinalIgnoreCase) || origin.Equals("https://" + host, StringComparison.OrdinalIgnoreCase);

    private static string Cut(string text) => text.Length <= 100 ? text : text[..100] + "...";
}
