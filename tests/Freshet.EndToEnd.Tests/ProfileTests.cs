using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Freshet.EndToEnd.Tests;

/// <summary>From a click to a stitched profile, its traits and its segments, in the same request; and what others read of it.</summary>
public sealed class ProfileTests
{
    private const string Sql = """
        CREATE TRAIT orders AS SELECT profile_id, COUNT(*) FROM events WHERE event = 'Order Completed' GROUP BY profile_id;
        CREATE TRAIT spent AS SELECT profile_id, SUM(CAST(properties['revenue'] AS DECIMAL(12, 2))) FROM events WHERE event = 'Order Completed' GROUP BY profile_id;
        CREATE SEGMENT regulars AS SELECT profile_id FROM orders WHERE `value` >= 2;
        CREATE SEGMENT big_spenders AS SELECT profile_id FROM spent WHERE `value` > 100;
        """;

    [Fact]
    public async Task The_answer_to_an_event_shows_what_it_has_changed()
    {
        using var folder = new ScratchFolder();
        await using var freshet = await FreshetProcess.RunAsync(folder.Project(Sql), folder.Data);
        var first = await SendAsync(freshet, "track?return=profile,segments,orders", """{"anonymousId":"a1","event":"Order Completed","properties":{"revenue":60}}""");
        Assert.Equal("1", first["profile"]!["computed"]!["orders"]!.ToJsonString());
        Assert.Equal("[]", first["segments"]!.ToJsonString());
        Assert.Null(first["profile"]!["events"]);
        await SendAsync(freshet, "track", """{"userId":"u1","event":"Order Completed","properties":{"revenue":50.5}}""");

        var merged = await SendAsync(freshet, "identify?return=profile,segments,orders,spent", """{"userId":"u1","anonymousId":"a1","messageId":"m9","traits":{"email":"Ann@Example.com","age":41,"tags":["a"]}}""");
        Assert.Equal("""["big_spenders","regulars"]""", merged["segments"]!.ToJsonString());
        Assert.Equal("""{"orders":2,"spent":110.50}""", merged["traits"]!.ToJsonString());
        Assert.Equal("""{"age":41,"email":"Ann@Example.com","tags":["a"]}""", merged["profile"]!["traits"]!.ToJsonString());
        Assert.Equal(["anonymous_id:a1", "email:ann@example.com", "user_id:u1"], Identifiers(merged["profile"]!));
        var again = await SendAsync(freshet, "identify?return=segments", """{"userId":"u1","anonymousId":"a1","messageId":"m9"}""");
        Assert.Equal("""["big_spenders","regulars"]""", again["segments"]!.ToJsonString());
        var batch = await SendAsync(freshet, "batch?return=segments,orders", """{"batch":[{"type":"page","userId":"u1"},{"type":"page","userId":"u2"}]}""");
        Assert.Equal("""[{"segments":["big_spenders","regulars"],"traits":{"orders":2}},{"segments":[],"traits":{}}]""", batch["results"]!.ToJsonString());
    }

    [Fact]
    public async Task Check_counts_what_changed_identity_rules_would_bring()
    {
        using var folder = new ScratchFolder();
        await using (var freshet = await FreshetProcess.RunAsync(folder.Project(Sql), folder.Data))
        {
            await SendAsync(freshet, "identify", """{"anonymousId":"a1","traits":{"email":"team@example.com"}}""");
            await SendAsync(freshet, "identify", """{"anonymousId":"a2","traits":{"email":"team@example.com"}}""");
            await SendAsync(freshet, "identify?return=profile", """{"userId":"u3","traits":{"email":"ann@example.com"}}""");
            var (_, busy) = await FreshetProcess.ExecuteAsync("check", folder.Project(Sql, "CREATE IDENTIFIER email WITH ('block' = 'team@example.com');"), "--data", folder.Data);
            Assert.Contains("cannot be compared", busy, StringComparison.Ordinal);
            await freshet.KillAsync();
        }

        File.Delete(Path.Combine(folder.Path, "project", "sql", "01.sql"));
        Assert.DoesNotContain("identity rules", (await FreshetProcess.ExecuteAsync("check", folder.Project(Sql), "--data", folder.Data)).Output, StringComparison.Ordinal);
        var (code, output) = await FreshetProcess.ExecuteAsync("check", folder.Project(Sql, "CREATE IDENTIFIER email WITH ('block' = 'team@example.com');"), "--data", folder.Data);
        Assert.True(code == 0, output);
        Assert.Contains("Of 2 profiles they make 3: 0 merges, 1 split; 1 identifier would no longer count, 0 only now.", output, StringComparison.Ordinal);
        // It has changed nothing: the next check says the same.
        Assert.Equal(output, (await FreshetProcess.ExecuteAsync("check", folder.Project(Sql, "CREATE IDENTIFIER email WITH ('block' = 'team@example.com');"), "--data", folder.Data)).Output);
    }

    [Fact]
    public async Task A_split_restores_both_sides_and_outlives_a_kill()
    {
        using var folder = new ScratchFolder();
        await using (var freshet = await FreshetProcess.RunAsync(folder.Project(Sql), folder.Data))
        {
            await SendAsync(freshet, "track", """{"anonymousId":"a1","event":"Order Completed","properties":{"revenue":60}}""");
            await SendAsync(freshet, "track", """{"userId":"u1","event":"Order Completed","properties":{"revenue":50}}""");
            await SendAsync(freshet, "identify", """{"userId":"u1","anonymousId":"a1","traits":{"email":"ann@example.com"}}""");
            await SendAsync(freshet, "group", """{"userId":"u1","groupId":"g1"}""");
            var whole = await GetAsync(freshet, "/api/profiles/email:ANN@example.com");
            Assert.Equal(4, whole["events"]!.AsArray().Count);
            Assert.Equal("g1", whole["links"]![0]!["value"]!.GetValue<string>());
            Assert.Equal(whole["profile_id"]!.GetValue<long>(), (await GetAsync(freshet, $"/api/profiles/profile_id:{whole["profile_id"]}"))["profile_id"]!.GetValue<long>());

            var left = await PostAsync(freshet, "/api/profiles/user_id:u1/split", """{"identifiers":["anonymous_id:a1"]}""");
            Assert.Equal("1", left["computed"]!["orders"]!.ToJsonString());
            Assert.Equal("[]", left["segments"]!.ToJsonString());
            await freshet.KillAsync();
        }

        await using var again = await FreshetProcess.RunAsync(folder.Project(Sql), folder.Data);
        Assert.Equal(["anonymous_id:a1"], Identifiers(await GetAsync(again, "/api/profiles/anonymous_id:a1")));
        await SendAsync(again, "identify", """{"userId":"u1","anonymousId":"a1"}""");
        Assert.Equal(["anonymous_id:a1"], Identifiers(await GetAsync(again, "/api/profiles/anonymous_id:a1")));
        var linked = await PostAsync(again, "/api/profiles/user_id:u1/link", """{"identifiers":["anonymous_id:a1"]}""");
        Assert.Equal("2", linked["computed"]!["orders"]!.ToJsonString());
    }

    [Fact]
    public async Task Clients_of_Segments_Profile_API_read_pages_and_errors_as_documented()
    {
        using var folder = new ScratchFolder();
        await using var freshet = await FreshetProcess.RunAsync(folder.Project(Sql), folder.Data);
        for (var i = 0; i < 3; i++) await SendAsync(freshet, "track", $$"""{"userId":"u1","event":"E{{i}}","timestamp":"2026-01-0{{i + 1}}T00:00:00Z","properties":{"i":{{i}} } }""");
        await SendAsync(freshet, "identify", """{"userId":"u1","anonymousId":"a1","traits":{"a":1,"b":"x","c":null}}""");
        const string Profile = "/v1/spaces/s1/collections/users/profiles/user_id:u1/";
        var page = await GetAsync(freshet, Profile + "traits?limit=2");
        Assert.Equal("""{"a":1,"b":"x"}""", page["traits"]!.ToJsonString());
        Assert.Equal("""{"url":"/v1/spaces/s1/collections/users/profiles/user_id:u1/traits","has_more":true,"next":"2","limit":2}""", page["cursor"]!.ToJsonString());
        Assert.False((await GetAsync(freshet, Profile + "traits?next=2147483647"))["cursor"]!["has_more"]!.GetValue<bool>());
        Assert.Equal("""{"big_spenders":false,"regulars":false}""", (await GetAsync(freshet, Profile + "traits?class=audience"))["traits"]!.ToJsonString());
        Assert.Equal("""{"b":"x"}""", (await GetAsync(freshet, Profile + "traits?include=b"))["traits"]!.ToJsonString());
        Assert.Equal(["E2", "E1"], (await GetAsync(freshet, Profile + "events?include=E1,E2"))["data"]!.AsArray().Select(e => e!["event"]!.GetValue<string>()));
        Assert.Equal(["user_id"], (await GetAsync(freshet, Profile + "external_ids?include=user_id"))["data"]!.AsArray().Select(e => e!["type"]!.GetValue<string>()));
        Assert.Equal("2026-01-01T00:00:00.000Z", (await GetAsync(freshet, Profile + "metadata"))["metadata"]!["created_at"]!.GetValue<string>());
        Assert.Equal("[]", (await GetAsync(freshet, Profile + "links"))["data"]!.ToJsonString());
        Assert.Equal("""{"error":{"code":"not_found","message":"Profile was not found."}}""", (await GetAsync(freshet, "/v1/spaces/s1/collections/users/profiles/user_id:nobody/traits", 404)).ToJsonString());
        Assert.Equal("no_such_profile", (await GetAsync(freshet, "/api/profiles/user_id:nobody", 404))["code"]!.GetValue<string>());
        Assert.Equal("invalid_identifier", (await GetAsync(freshet, "/api/profiles/nobody", 400))["code"]!.GetValue<string>());
    }

    private static IEnumerable<string> Identifiers(JsonNode profile) =>
        profile["identifiers"]!.AsArray().Select(i => $"{i!["type"]!.GetValue<string>()}:{i["value"]!.GetValue<string>()}").Order(StringComparer.Ordinal);

    private static Task<JsonNode> SendAsync(FreshetProcess freshet, string call, string json) => PostAsync(freshet, "/v1/" + call, json);

    private static async Task<JsonNode> PostAsync(FreshetProcess freshet, string path, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("test-key:"u8));
        using var response = await freshet.Http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonNode.Parse(body)!;
    }

    private static async Task<JsonNode> GetAsync(FreshetProcess freshet, string path, int status = 200)
    {
        using var response = await freshet.Http.GetAsync(new Uri(path, UriKind.Relative));
        var body = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, body);
        return JsonNode.Parse(body)!;
    }
}
