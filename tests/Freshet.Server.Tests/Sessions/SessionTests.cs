using System.Net;
using System.Text;
using System.Text.Json;
using Freshet.Server.Sessions;

namespace Freshet.Server.Tests.Sessions;

/// <summary>Logins of a browser, each rule of which has a test: what the cookie is, what it opens, and who may use it.</summary>
public class SessionTests
{
    private const string Token = "0123456789abcdef";
    private const string Password = "correct horse battery";
    private const string Locked = """{"keys":["wk1",{"key":"srv","kind":"server"}],"api":{"token":"0123456789abcdef","password":"correct horse battery","hosts":["console.example"]},"behindProxy":true}""";

    [Fact]
    public async Task Without_a_secret_there_is_no_login_and_no_cookie()
    {
        await using var server = await ServerFixture.StartAsync();
        foreach (var path in new[] { "/", "/api/status", "/api/session" })
        {
            using var answer = await server.Client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Set-Cookie"));
        }

        Assert.Contains("\"loginNeeded\":false", (await server.GetAsync("/api/session")).Body, StringComparison.Ordinal);
        Assert.Equal(404, (await SendAsync(server, HttpMethod.Post, "/api/session", Secret(Token), FromUs(server))).Status);
    }

    [Theory]
    [InlineData(Token)]
    [InlineData(Password)]
    public async Task A_login_sets_a_cookie_that_no_script_reads_and_no_other_site_sends(string secret)
    {
        await using var server = await ServerFixture.StartAsync(Locked);
        Assert.Equal(401, (await server.GetAsync("/api/status")).Status);
        var (status, body, cookie) = await SendAsync(server, HttpMethod.Post, "/api/session", Secret(secret), FromUs(server));
        Assert.Equal(200, status);
        var parts = cookie!.Split("; ");
        Assert.StartsWith("__Host-freshet=", parts[0], StringComparison.Ordinal);
        Assert.Equal(43, parts[0]["__Host-freshet=".Length..].Length);
        Assert.Equal(["HttpOnly", "Path=/", "SameSite=Strict", "Secure"], parts[1..].Order(StringComparer.Ordinal));
        Assert.DoesNotContain(parts[0]["__Host-freshet=".Length..], body, StringComparison.Ordinal);
        Assert.Equal(200, (await SendAsync(server, HttpMethod.Get, "/api/status", null, ("Cookie", parts[0]))).Status);
        Assert.Equal(200, (await SendAsync(server, HttpMethod.Get, "/metrics", null, ("Cookie", "a=b; " + parts[0]))).Status);
        Assert.Equal(401, (await SendAsync(server, HttpMethod.Get, "/api/status", null, ("Cookie", "__Host-freshet=" + new string('A', 43)))).Status);
        // An Authorization that is wrong is wrong, with a session too.
        Assert.Equal(401, (await SendAsync(server, HttpMethod.Get, "/api/status", null, ("Cookie", parts[0]), ("Authorization", "Bearer wrong"))).Status);
    }

    [Fact]
    public async Task A_password_alone_opens_the_console_and_no_program()
    {
        await using var server = await ServerFixture.StartAsync("""{"api":{"password":"correct horse battery"}}""");
        Assert.Equal(401, (await SendAsync(server, HttpMethod.Get, "/api/status", null, ("Authorization", "Bearer " + Password))).Status);
        var (cookie, _) = await LoginAsync(server, Password);
        Assert.Equal(200, (await SendAsync(server, HttpMethod.Get, "/api/status", null, ("Cookie", cookie))).Status);
    }

    [Fact]
    public async Task What_a_session_changes_comes_from_our_page_with_the_sessions_token()
    {
        await using var server = await ServerFixture.StartAsync(Locked);
        var (cookie, csrf) = await LoginAsync(server, Token);
        var (other, _) = await LoginAsync(server, Token);
        var session = ("Cookie", cookie);
        var token = ("X-CSRF-Token", csrf);
        async Task<int> Post(params (string, string)[] headers) => (await SendAsync(server, HttpMethod.Post, "/api/replay-rejected?dry=true", "{}", headers)).Status;

        Assert.NotInRange(await Post(session, token, FromUs(server)), 400, 403);
        Assert.NotInRange(await Post(session, token, ("Sec-Fetch-Site", "same-origin")), 400, 403);
        Assert.Equal(403, await Post(session, FromUs(server)));
        Assert.Equal(403, await Post(session, token));
        Assert.Equal(403, await Post(session, FromUs(server), ("X-CSRF-Token", csrf[..^1] + (csrf[^1] == 'A' ? 'B' : 'A'))));
        Assert.Equal(403, await Post(("Cookie", other), token, FromUs(server)));
        Assert.Equal(403, await Post(session, token, ("Origin", "https://evil.example")));
        Assert.Equal(403, await Post(session, token, ("Origin", "null")));
        Assert.Equal(403, await Post(session, token, ("Sec-Fetch-Site", "cross-site")));
        Assert.Equal(403, await Post(session, token, FromUs(server), ("Sec-Fetch-Site", "same-site")));
        Assert.Equal(403, await Post(session, token, ("Sec-Fetch-Site", "none")));
        // Programs send no cookie, and need no such token.
        Assert.NotInRange(await Post(("Authorization", "Bearer " + Token)), 400, 403);
        // A form of another site, whose JSON is called text.
        using var form = new HttpRequestMessage(HttpMethod.Post, "/api/replay-rejected") { Content = new StringContent("{}", Encoding.UTF8, "text/plain") };
        form.Headers.Add("Cookie", cookie);
        form.Headers.Add("Origin", "https://evil.example");
        Assert.Equal(403, (await server.SendAsync(form)).Status);
    }

    [Fact]
    public async Task Behind_a_proxy_only_encrypted_pages_are_ours()
    {
        await using var server = await ServerFixture.StartAsync(Locked);
        var (cookie, csrf) = await LoginAsync(server, Token);
        async Task<int> Post(string origin) => (await SendAsync(server, HttpMethod.Post, "/api/replay-rejected?dry=true", "{}", ("Cookie", cookie), ("X-CSRF-Token", csrf), ("Host", "console.example"), ("Origin", origin))).Status;
        Assert.NotInRange(await Post("https://console.example"), 400, 403);
        Assert.Equal(403, await Post("http://console.example"));
    }

    [Fact]
    public async Task A_login_gives_a_new_id_and_a_logout_ends_it()
    {
        await using var server = await ServerFixture.StartAsync(Locked);
        var planted = "__Host-freshet=" + new string('A', 43);
        var (_, _, set) = await SendAsync(server, HttpMethod.Post, "/api/session", Secret(Token), FromUs(server), ("Cookie", planted));
        Assert.DoesNotContain(planted, set, StringComparison.Ordinal);
        var first = set!.Split(';')[0];
        // Logging in again ends what the browser had.
        var (_, body, next) = await SendAsync(server, HttpMethod.Post, "/api/session", Secret(Token), FromUs(server), ("Cookie", first));
        var second = next!.Split(';')[0];
        Assert.NotEqual(first, second);
        Assert.Equal(401, (await SendAsync(server, HttpMethod.Get, "/api/status", null, ("Cookie", first))).Status);

        Assert.Equal(403, (await SendAsync(server, HttpMethod.Delete, "/api/session", null, ("Cookie", second), FromUs(server))).Status);
        var csrf = JsonDocument.Parse(body).RootElement.GetProperty("csrf").GetString()!;
        var (status, _, cleared) = await SendAsync(server, HttpMethod.Delete, "/api/session", null, ("Cookie", second), FromUs(server), ("X-CSRF-Token", csrf));
        Assert.Equal(200, status);
        Assert.Contains("Max-Age=0", cleared, StringComparison.Ordinal);
        Assert.Equal(401, (await SendAsync(server, HttpMethod.Get, "/api/status", null, ("Cookie", second))).Status);
    }

    [Fact]
    public async Task A_session_ends_after_30_idle_minutes_and_after_8_hours()
    {
        await using var server = await ServerFixture.StartAsync(Locked);
        var (cookie, _) = await LoginAsync(server, Token);
        async Task<int> Read() => (await SendAsync(server, HttpMethod.Get, "/api/status", null, ("Cookie", cookie))).Status;
        for (var minutes = 0; minutes < 8 * 60 - 29; minutes += 29)
        {
            Assert.Equal(200, await Read());
            server.Clock.Advance(TimeSpan.FromMinutes(29));
        }

        server.Clock.Advance(TimeSpan.FromMinutes(29));
        Assert.Equal(401, await Read());
        (cookie, _) = await LoginAsync(server, Token);
        server.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(401, await Read());
    }

    [Fact]
    public async Task Who_guesses_has_to_wait_and_others_do_not()
    {
        await using var server = await ServerFixture.StartAsync(Locked);
        async Task<int> Try(string secret, string from) => (await SendAsync(server, HttpMethod.Post, "/api/session", Secret(secret), FromUs(server), ("X-Forwarded-For", from))).Status;
        for (var i = 0; i < LoginGuard.FreeTries; i++) Assert.Equal(401, await Try("wrong", "203.0.113.9"));
        Assert.Equal(429, await Try("wrong", "203.0.113.9"));
        // The right one tells nothing either, and what a client writes before the proxy's own address does not help.
        Assert.Equal(429, await Try(Token, "203.0.113.9"));
        Assert.Equal(429, await Try(Token, "198.51.100.1, 203.0.113.9"));
        Assert.Equal(200, await Try(Token, "203.0.113.10"));
        server.Clock.Advance(TimeSpan.FromSeconds(16));
        Assert.Equal(401, await Try("wrong", "203.0.113.9"));
        server.Clock.Advance(TimeSpan.FromSeconds(16));
        Assert.Equal(429, await Try(Token, "203.0.113.9"));
        server.Clock.Advance(TimeSpan.FromSeconds(16));
        Assert.Equal(200, await Try(Token, "203.0.113.9"));
        Assert.Equal(401, await Try("wrong", "203.0.113.9"));
    }

    [Fact]
    public void An_IPv6_network_counts_as_one_address()
    {
        static string Of(string address) => LoginGuard.AddressOf(IPAddress.Parse(address), null);
        Assert.Equal(Of("2001:db8::1"), Of("2001:db8::ffff:2"));
        Assert.NotEqual(Of("2001:db8::1"), Of("2001:db8:0:1::1"));
        Assert.Equal(Of("192.0.2.1"), Of("::ffff:192.0.2.1"));
    }

    [Fact]
    public async Task A_session_reads_profiles_and_a_browsers_key_still_does_not()
    {
        await using var server = await ServerFixture.StartAsync(Locked, new Api.TableViews());
        var (cookie, _) = await LoginAsync(server, Token);
        Assert.Equal(401, (await server.GetAsync("/api/profiles/user_id:1")).Status);
        Assert.Equal(404, (await SendAsync(server, HttpMethod.Get, "/api/profiles/user_id:1", null, ("Cookie", cookie))).Status);
    }

    [Fact]
    public async Task Every_route_checks_host_and_origin_but_those_that_a_key_opens()
    {
        // Write keys and visitors' tokens are sent by no browser by itself, so pages of any site may use them; health tells nothing.
        string[] open = ["/v1/", "/health/"];
        await using var server = await ServerFixture.StartAsync(Locked, new Api.TableViews());
        var checkedPaths = 0;
        foreach (var route in server.Routes)
        {
            if (open.Any(o => route.Path.StartsWith(o, StringComparison.Ordinal)) && !route.Path.StartsWith("/v1/spaces", StringComparison.Ordinal)) continue;
            var path = route.Path.Length > 1 && route.Path.EndsWith('/') ? route.Path + "x" : route.Path;
            checkedPaths++;
            foreach (var (name, value) in new[] { ("Host", "evil.example"), ("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site") })
            {
                foreach (var method in route.Methods)
                {
                    var (status, body, _) = await SendAsync(server, new HttpMethod(method), path, method == "GET" ? null : "{}", ("Authorization", "Bearer " + Token), (name, value));
                    Assert.True(status == 403, $"{method} {path} with {name}: {value} is answered {status} {body}");
                }
            }
        }

        Assert.InRange(checkedPaths, 15, 1000);
    }

    private static (string, string) FromUs(ServerFixture server) => ("Origin", $"http://{server.Client.BaseAddress!.Authority}");

    private static string Secret(string secret) => JsonSerializer.Serialize(new { secret });

    private static async Task<(string Cookie, string Csrf)> LoginAsync(ServerFixture server, string secret)
    {
        var (status, body, cookie) = await SendAsync(server, HttpMethod.Post, "/api/session", Secret(secret), FromUs(server));
        Assert.True(status == 200, body);
        return (cookie!.Split(';')[0], JsonDocument.Parse(body).RootElement.GetProperty("csrf").GetString()!);
    }

    private static async Task<(int Status, string Body, string? Cookie)> SendAsync(ServerFixture server, HttpMethod method, string path, string? json, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await server.Client.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies.Single() : null);
    }
}
