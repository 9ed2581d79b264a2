using System.Text.Json;
using Freshet.Server.Api;
using Freshet.Server.Http;

namespace Freshet.Server.Sessions;

/// <summary>
/// /api/session, for browsers: GET says whether a login is needed and whether there is one, POST {"secret":".."} logs in with api.password or api.token,
/// DELETE logs out. All three are only for pages of this server. Where nothing is configured there is no login and no cookie is ever set.
/// </summary>
internal sealed class SessionRoutes(AccessRules access, SessionStore? sessions, bool isBehindProxy)
{
    private const int BodyBytesMax = 4096;

    private readonly LoginGuard? _guard = sessions is null ? null : new LoginGuard(sessions.Clock);

    public IEnumerable<Route> Routes()
    {
        yield return new Route("/api/session", ["GET", "POST", "DELETE"], HandleAsync);
    }

    private ValueTask HandleAsync(Exchange exchange)
    {
        exchange.Response.Headers.CacheControl = "no-store";
        if (access.CheckOrigin(exchange) is { } foreign) return Refuse(exchange, foreign);
        if (sessions is null)
        {
            if (exchange.Method != "GET") return Refuse(exchange, new Refusal(404, "no_login", "This server asks for no login: neither api.token nor api.password is configured."));
            return Tell(exchange, new { loginNeeded = false, loggedIn = false, csrf = (string?)null });
        }

        return exchange.Method switch
        {
            "GET" => TellState(exchange, sessions.Use(exchange)),
            "DELETE" => Logout(exchange, sessions),
            _ => LoginAsync(exchange, sessions),
        };
    }

    private static ValueTask TellState(Exchange exchange, string? csrf) => Tell(exchange, new { loginNeeded = true, loggedIn = csrf is not null, csrf });

    private ValueTask Logout(Exchange exchange, SessionStore store)
    {
        // A forged logout is a nuisance, so it needs the session's token too; without a session there is nothing to end.
        if (store.Use(exchange) is not null && access.CheckSession(exchange) is { } forged) return Refuse(exchange, forged);
        store.End(exchange);
        return TellState(exchange, null);
    }

    private async ValueTask LoginAsync(Exchange exchange, SessionStore store)
    {
        if (await exchange.ReadBodyAsync(BodyBytesMax) != BodyResult.Complete || SecretOf(exchange.Body) is not { } secret)
        {
            new Refusal(400, "invalid_body", "Send {\"secret\":\"..\"}: the password or the token of this server.").Write(exchange);
            return;
        }

        var address = LoginGuard.AddressOf(exchange.RemoteAddress, isBehindProxy ? exchange.Headers["X-Forwarded-For"].ToString() : null);
        if (_guard!.Begin(address) is > 0 and var seconds)
        {
            new Refusal(429, "too_many_logins", $"Too many logins from here have failed; come again in {seconds} s.") { RetryAfterSeconds = seconds }.Write(exchange);
            return;
        }

        if (!access.IsSecret(secret))
        {
            await Task.Delay(LoginGuard.Delay, exchange.Aborted);
            new Refusal(401, "wrong_secret", "That is neither the password nor the token of this server.").Write(exchange);
            return;
        }

        _guard.Succeed(address);
        await TellState(exchange, store.Begin(exchange));
    }

    private static string? SecretOf(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var parsed = JsonDocument.Parse(body);
            return parsed.RootElement.ValueKind == JsonValueKind.Object && parsed.RootElement.TryGetProperty("secret", out var secret) && secret.ValueKind == JsonValueKind.String ? secret.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static ValueTask Tell<T>(Exchange exchange, T state)
    {
        exchange.AnswerJson(200, JsonSerializer.SerializeToUtf8Bytes(state));
        return ValueTask.CompletedTask;
    }

    private static ValueTask Refuse(Exchange exchange, Refusal refusal)
    {
        refusal.Write(exchange);
        return ValueTask.CompletedTask;
    }
}
