using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Freshet.Server.Ingest;

namespace Freshet.Server.Tests.Ingest;

public sealed class IngestRouteTests
{
    [Fact]
    public async Task A_track_call_is_acknowledged_and_stored_with_what_the_server_decides_first()
    {
        await using var server = await ServerFixture.StartAsync();
        var (status, body) = await server.PostAsync("/v1/track", """
            {"userId":"u1","event":"Order","properties":{"price":12.50},"messageId":"m1","timestamp":"2026-11-22T10:05:51.496Z","writeKey":"wk1","custom":[1, 2]}
            """);
        Assert.Equal((200, """{"success":true}"""), (status, body));
        var record = Assert.Single(server.Log.Records);
        Assert.Equal("u1", record.Key);
        Assert.Equal(
            """{"messageId":"m1","type":"track","source":"default","receivedAt":"2026-11-22T10:06:00.000Z","timestamp":"2026-11-22T10:05:51.496Z","originalTimestamp":"2026-11-22T10:05:51.496Z","userId":"u1","event":"Order","properties":{"price":12.50},"custom":[1, 2]}""",
            record.Value);
    }

    [Theory]
    [InlineData("/v1/i", "identify")]
    [InlineData("/v1/t", "track")]
    [InlineData("/v1/p", "page")]
    [InlineData("/v1/s", "screen")]
    [InlineData("/v1/g", "group")]
    [InlineData("/v1/a", "alias")]
    [InlineData("/v1/identify", "identify")]
    [InlineData("/v1/page", "page")]
    [InlineData("/v1/screen", "screen")]
    [InlineData("/v1/group", "group")]
    [InlineData("/v1/alias", "alias")]
    public async Task The_route_says_the_type(string path, string type)
    {
        await using var server = await ServerFixture.StartAsync();
        var (status, _) = await server.PostAsync(path, """{"anonymousId":"a1","event":"E","groupId":"g1","previousId":"p1"}""", contentType: "text/plain");
        Assert.Equal(200, status);
        Assert.Equal(type, server.Single().GetProperty("type").GetString());
        Assert.Equal("a1", server.Log.Records[0].Key);
    }

    [Fact]
    public async Task The_clock_error_of_a_client_is_taken_out_and_no_time_is_later_than_arrival()
    {
        await using var server = await ServerFixture.StartAsync();
        // The client's clock is an hour fast; the event was made 30 s before it was sent.
        await server.PostAsync("/v1/track", """{"userId":"u","event":"E","timestamp":"2026-11-22T11:05:20.000Z","sentAt":"2026-11-22T11:05:50.000Z"}""");
        await server.PostAsync("/v1/track", """{"userId":"u","event":"E","timestamp":"2030-01-01T00:00:00Z"}""");
        await server.PostAsync("/v1/track", """{"userId":"u","event":"E"}""");
        var times = server.Log.Records.Select(r => JsonDocument.Parse(r.Value).RootElement.GetProperty("timestamp").GetString());
        Assert.Equal(["2026-11-22T10:05:30.000Z", "2026-11-22T10:06:00.000Z", "2026-11-22T10:06:00.000Z"], times);
        Assert.Equal(1, server.Ingest.Counters.Clamped);
    }

    [Fact]
    public async Task A_batch_merges_its_context_and_integrations_into_each_event_and_the_item_wins()
    {
        await using var server = await ServerFixture.StartAsync();
        var (status, _) = await server.PostAsync("/v1/batch", """
            {"batch":[{"type":"track","event":"E","userId":"u","context":{"ip":"1"}},{"type":"track","event":"E","userId":"u"},
            {"type":"track","event":"E","userId":"u","context":null,"integrations":{"All":true}}],
            "context":{"ip":"0","locale":"de"},"integrations":{"All":false},"sentAt":"2026-11-22T10:05:59Z","writeKey":"wk1"}
            """, key: null);
        Assert.Equal(200, status);
        var events = server.Log.Records.Select(r => JsonDocument.Parse(r.Value).RootElement).ToList();
        Assert.Equal("""{"locale":"de","ip":"1"}""", events[0].GetProperty("context").GetRawText());
        Assert.Equal("""{"All":false}""", events[0].GetProperty("integrations").GetRawText());
        Assert.Equal("""{"ip":"0","locale":"de"}""", events[1].GetProperty("context").GetRawText());
        Assert.Equal("""{"ip":"0","locale":"de"}""", events[2].GetProperty("context").GetRawText());
        Assert.Equal("""{"All":true}""", events[2].GetProperty("integrations").GetRawText());
        Assert.All(events, e => Assert.Equal("2026-11-22T10:05:59.000Z", e.GetProperty("sentAt").GetString()));
    }

    [Fact]
    public async Task A_batch_answers_per_event_and_is_400_only_if_none_was_taken()
    {
        await using var server = await ServerFixture.StartAsync();
        var (status, body) = await server.PostAsync("/v1/batch", """
            {"batch":[{"type":"track","event":"E","userId":"u"},{"type":"track","event":"E","messageId":"m7"},{"type":"fly","userId":"u"},7]}
            """);
        Assert.Equal(200, status);
        Assert.Equal(
            """{"success":true,"rejected":[{"index":1,"messageId":"m7","reason":"The event has neither userId nor anonymousId; give one of them."},{"index":2,"messageId":null,"reason":"The type is none of identify, track, page, screen, group and alias."},{"index":3,"messageId":null,"reason":"The event is not a JSON object."}]}""",
            body);
        Assert.Single(server.Log.Records);
        (status, body) = await server.PostAsync("/v1/batch", """{"batch":[{"type":"track"}]}""");
        Assert.Equal(400, status);
        Assert.Contains("\"rejected\":[{\"index\":0", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/track", """{"userId":"u","event":"E" """, 400, "not valid JSON")]
    [InlineData("/v1/track", """[1]""", 400, "must be a JSON object")]
    [InlineData("/v1/track", "", 400, "is empty")]
    [InlineData("/v1/track", """{"userId":"u","event":"E"} {}""", 400, "JSON")]
    [InlineData("/v1/track", """{"userId":7,"event":"E"}""", 400, "userId must be a string")]
    [InlineData("/v1/track", """{"userId":"","event":"E"}""", 400, "neither userId nor anonymousId")]
    [InlineData("/v1/track", """{"userId":"u"}""", 400, "needs its name")]
    [InlineData("/v1/group", """{"userId":"u"}""", 400, "groupId")]
    [InlineData("/v1/alias", """{"userId":"u"}""", 400, "previousId")]
    [InlineData("/v1/track", """{"userId":"u","event":"E","properties":[]}""", 400, "properties must be an object")]
    [InlineData("/v1/track", """{"userId":"u","event":"E","timestamp":"soon"}""", 400, "ISO-8601")]
    [InlineData("/v1/track", """{"userId":"u","event":"E","event":"F"}""", 400, "occurs twice")]
    [InlineData("/v1/track", """{"userId":"u","event":"E","properties":{"a":{"b":1,"\u0062":2}}}""", 400, "occurs twice")]
    [InlineData("/v1/track", """{"userId":"u","event":"\ud800"}""", 400, "surrogate")]
    [InlineData("/v1/track", """{"userId":"u","event":"E","properties":{"x":NaN}}""", 400, "not valid JSON")]
    [InlineData("/v1/batch", """{"batch":[]}""", 400, "no events")]
    [InlineData("/v1/batch", """{"events":[]}""", 400, "no array")]
    [InlineData("/v1/trakc", """{}""", 404, "/v1/track")]
    public async Task Bad_input_is_answered_with_a_sentence(string path, string json, int expected, string sentence)
    {
        await using var server = await ServerFixture.StartAsync();
        var (status, body) = await server.PostAsync(path, json);
        Assert.Equal(expected, status);
        var message = JsonDocument.Parse(body).RootElement.GetProperty("message").GetString()!;
        Assert.Contains(sentence, message, StringComparison.Ordinal);
        Assert.Empty(server.Log.Records);
    }

    [Fact]
    public async Task Depth_64_is_taken_and_depth_65_is_refused_without_its_neighbours()
    {
        await using var server = await ServerFixture.StartAsync();
        string Nested(int depth) => """{"type":"track","userId":"u","event":"E","properties":""" + string.Concat(Enumerable.Repeat("{\"a\":", depth - 2)) + "{}" + new string('}', depth - 1);
        var (status, body) = await server.PostAsync("/v1/batch", $$"""{"batch":[{{Nested(64)}},{{Nested(65)}},{{Nested(3)}}]}""");
        Assert.Equal(200, status);
        Assert.Contains("\"index\":1", body, StringComparison.Ordinal);
        Assert.Contains("deeper than 64", body, StringComparison.Ordinal);
        Assert.Equal(2, server.Log.Records.Count);
        var (single, _) = await server.PostAsync("/v1/track", Nested(65));
        Assert.Equal(400, single);
    }

    [Fact]
    public async Task Too_large_events_and_batches_are_413_also_after_decompression()
    {
        await using var server = await ServerFixture.StartAsync();
        var large = """{"userId":"u","event":"E","properties":{"x":"?"}}""".Replace("?", new string('x', 33 << 10), StringComparison.Ordinal);
        Assert.Equal(413, (await server.PostAsync("/v1/track", large)).Status);
        var item = large.Insert(1, "\"type\":\"track\",");
        var (status, body) = await server.PostAsync("/v1/batch", $$"""{"batch":[{{item}},{"type":"track","userId":"u","event":"E"}]}""");
        Assert.Equal(200, status);
        Assert.Contains("more than 32768 bytes", body, StringComparison.Ordinal);
        var huge = "{\"batch\":[" + string.Join(',', Enumerable.Repeat("""{"type":"track","userId":"u","event":"?"}""".Replace("?", new string('E', 200), StringComparison.Ordinal), 2400)) + "]}";
        Assert.Equal(413, (await server.PostAsync("/v1/batch", huge)).Status);
        Assert.Equal(413, (await PostGzipAsync(server, "/v1/batch", huge)).Status);
        Assert.Equal(413, (await PostGzipAsync(server, "/v1/batch", new string(' ', 50_000_000))).Status);
        Assert.Single(server.Log.Records);
    }

    [Fact]
    public async Task More_than_2500_events_are_refused()
    {
        await using var server = await ServerFixture.StartAsync();
        var many = "{\"batch\":[" + string.Join(',', Enumerable.Repeat("""{"type":"track","userId":"u","event":"E"}""", 2501)) + "]}";
        var (status, body) = await server.PostAsync("/v1/batch", many);
        Assert.Equal(400, status);
        Assert.Contains("2501", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repeat_is_acknowledged_and_taken_once_also_within_a_batch()
    {
        await using var server = await ServerFixture.StartAsync();
        const string e = """{"type":"track","userId":"u","event":"E","messageId":"same"}""";
        Assert.Equal(200, (await server.PostAsync("/v1/batch", $$"""{"batch":[{{e}},{{e}}]}""")).Status);
        Assert.Equal(200, (await server.PostAsync("/v1/track", e)).Status);
        Assert.Equal(200, (await server.PostAsync("/v1/track", e.Replace("same", "s\\u0061me", StringComparison.Ordinal))).Status);
        Assert.Single(server.Log.Records);
        Assert.Equal(3, server.Ingest.Counters.Duplicates);
        server.Clock.Advance(TimeSpan.FromHours(25));
        Assert.Equal(200, (await server.PostAsync("/v1/track", e)).Status);
        Assert.Equal(2, server.Log.Records.Count);
    }

    [Fact]
    public async Task A_repeat_waits_until_the_first_is_durable()
    {
        await using var server = await ServerFixture.StartAsync();
        const string e = """{"userId":"u","event":"E","messageId":"same"}""";
        server.Log.Hold();
        var first = server.PostAsync("/v1/track", e);
        while (server.Log.Records.Count == 0) await Task.Yield();
        var second = server.PostAsync("/v1/track", e);
        Assert.NotSame(second, await Task.WhenAny(second, Task.Delay(100)));
        server.Log.Release();
        Assert.Equal(200, (await first).Status);
        Assert.Equal(200, (await second).Status);
        Assert.Single(server.Log.Records);
    }

    [Fact]
    public async Task A_repeat_is_not_acknowledged_when_its_first_fails_and_is_taken_when_it_comes_again()
    {
        await using var server = await ServerFixture.StartAsync();
        const string e = """{"userId":"u","event":"E","messageId":"same"}""";
        server.Log.Hold();
        var first = server.PostAsync("/v1/track", e);
        while (server.Log.Records.Count == 0) await Task.Yield();
        var second = server.PostAsync("/v1/track", e);
        while (server.Ingest.Counters.Requests < 2) await Task.Yield();
        await Task.Delay(50);
        server.Log.Release(new LogUnavailableException("The disk is full."));
        Assert.Equal(503, (await first).Status);
        Assert.Equal(503, (await second).Status);
        Assert.Equal(200, (await server.PostAsync("/v1/track", e)).Status);
        Assert.Single(server.Log.Records);
    }

    [Fact]
    public async Task An_event_whose_append_failed_or_was_rejected_is_not_remembered()
    {
        await using var server = await ServerFixture.StartAsync();
        server.Log.FailWith = new LogUnavailableException("The disk is full.");
        Assert.Equal(503, (await server.PostAsync("/v1/track", """{"userId":"u","event":"E","messageId":"m"}""")).Status);
        Assert.Equal(400, (await server.PostAsync("/v1/track", """{"event":"E","messageId":"m"}""")).Status);
        Assert.Equal(200, (await server.PostAsync("/v1/track", """{"userId":"u","event":"E","messageId":"m"}""")).Status);
        Assert.Single(server.Log.Records);
    }

    [Fact]
    public async Task Repeats_are_per_source()
    {
        await using var server = await ServerFixture.StartAsync("""{"keys":[{"key":"wk1","source":"web"},{"key":"wk2","source":"app"}]}""");
        await server.PostAsync("/v1/track", """{"userId":"u","event":"E","messageId":"m"}""", "wk1");
        await server.PostAsync("/v1/track", """{"userId":"u","event":"E","messageId":"m"}""", "wk2");
        Assert.Equal(["web", "app"], server.Log.Records.Select(r => JsonDocument.Parse(r.Value).RootElement.GetProperty("source").GetString()));
    }

    [Fact]
    public async Task The_key_may_come_as_basic_bearer_or_in_the_body_and_an_unknown_one_is_401()
    {
        await using var server = await ServerFixture.StartAsync();
        const string e = """{"userId":"u","event":"E"}""";
        Assert.Equal(401, (await server.PostAsync("/v1/track", e, "nope")).Status);
        Assert.Equal(401, (await server.PostAsync("/v1/track", e, null)).Status);
        Assert.Equal(401, (await server.PostAsync("/v1/track", """{"userId":"u","event":"E","writeKey":"nope"}""", null)).Status);
        Assert.Equal(200, (await server.PostAsync("/v1/track", """{"userId":"u","event":"E","writeKey":"wk1"}""", null)).Status);
        Assert.Equal(200, (await server.PostAsync("/v1/b", """{"writeKey":"wk1","batch":[{"type":"track","userId":"u","event":"E"}]}""", null, "")).Status);
        Assert.Equal(401, (await server.PostAsync("/v1/b", """{"writeKey":"x","batch":[{"type":"track","userId":"u","event":"E"}]}""", null)).Status);
        using var bearer = new HttpRequestMessage(HttpMethod.Post, "/v1/track") { Content = new StringContent(e) };
        bearer.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "wk1");
        Assert.Equal(200, (await server.SendAsync(bearer)).Status);
        using var oauth = new HttpRequestMessage(HttpMethod.Post, "/v1/track") { Content = new StringContent("""{"userId":"u","event":"E","writeKey":"wk1"}""") };
        oauth.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "an-oauth-token");
        Assert.Equal(200, (await server.SendAsync(oauth)).Status);
    }

    [Fact]
    public async Task Overload_and_rate_limits_ask_to_come_again()
    {
        await using var server = await ServerFixture.StartAsync("""{"keys":[{"key":"wk1","source":"web","eventsPerSecond":2}],"limits":{"pendingBytes":"1MiB"}}""");
        server.Log.PendingBytes = 2 << 20;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/track") { Content = new StringContent("""{"userId":"u","event":"E","writeKey":"wk1"}""") };
        using var response = await server.Client.SendAsync(request);
        Assert.Equal(503, (int)response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter!.Delta);
        Assert.Contains("\"overloaded\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        server.Log.PendingBytes = 0;
        var statuses = new List<int>();
        for (var i = 0; i < 4; i++) statuses.Add((await server.PostAsync("/v1/track", """{"userId":"u","event":"E"}""")).Status);
        Assert.Equal([200, 200, 429, 429], statuses);
        server.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(200, (await server.PostAsync("/v1/track", """{"userId":"u","event":"E"}""")).Status);
        (server.Log.PendingBytes, server.Log.IsDiskFull) = (2 << 20, true);
        Assert.Contains("\"disk_full\"", (await server.PostAsync("/v1/track", """{"userId":"u","event":"E"}""")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Browsers_of_any_page_may_send_and_their_preflight_is_answered()
    {
        await using var server = await ServerFixture.StartAsync();
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/t");
        preflight.Headers.Add("Origin", "https://shop.example");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization,content-type");
        using var answer = await server.Client.SendAsync(preflight);
        Assert.Equal(204, (int)answer.StatusCode);
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Contains("x-retry-count", answer.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/t") { Content = new StringContent("""{"userId":"u","event":"E","writeKey":"wk1"}""") };
        request.Headers.Add("Origin", "https://shop.example");
        using var response = await server.Client.SendAsync(request);
        Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.False(response.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task Pixels_always_get_their_gif()
    {
        await using var server = await ServerFixture.StartAsync();
        var data = Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"writeKey":"wk1","userId":"u","event":"Email Opened"}""")).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        foreach (var query in new[] { $"data={data}", "writeKey=wk1&userId=u2&event=Email+Opened&properties.campaign=c1&properties.deep.er=1", "data=!!", "writeKey=no", "" })
        {
            using var response = await server.Client.GetAsync(server.Url($"/v1/pixel/track?{query}"));
            Assert.Equal(200, (int)response.StatusCode);
            Assert.Equal("image/gif", response.Content.Headers.ContentType!.MediaType);
            Assert.StartsWith("GIF89a", Encoding.ASCII.GetString(await response.Content.ReadAsByteArrayAsync()), StringComparison.Ordinal);
        }

        Assert.Equal(["u", "u2"], server.Log.Records.Select(r => r.Key));
        Assert.Contains("\"properties\":{\"campaign\":\"c1\",\"deep\":{\"er\":\"1\"}}", server.Log.Records[1].Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_send_clients_here_and_an_unknown_key_is_404()
    {
        await using var server = await ServerFixture.StartAsync();
        var (status, body) = await server.GetAsync("/v1/projects/wk1/settings");
        Assert.Equal(200, status);
        var segment = JsonDocument.Parse(body).RootElement.GetProperty("integrations").GetProperty("Segment.io");
        Assert.Equal("wk1", segment.GetProperty("apiKey").GetString());
        Assert.Equal(404, (await server.GetAsync("/v1/projects/nope/settings")).Status);
        Assert.Equal((200, """{"success":true}"""), await server.PostAsync("/v1/m", """{"series":[]}""", null, "text/plain"));
        Assert.Equal(405, (await server.GetAsync("/v1/track")).Status);
    }

    [Fact]
    public async Task Requests_recorded_from_unchanged_clients_are_taken()
    {
        await using var server = await ServerFixture.StartAsync();
        var expected = 0;
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Ingest", "recorded-requests.jsonl")))
        {
            var recorded = JsonDocument.Parse(line).RootElement;
            var path = recorded.GetProperty("u").GetString()!;
            if (path.StartsWith("/api/", StringComparison.Ordinal)) continue; // Jitsu's own protocol
            using var request = new HttpRequestMessage(new HttpMethod(recorded.GetProperty("m").GetString()!), path);
            var body = recorded.GetProperty("b").GetString()!;
            if (body.Length > 0)
            {
                var gzip = recorded.GetProperty("h").TryGetProperty("content-encoding", out _);
                request.Content = new ByteArrayContent(gzip ? Gzip(body) : Encoding.UTF8.GetBytes(body));
                expected += path is "/v1/batch" or "/v1/b" ? JsonDocument.Parse(body).RootElement.GetProperty("batch").GetArrayLength() : 1;
            }

            foreach (var header in recorded.GetProperty("h").EnumerateObject())
            {
                if (header.Name is "host" or "connection" or "content-length") continue;
                if (!request.Headers.TryAddWithoutValidation(header.Name, header.Value.GetString()))
                    request.Content!.Headers.TryAddWithoutValidation(header.Name, header.Value.GetString());
            }

            var (status, answer) = await server.SendAsync(request);
            Assert.Equal(200, status);
            if (body.Length > 0) Assert.Equal("""{"success":true}""", answer);
        }

        Assert.Equal(expected, server.Log.Records.Count);
        Assert.All(server.Log.Records, r =>
        {
            var e = JsonDocument.Parse(r.Value).RootElement;
            Assert.False(e.TryGetProperty("writeKey", out _));
            Assert.True(e.TryGetProperty("sentAt", out _));
            Assert.True(e.TryGetProperty("context", out _));
        });
    }

    private static async Task<(int Status, string Body)> PostGzipAsync(ServerFixture server, string path, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(Gzip(json)) };
        request.Content.Headers.ContentEncoding.Add("gzip");
        request.Headers.Authorization = ServerFixture.Basic(ServerFixture.Key);
        return await server.SendAsync(request);
    }

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }
}
