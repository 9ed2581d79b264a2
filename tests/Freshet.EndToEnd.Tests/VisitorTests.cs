using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Freshet.EndToEnd.Tests;

/// <summary>What a page may read with a visitor's token: of one profile what is exposed, and nothing else.</summary>
public sealed class VisitorTests
{
    private const string Sql = """
        CREATE TRAIT orders AS SELECT profile_id, COUNT(*) FROM events WHERE event = 'Order Completed' GROUP BY profile_id;
        CREATE TRAIT secret AS SELECT profile_id, COUNT(*) FROM events GROUP BY profile_id;
        CREATE SEGMENT regulars AS SELECT profile_id FROM orders WHERE `value` >= 2;
        CREATE SEGMENT hidden AS SELECT profile_id FROM orders;
        """;

    [Fact]
    public async Task A_token_opens_what_is_exposed_of_its_profile_until_somebody_known_is_behind_it()
    {
        using var folder = new ScratchFolder();
        var project = folder.Project(Sql);
        var settings = Path.Combine(project, "freshet.json");
        var json = File.Exists(settings) ? JsonNode.Parse(await File.ReadAllTextAsync(settings))!.AsObject() : [];
        json["profiles"] = new JsonObject { ["expose"] = new JsonArray("orders", "regulars", "plan") };
        json["api"] = new JsonObject { ["token"] = "a-token-of-sixteen-and-more" };
        json["keys"] = new JsonArray(new JsonObject { ["key"] = "test-key", ["kind"] = "browser" });
        await File.WriteAllTextAsync(settings, json.ToJsonString());
        string known, signed;
        await using (var freshet = await FreshetProcess.RunAsync(project, folder.Data))
        {
            await TrackAsync(freshet, """{"type":"track","userId":"u1","event":"Order Completed"},{"type":"identify","userId":"u1","traits":{"plan":"pro","age":41}},{"type":"track","anonymousId":"a1","event":"Order Completed"}""");
            Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(freshet, HttpMethod.Post, "/api/visitor-tokens", """{"user_id":"u1"}""", null)).StatusCode);
            Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync(freshet, HttpMethod.Post, "/api/visitor-tokens", """{"user_id":"u1","anonymous_id":"a1"}""", "a-token-of-sixteen-and-more")).StatusCode);
            known = await TokenAsync(freshet, """{"user_id":"u1"}""");
            signed = await TokenAsync(freshet, """{"anonymous_id":"a1","expiresIn":600}""");
            Assert.Equal("""{"traits":{"plan":"pro","orders":1},"segments":[]}""", await MeAsync(freshet, known));
            Assert.Equal("""{"traits":{"orders":1},"segments":[]}""", await MeAsync(freshet, signed));
            foreach (var wrong in (string?[])[null, "fvt_x", known[..^2] + "AA", known.Replace('.', '_'), "test-key"])
                Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(freshet, HttpMethod.Get, "/v1/me", null, wrong)).StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(freshet, HttpMethod.Get, "/api/profiles/user_id:u1", null, known)).StatusCode);

            using var stream = await freshet.Http.GetStreamAsync(new Uri($"/v1/me/changes?token={known}", UriKind.Relative));
            using var lines = new StreamReader(stream);
            Assert.Equal("""{"traits":{"plan":"pro","orders":1},"segments":[]}""", await NextAsync(lines));
            await TrackAsync(freshet, """{"type":"track","userId":"u2","event":"Order Completed"},{"type":"track","userId":"u1","event":"Order Completed"}""");
            Assert.Equal("""{"traits":{"plan":"pro","orders":2},"segments":["regulars"]}""", await NextAsync(lines));

            // Whoever sits at the device signs in: the token of the device opens nothing any more.
            await TrackAsync(freshet, """{"type":"identify","userId":"u1","anonymousId":"a1"}""");
            Assert.Equal("""{"traits":{"plan":"pro","orders":3},"segments":["regulars"]}""", await NextAsync(lines));
            Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(freshet, HttpMethod.Get, "/v1/me", null, signed)).StatusCode);
            await freshet.KillAsync();
        }

        await using var again = await FreshetProcess.RunAsync(project, folder.Data);
        Assert.Equal("""{"traits":{"plan":"pro","orders":3},"segments":["regulars"]}""", await MeAsync(again, known));
    }

    private static async Task<string> NextAsync(StreamReader lines)
    {
        for (var isProfile = false; ;)
        {
            var line = await lines.ReadLineAsync() ?? throw new InvalidOperationException("The stream has ended.");
            if (line == "event: profile") isProfile = true;
            else if (isProfile && line.StartsWith("data: ", StringComparison.Ordinal)) return line[6..];
        }
    }

    private static async Task<string> TokenAsync(FreshetProcess freshet, string body)
    {
        using var response = await SendAsync(freshet, HttpMethod.Post, "/api/visitor-tokens", body, "a-token-of-sixteen-and-more");
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!["token"]!.GetValue<string>();
    }

    private static async Task<string> MeAsync(FreshetProcess freshet, string token)
    {
        using var response = await SendAsync(freshet, HttpMethod.Get, "/v1/me", null, token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }

    private static async Task TrackAsync(FreshetProcess freshet, string events)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batch") { Content = new StringContent($$"""{"batch":[{{events}}]}""", Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("test-key:"u8));
        using var response = await freshet.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static async Task<HttpResponseMessage> SendAsync(FreshetProcess freshet, HttpMethod method, string path, string? body, string? token)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await freshet.Http.SendAsync(request);
    }
}
