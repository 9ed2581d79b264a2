using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Freshet.Server.Api;

namespace Freshet.Server.Tests.Api;

public sealed class ReadRouteTests
{
    private const string Token = "0123456789abcdef";

    [Fact]
    public async Task A_view_is_read_as_of_one_step_with_limit_and_offset()
    {
        var views = Filled();
        await using var server = await ServerFixture.StartAsync(views: views);
        var (status, body) = await server.GetAsync("/api/views/user_totals?limit=1&offset=1");
        Assert.Equal(200, status);
        Assert.Equal("""{"step":3,"rows":[{"user_id":"u2","events":-5,"revenue":-0.07,"last_seen":"1970-01-01T00:00:00.001Z","extra":{"a": [1]}}]}""", body);
        (_, body) = await server.GetAsync("/api/views/all_users");
        Assert.Equal(3, JsonDocument.Parse(body).RootElement.GetProperty("rows").GetArrayLength());
    }

    [Fact]
    public async Task A_row_is_read_by_key_and_a_missing_one_is_404_with_a_reason()
    {
        await using var server = await ServerFixture.StartAsync(views: Filled());
        var (status, body) = await server.GetAsync("/api/views/user_totals/ü%2Fx");
        Assert.Equal(200, status);
        Assert.Equal("""{"step":3,"rows":[{"user_id":"ü/x","events":null,"revenue":null,"last_seen":null,"extra":null}]}""", body);
        Assert.Equal(404, (await server.GetAsync("/api/views/user_totals/nobody")).Status);
        (status, body) = await server.GetAsync("/api/views/user_total/u1");
        Assert.Equal(404, status);
        Assert.Contains("did you mean \\\"user_totals\\\"?", body, StringComparison.Ordinal);
        (status, body) = await server.GetAsync("/api/views/user_totals/a/b");
        Assert.Equal(404, status);
        Assert.Contains("1 path segment, not 2", body, StringComparison.Ordinal);
        Assert.Equal(400, (await server.GetAsync("/api/views/user_totals?limit=0")).Status);
        Assert.Equal(400, (await server.GetAsync("/api/views/user_totals?offset=-1")).Status);
    }

    [Fact]
    public async Task A_statement_is_answered_as_json_or_csv()
    {
        var views = Filled();
        await using var server = await ServerFixture.StartAsync(views: views);
        var (status, body) = await server.PostAsync("/api/sql", """{"sql":"SELECT 1"}""", null);
        Assert.Equal(200, status);
        Assert.Equal("SELECT 1", views.LastSql);
        var answer = JsonDocument.Parse(body).RootElement;
        Assert.Equal("""{"name":"revenue","type":"DECIMAL(12, 2)"}""", answer.GetProperty("columns")[2].GetRawText());
        Assert.Equal("""["u1",10,123456789.00,"2026-11-22T10:05:51.496Z",null]""", answer.GetProperty("rows")[0].GetRawText());
        using var csv = new HttpRequestMessage(HttpMethod.Post, "/api/sql") { Content = new StringContent("SELECT 2", Encoding.UTF8, "text/plain") };
        csv.Headers.Accept.ParseAdd("text/csv");
        (status, body) = await server.SendAsync(csv);
        Assert.Equal(200, status);
        Assert.Equal("SELECT 2", views.LastSql);
        Assert.Equal("user_id,events,revenue,last_seen,extra\r\nu1,10,123456789.00,2026-11-22T10:05:51.496Z,\r\nu2,-5,-0.07,1970-01-01T00:00:00.001Z,\"{\"\"a\"\": [1]}\"\r\nü/x,,,,\r\n", body);
    }

    [Fact]
    public async Task A_statement_that_fails_says_where_and_why()
    {
        var views = Filled();
        views.FailQueryWith = new QueryException("unknown_column", "There is no column \"prise\"; did you mean \"price\"?", 2, 7);
        await using var server = await ServerFixture.StartAsync(views: views);
        var (status, body) = await server.PostAsync("/api/sql", "SELECT\nprise", null, "text/plain");
        Assert.Equal(400, status);
        Assert.Contains("\"line\":2,\"column\":7", body, StringComparison.Ordinal);
        Assert.Equal(400, (await server.PostAsync("/api/sql", "{\"sgl\":1}", null)).Status);
        Assert.Equal(413, (await server.PostAsync("/api/sql", new string(' ', 300_000), null)).Status);
    }

    [Theory]
    [InlineData("text/csv")]
    [InlineData("application/json")]
    public async Task A_result_that_fails_late_is_cut_and_never_looks_whole(string accept)
    {
        foreach (var error in new Exception[] { new QueryException("query_memory", "Too much."), new OperationCanceledException() })
        {
            var views = Filled();
            views.FailLate = (5000, error);
            await using var server = await ServerFixture.StartAsync(views: views);
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/sql") { Content = new StringContent("SELECT 1", Encoding.UTF8, "text/plain") };
            request.Headers.Accept.ParseAdd(accept);
            await Assert.ThrowsAsync<HttpRequestException>(() => server.SendAsync(request));
        }
    }

    [Fact]
    public async Task Return_waits_for_the_event_and_carries_its_rows()
    {
        var views = Filled();
        await using var server = await ServerFixture.StartAsync(views: views);
        var (status, body) = await server.PostAsync("/v1/track?return=user_totals", """{"userId":"u1","event":"E","messageId":"m"}""");
        Assert.Equal(200, status);
        Assert.Equal(0, views.WaitedFor);
        var row = JsonDocument.Parse(body).RootElement.GetProperty("views").GetProperty("user_totals")[0];
        Assert.Equal(10, row.GetProperty("events").GetInt32());
        // A repeat is answered with today's values.
        (status, _) = await server.PostAsync("/v1/t?return=user_totals", """{"userId":"u1","event":"E","messageId":"m"}""");
        Assert.Equal(200, status);
        (status, body) = await server.PostAsync("/v1/batch?return=user_totals", """{"batch":[{"type":"track","userId":"u2","event":"E"},{"type":"track"},{"type":"track","userId":"nobody","event":"E"}]}""");
        Assert.Equal(200, status);
        var results = JsonDocument.Parse(body).RootElement.GetProperty("results");
        Assert.Equal(3, results.GetArrayLength());
        Assert.Equal("u2", results[0].GetProperty("views").GetProperty("user_totals")[0].GetProperty("user_id").GetString());
        Assert.Contains("neither", results[1].GetProperty("rejected").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, results[2].GetProperty("views").GetProperty("user_totals").GetArrayLength());
        Assert.Equal(400, (await server.PostAsync("/v1/track?return=all_users", """{"userId":"u1","event":"E"}""")).Status);
        Assert.Equal(400, (await server.PostAsync("/v1/track?return=per_revenue", """{"userId":"u1","event":"E"}""")).Status);
        Assert.Equal(400, (await server.PostAsync("/v1/track?return=nope", """{"userId":"u1","event":"E"}""")).Status);
        Assert.Equal(3, server.Log.Records.Count);
    }

    [Fact]
    public async Task A_browser_key_returns_nothing_once_reading_needs_a_token()
    {
        await using var server = await ServerFixture.StartAsync(
            """{"keys":["wk1",{"key":"sk1","source":"backend","kind":"server"}],"api":{"token":"0123456789abcdef"}}""", Filled());
        const string e = """{"userId":"u1","event":"E","writeKey":"wk1"}""";
        Assert.Equal(403, (await server.PostAsync("/v1/track?return=user_totals", e)).Status);
        Assert.Empty(server.Log.Records);
        Assert.Equal(200, (await server.PostAsync("/v1/track?return=user_totals", e, "sk1")).Status);
        using var bearer = new HttpRequestMessage(HttpMethod.Post, "/v1/track?return=user_totals") { Content = new StringContent(e) };
        bearer.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        Assert.Equal(200, (await server.SendAsync(bearer)).Status);
    }

    [Theory]
    [InlineData("/api/views/user_totals")]
    [InlineData("/api/views")]
    [InlineData("/api/status")]
    [InlineData("/metrics")]
    public async Task Routes_that_read_are_closed_to_other_hosts_origins_and_sites(string path)
    {
        await using var server = await ServerFixture.StartAsync("""{"keys":["wk1"],"api":{"origins":["https://console.example"],"hosts":["metrics.internal"]}}""", Filled());
        Assert.Equal(200, await WithAsync(server, path));
        Assert.Equal(403, await WithAsync(server, path, ("Host", "evil.example")));
        Assert.Equal(200, await WithAsync(server, path, ("Host", "metrics.internal:7070")));
        Assert.Equal(403, await WithAsync(server, path, ("Origin", "https://evil.example")));
        Assert.Equal(403, await WithAsync(server, path, ("Origin", "null")));
        Assert.Equal(200, await WithAsync(server, path, ("Origin", "https://console.example")));
        Assert.Equal(200, await WithAsync(server, path, ("Origin", $"http://{server.Client.BaseAddress!.Authority}")));
        Assert.Equal(403, await WithAsync(server, path, ("Sec-Fetch-Site", "cross-site")));
        Assert.Equal(200, await WithAsync(server, path, ("Sec-Fetch-Site", "cross-site"), ("Origin", "https://console.example")));
    }

    [Theory]
    [InlineData("/api/views/user_totals")]
    [InlineData("/api/status")]
    [InlineData("/metrics")]
    public async Task A_configured_token_is_needed(string path)
    {
        await using var server = await ServerFixture.StartAsync("""{"api":{"token":"0123456789abcdef"}}""", Filled());
        Assert.Equal(401, await WithAsync(server, path));
        Assert.Equal(401, await WithAsync(server, path, ("Authorization", "Bearer 0123456789abcdee")));
        Assert.Equal(200, await WithAsync(server, path, ("Authorization", "Bearer " + Token)));
        Assert.Equal(200, await WithAsync(server, "/health/live"));
    }

    [Fact]
    public async Task Only_listed_origins_get_a_cors_header_on_what_reads()
    {
        await using var server = await ServerFixture.StartAsync("""{"keys":["wk1"],"api":{"origins":["https://console.example"]}}""", Filled());
        foreach (var (path, origin, allowed) in new[] { ("/api/views", "https://console.example", "https://console.example"), ("/api/views", "https://evil.example", null), ("/v1/track?return=user_totals", "https://console.example", "https://console.example"), ("/v1/track?return=user_totals", "https://evil.example", null), ("/v1/track", "https://evil.example", "*") })
        {
            using var preflight = new HttpRequestMessage(HttpMethod.Options, path);
            preflight.Headers.Add("Origin", origin);
            using var answer = await server.Client.SendAsync(preflight);
            Assert.Equal(allowed, answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? values.Single() : null);
        }
    }

    [Fact]
    public async Task While_a_start_reads_the_log_events_are_taken_and_reads_come_again_later()
    {
        var views = Filled();
        views.NotReady = "The views have read 10 % of the log.";
        await using var server = await ServerFixture.StartAsync(views: views);
        Assert.Equal(503, (await server.GetAsync("/api/views/user_totals")).Status);
        Assert.Equal(503, (await server.PostAsync("/api/sql", "SELECT 1", null, "text/plain")).Status);
        Assert.Equal(503, (await server.PostAsync("/v1/track?return=user_totals", """{"userId":"u1","event":"E"}""")).Status);
        Assert.Empty(server.Log.Records);
        Assert.Equal(200, (await server.PostAsync("/v1/track", """{"userId":"u1","event":"E"}""")).Status);
    }

    [Fact]
    public async Task Status_metrics_and_health_tell_what_happened()
    {
        await using var server = await ServerFixture.StartAsync(views: Filled());
        await server.PostAsync("/v1/track", """{"userId":"u1","event":"E","messageId":"m"}""");
        await server.PostAsync("/v1/track", """{"userId":"u1","event":"E","messageId":"m"}""");
        await server.PostAsync("/v1/track", """{"event":"E"}""");
        var ingest = JsonDocument.Parse((await server.GetAsync("/api/status")).Body).RootElement.GetProperty("ingest");
        Assert.Equal((1, 1, 1), (ingest.GetProperty("accepted").GetInt32(), ingest.GetProperty("duplicates").GetInt32(), ingest.GetProperty("rejected").GetInt32()));
        Assert.False(ingest.GetProperty("messageIds").GetProperty("windowShortened").GetBoolean());
        var metrics = (await server.GetAsync("/metrics")).Body;
        Assert.Contains("freshet_ingest_events_total{outcome=\"accepted\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Equal(200, (await server.GetAsync("/health/ready")).Status);
        server.NotReady = "The views are behind.";
        Assert.Equal(503, (await server.GetAsync("/health/ready")).Status);
        Assert.Equal(200, (await server.GetAsync("/health/live")).Status);
    }

    private static TableViews Filled()
    {
        var views = new TableViews();
        views.Add("u1", "10", "12345678900", "1795341951496000", null);
        views.Add("u2", "-5", "-7", "1000", "{\"a\": [1]}");
        views.Add("ü/x", null, null, null, null);
        return views;
    }

    private static async Task<int> WithAsync(ServerFixture server, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return (await server.SendAsync(request)).Status;
    }
}
