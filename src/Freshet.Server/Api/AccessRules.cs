using System.Net;
using System.Security.Cryptography;
using System.Text;
using Freshet.Server.Configuration;
using Freshet.Server.Http;
using Freshet.Server.Ingest;
using Freshet.Server.Sessions;

namespace Freshet.Server.Api;

/// <summary>
/// Who may read. Every route of /api and /metrics, and every use of ?return, is checked here before anything else:
/// the Host must be loopback or configured (a foreign page cannot reach us under its own name), the Origin must be ours or
/// listed, Sec-Fetch-Site must not be cross-site, and where a token or a password is configured, the request carries the token or the cookie of a session.
/// A browser sends cookies by itself, so what a cookie opens and is no GET must also come from a page of ours and carry the session's token. Secrets are
/// compared by their SHA-256 in constant time. Immutable but for the sessions.
/// </summary>
internal sealed class AccessRules
{
    private readonly byte[]? _token;
    private readonly byte[]? _password;
    private readonly SessionStore? _sessions;
    private readonly bool _isEncrypted;
    private readonly string[] _origins;
    private readonly HashSet<string> _hosts;

    /// <param name="sessions">Where a login is configured, who has logged in.</param>
    public AccessRules(ProjectSettings settings, SessionStore? sessions = null)
    {
        NeedsLogin = settings.NeedsLogin;
        _token = HashOf(settings.ApiToken);
        _password = HashOf(settings.ApiPassword);
        _sessions = sessions;
        _isEncrypted = settings.BehindProxy || settings.CertificatePath is not null;
        _origins = [.. settings.ApiOrigins];
        _hosts = new HashSet<string>(settings.ApiHosts, StringComparer.OrdinalIgnoreCase) { "localhost", "127.0.0.1", "[::1]" };
        if (!IPAddress.TryParse(settings.Listen, out var address)) return;
        if (IPAddress.IsLoopback(address)) _hosts.Add(settings.Listen);
        else if (!address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any)) _hosts.Add(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{settings.Listen}]" : settings.Listen);
    }

    /// <summary>Reading needs a token or a login; otherwise the listener is loopback and anyone on the machine may read.</summary>
    public bool NeedsLogin { get; }

    /// <summary>Null, or why this request may not read.</summary>
    public Refusal? Check(Exchange exchange) => CheckOrigin(exchange) ?? CheckLogin(exchange);

    /// <summary>The part that knows who asks: the token, or else the session of a browser. A request with an Authorization is judged by that alone.</summary>
    public Refusal? CheckLogin(Exchange exchange)
    {
        if (!NeedsLogin || HasToken(exchange)) return null;
        var judged = exchange.Headers.Authorization.Count > 0 ? null : CheckSession(exchange);
        if (exchange.Headers.Authorization.Count == 0 && judged?.Status != 401) return judged;
        return new Refusal(401, "token_required", "This route needs the API token (Authorization: Bearer <api.token>), or a login of the console.");
    }

    /// <summary>Null where the request belongs to a session and no other page can have made it.</summary>
    public Refusal? CheckSession(Exchange exchange)
    {
        if (_sessions?.Use(exchange) is not { } csrf) return new Refusal(401, "login_required", "There is no session, or it is over: log in again.");
        if (exchange.Method is "GET" or "HEAD") return null;
        var headers = exchange.Headers;
        var isOurs = headers.TryGetValue("Sec-Fetch-Site", out var site) ? site == "same-origin" : headers.Origin.Count > 0 && !IsListed(headers.Origin.ToString());
        if (!isOurs) return new Refusal(403, "foreign_page", "What a session changes must come from a page of this server.");
        return CryptographicOperations.FixedTimeEquals(HashOf(headers[SessionStore.CsrfHeader].ToString()), HashOf(csrf)) ? null
            : new Refusal(403, "csrf_token", $"What a session changes needs its token: {SessionStore.CsrfHeader}, as GET /api/session tells it.");
    }

    /// <summary>What somebody has typed is the password or the token.</summary>
    public bool IsSecret(string text)
    {
        var given = HashOf(text);
        // Both are compared, so that the time does not tell which one is configured.
        return CryptographicOperations.FixedTimeEquals(given, _password ?? []) | CryptographicOperations.FixedTimeEquals(given, _token ?? []);
    }

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
        return CryptographicOperations.FixedTimeEquals(HashOf(token), _token);
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

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(secret))]
    private static byte[]? HashOf(string? secret) => secret is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Without the port; an IPv6 address keeps its brackets.</summary>
    private static string HostName(string host)
    {
        var end = host.StartsWith('[') ? host.IndexOf(']', StringComparison.Ordinal) + 1 : host.IndexOf(':', StringComparison.Ordinal);
        return end > 0 ? host[..end] : host;
    }

    /// <summary>A page that came unencrypted is not ours where all of ours are encrypted: anybody on the way can have written it. On this machine nobody is on the way.</summary>
    private bool IsOwn(string origin, string host) =>
        origin.Equals("https://" + host, StringComparison.OrdinalIgnoreCase)
        || (origin.Equals("http://" + host, StringComparison.OrdinalIgnoreCase) && (!_isEncrypted || IsLoopback(HostName(host))));

    private static bool IsLoopback(string host) => host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private static string Cut(string text) => text.Length <= 100 ? text : text[..100] + "...";
}
