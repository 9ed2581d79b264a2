using System.Security.Cryptography;
using System.Text;
using Freshet.Server.Http;

namespace Freshet.Server.Sessions;

/// <summary>
/// Who has logged in with a browser. A session is 256 random bits in a cookie that no script reads and no other site sends; the server keeps their
/// hash alone, in memory, so a restart ends all. It ends 30 minutes after its last request, 8 hours after its login, and at logout. Beyond
/// <see cref="SessionsMax"/> the one that has been silent for longest goes. A token against forged requests belongs to each session: it is a keyed hash
/// of the cookie, told only to pages of this server, and comes back in a header.
/// </summary>
internal sealed class SessionStore(TimeProvider clock)
{
    public const string Cookie = "__Host-freshet";
    public const string CsrfHeader = "X-CSRF-Token";
    public const int SessionsMax = 1000;
    public static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(30);
    public static readonly TimeSpan AgeMax = TimeSpan.FromHours(8);

    private const int IdBytes = 32;
    private const string CookieRules = "; Path=/; Secure; HttpOnly; SameSite=Strict";

    private readonly byte[] _csrfKey = RandomNumberGenerator.GetBytes(32);
    private readonly Dictionary<string, Session> _sessions = [];
    private readonly Lock _lock = new();

    private sealed class Session
    {
        public required DateTimeOffset Began { get; init; }

        public DateTimeOffset Seen { get; set; }

        public bool IsOver(DateTimeOffset now) => now - Seen >= IdleMax || now - Began >= AgeMax;
    }

    public TimeProvider Clock => clock;

    /// <summary>Begins a session, sets its cookie and gives its token; the session that the browser had is over.</summary>
    public string Begin(Exchange exchange)
    {
        var id = Base64Url(RandomNumberGenerator.GetBytes(IdBytes));
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            if (IdOf(exchange) is { } old) _sessions.Remove(HashOf(old));
            if (_sessions.Count >= SessionsMax) MakeRoom(now);
            _sessions[HashOf(id)] = new Session { Began = now, Seen = now };
        }

        exchange.Response.Headers.SetCookie = $"{Cookie}={id}{CookieRules}";
        return CsrfOf(id);
    }

    /// <summary>The token of the session that the request's cookie names, which counts as used now; null where there is none or it is over.</summary>
    public string? Use(Exchange exchange)
    {
        if (IdOf(exchange) is not { } id) return null;
        var now = clock.GetUtcNow();
        var key = HashOf(id);
        lock (_lock)
        {
            if (!_sessions.TryGetValue(key, out var session)) return null;
            if (session.IsOver(now))
            {
                _sessions.Remove(key);
                return null;
            }

            session.Seen = now;
        }

        return CsrfOf(id);
    }

    /// <summary>Ends the session of the request, if it has one, and takes its cookie back.</summary>
    public void End(Exchange exchange)
    {
        if (IdOf(exchange) is { } id)
        {
            lock (_lock) _sessions.Remove(HashOf(id));
        }

        exchange.Response.Headers.SetCookie = $"{Cookie}={CookieRules}; Max-Age=0";
    }

    private void MakeRoom(DateTimeOffset now)
    {
        foreach (var (key, _) in _sessions.Where(s => s.Value.IsOver(now)).ToList()) _sessions.Remove(key);
        if (_sessions.Count >= SessionsMax) _sessions.Remove(_sessions.MinBy(s => s.Value.Seen).Key);
    }

    private string CsrfOf(string id) => Base64Url(HMACSHA256.HashData(_csrfKey, Encoding.ASCII.GetBytes(id)));

    private static string HashOf(string id) => Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(id)));

    private static string Base64Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    /// <summary>The id that the cookie header carries, where it looks like one.</summary>
    private static string? IdOf(Exchange exchange)
    {
        foreach (var header in exchange.Headers.Cookie)
        {
            foreach (var part in (header ?? "").Split(';', StringSplitOptions.TrimEntries))
            {
                if (!part.StartsWith(Cookie + "=", StringComparison.Ordinal)) continue;
                var id = part[(Cookie.Length + 1)..];
                return id.Length == (IdBytes * 4 + 2) / 3 ? id : null;
            }
        }

        return null;
    }
}
