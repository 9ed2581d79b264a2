using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Freshet.Server.Configuration;
using Freshet.Server.Ingest;

namespace Freshet.Server.Tests.Ingest;

/// <summary>What those may do of whom nothing is known but a browser's key, which stands in page source.</summary>
public sealed class StrangerTests
{
    private const string Token = "0123456789abcdef";

    private const string Sql = "CREATE TRAIT visits AS SELECT profile_id, COUNT(*) FROM events GROUP BY profile_id;";

    private const string Keys = """
        {"keys":[{"key":"page","source":"page"},{"key":"old","source":"old","mayJoin":true},{"key":"srv","source":"shop","kind":"server"}],"api":{"token":"0123456789abcdef"}}
        """;

    [Fact]
    public async Task What_a_browsers_key_tells_is_a_trait_and_joins_nobody()
    {
        await using var server = await StartAsync(Keys);
        await SendAsync(server, "srv", """{"type":"identify","userId":"ann","traits":{"email":"ann@example.com","phone":"+4112345678"},"context":{"externalIds":[{"id":"c1","type":"crm","collection":"users","encoding":"none"}]}}""");
        await SendAsync(server, "page", """{"type":"identify","anonymousId":"a1","mayJoin":true,"traits":{"email":"ann@example.com","phone":"+4112345678"},"context":{"externalIds":[{"id":"c1","type":"crm","collection":"users","encoding":"none"}]}}""");
        Assert.Equal("ann shop|ann@example.com shop|c1 shop", await LinkedAsync(server, "user_id:ann"));
        Assert.Equal("a1 page", await LinkedAsync(server, "anonymous_id:a1"));
        var (_, profile) = await server.GetAsync("/api/profiles/anonymous_id:a1");
        Assert.Equal("ann@example.com", profile["traits"]!["email"]!.GetValue<string>());

        // Who signs in at the page is joined by user_id, as always.
        await SendAsync(server, "page", """{"type":"identify","anonymousId":"a2","userId":"bob","traits":{"email":"bob@example.com"}}""");
        Assert.Equal("a2 page|bob page", await LinkedAsync(server, "user_id:bob"));

        // Segment's way, by key.
        await SendAsync(server, "old", """{"type":"identify","anonymousId":"a3","traits":{"email":"ann@example.com"}}""");
        Assert.Equal("a3 old|ann shop|ann@example.com shop|c1 shop", await LinkedAsync(server, "user_id:ann"));
        await server.RestartAsync();
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        Assert.Equal("a1 page", await LinkedAsync(server, "anonymous_id:a1"));
    }

    [Fact]
    public async Task With_a_visitors_token_the_page_speaks_for_its_visitor_alone()
    {
        await using var server = await StartAsync(Keys);
        var (_, signed) = await server.PostAsync("/api/visitor-tokens", JsonNode.Parse("""{"user_id":"ann"}"""));
        var token = new AuthenticationHeaderValue("Bearer", signed["token"]!.GetValue<string>());
        await SendAsync(server, token, """{"batch":[{"type":"identify","userId":"ann","traits":{"email":"ann@example.com"}},{"type":"identify","userId":"eve","traits":{"email":"eve@example.com"}}],"writeKey":"page"}""");
        Assert.Equal("ann page|ann@example.com page", await LinkedAsync(server, "user_id:ann"));
        Assert.Equal("eve page", await LinkedAsync(server, "user_id:eve"));
    }

    [Theory]
    [InlineData(Token, null, true)]
    [InlineData(null, "a long password", true)]
    [InlineData(null, null, false)]
    public void A_browsers_key_is_guarded_wherever_readers_are_asked_who_they_are(string? token, string? password, bool isGuarded)
    {
        var settings = new ProjectSettings { Folder = "", ApiToken = token, ApiPassword = password };
        settings.Keys.AddRange([new WriteKeySettings("page", "page", WriteKeyKind.Browser, null), new WriteKeySettings("srv", "shop", WriteKeyKind.Server, null)]);
        var keys = new WriteKeys(settings, TimeProvider.System);
        Assert.Equal(!isGuarded, keys.Find("page"u8)!.MayJoin);
        Assert.Equal(isGuarded, keys.Find("page"u8)!.Newcomers is not null);
        Assert.True(keys.Find("srv"u8)!.MayJoin);
        Assert.Null(keys.Find("srv"u8)!.Newcomers);
    }

    [Fact]
    public async Task Without_authentication_all_is_as_Segment_has_it()
    {
        await using var server = await ProjectServer.StartAsync(Sql, """{"keys":["page"]}""");
        await SendAsync(server, "page", """{"type":"identify","anonymousId":"a1","traits":{"email":"ann@example.com"}}""", """{"type":"identify","userId":"ann","traits":{"email":"ann@example.com"}}""");
        Assert.Equal("a1 default|ann default|ann@example.com default", await LinkedAsync(server, "user_id:ann"));
    }

    [Fact]
    public async Task A_key_brings_a_bounded_number_of_people_and_devices_that_are_not_known()
    {
        await using var server = await StartAsync("""{"keys":[{"key":"page","source":"page","newIdentifiersPerSecond":1}],"api":{"token":"0123456789abcdef"}}""");
        await SendAsync(server, "page", [.. Enumerable.Range(0, 300).Select(i => $$"""{"type":"track","event":"e","anonymousId":"a{{i}}"}""")]);
        using var refused = await PostAsync(server, ServerFixture.Basic("page"), """{"type":"track","event":"e","anonymousId":"b"}""", "/v1/track");
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 300);
        Assert.Contains("too_many_newcomers", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        // Whoever is known goes on, also after a start.
        await SendAsync(server, "page", """{"type":"track","event":"e","anonymousId":"a7"}""");
        await server.RestartAsync();
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        await SendAsync(server, "page", [.. Enumerable.Range(0, 300).Select(i => $$"""{"type":"track","event":"e","anonymousId":"a{{i}}"}""")]);
        await SendAsync(server, "page", """{"type":"track","event":"e","anonymousId":"a8"}""");
        Assert.Equal([["300"]], await server.QueryAsync("SELECT COUNT(*) FROM profiles"));
    }

    [Fact]
    public async Task Near_the_memory_budget_devices_that_nobody_knows_are_refused_and_known_people_go_on()
    {
        await using var server = await ProjectServer.StartAsync(Sql, """{"keys":["page"],"limits":{"stateBytes":"1024GiB"}}""");
        await SendAsync(server, "page", """{"type":"track","event":"e","anonymousId":"a1"}""", """{"type":"identify","userId":"ann"}""");
        // Known is who the views show.
        Assert.Equal([["2"]], await server.QueryAsync("SELECT COUNT(*) FROM profiles"));
        server.Ingest.Newcomers!.UsedBytes = () => (1L << 40) - 1;
        using var alone = await PostAsync(server, ServerFixture.Basic("page"), """{"type":"track","event":"e","anonymousId":"b"}""", "/v1/track");
        Assert.Equal((503, true), ((int)alone.StatusCode, alone.Headers.RetryAfter is not null));
        using var batch = await PostAsync(server, ServerFixture.Basic("page"), """{"batch":[{"type":"track","event":"e","anonymousId":"b"},{"type":"track","event":"e","anonymousId":"c"}]}""", "/v1/batch");
        Assert.Equal(503, (int)batch.StatusCode);
        using var mixed = await PostAsync(server, ServerFixture.Basic("page"), """{"batch":[{"type":"track","event":"e","anonymousId":"a1"},{"type":"track","event":"e","anonymousId":"b"},{"type":"track","event":"e","userId":"new"},{"type":"identify","anonymousId":"d","traits":{"email":"d@x"}}]}""", "/v1/batch");
        var answer = JsonNode.Parse(await mixed.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal((200, 1, 1), ((int)mixed.StatusCode, answer["rejected"]!.AsArray().Count, answer["rejected"]![0]!["index"]!.GetValue<int>()));
        Assert.Equal([["a1"], ["ann"], ["d"], ["d@x"], ["new"]], await server.QueryAsync("SELECT `value` FROM identifiers ORDER BY `value`"));
    }

    private static async Task<ProjectServer> StartAsync(string settings)
    {
        var server = await ProjectServer.StartAsync(Sql, settings);
        server.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return server;
    }

    /// <summary>The identifiers of a profile with the source that linked each.</summary>
    private static async Task<string> LinkedAsync(ProjectServer server, string profile)
    {
        var (_, body) = await server.GetAsync($"/api/profiles/{profile}");
        var id = body["profile_id"]!.GetValue<long>();
        return string.Join('|', (await server.QueryAsync($"SELECT `value`, source FROM identifiers WHERE profile_id = {id} AND type <> 'phone' ORDER BY `value`")).Select(r => $"{r[0]} {r[1]}"));
    }

    private static Task SendAsync(ProjectServer server, string key, params string[] calls) => SendAsync(server, ServerFixture.Basic(key), $$"""{"batch":[{{string.Join(",", calls)}}]}""");

    private static async Task SendAsync(ProjectServer server, AuthenticationHeaderValue authorization, string body)
    {
        using var answer = await PostAsync(server, authorization, body, "/v1/batch");
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<HttpResponseMessage> PostAsync(ProjectServer server, AuthenticationHeaderValue authorization, string body, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = authorization;
        return await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
