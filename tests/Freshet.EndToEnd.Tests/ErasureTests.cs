using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Freshet.EndToEnd.Tests;

/// <summary>Who is erased is in no view, no file and no answer, as if nobody had ever come; the others are as they were.</summary>
public sealed class ErasureTests
{
    private const string Sql = """
        CREATE TRAIT orders AS SELECT profile_id, COUNT(*) FROM events WHERE event = 'Order Completed' GROUP BY profile_id;
        CREATE SEGMENT buyers AS SELECT profile_id FROM orders WHERE `value` >= 1;
        CREATE MATERIALIZED VIEW plain AS SELECT user_id, COUNT(*) AS n FROM events WHERE type <> 'erase' GROUP BY user_id;
        CREATE MATERIALIZED VIEW total AS SELECT COUNT(*) AS n, MAX(CAST(properties['revenue'] AS INT)) AS most FROM events WHERE type <> 'erase';
        CREATE MATERIALIZED VIEW bad AS SELECT CAST(properties['revenue'] AS INT) AS r FROM events WHERE event = 'Order Completed';
        CREATE EVENT 'Signed Up' (plan STRING NOT NULL);
        """;

    [Fact]
    public async Task An_erasure_leaves_nothing_of_the_profile_and_everything_of_the_others()
    {
        using var folder = new ScratchFolder();
        string receipt;
        await using (var freshet = await FreshetProcess.RunAsync(folder.Project(Sql), folder.Data))
        {
            await SendAsync(freshet, "track", """{"anonymousId":"anon-of-ann","event":"Order Completed","properties":{"revenue":60}}""");
            await SendAsync(freshet, "identify", """{"userId":"ann-77","anonymousId":"anon-of-ann","traits":{"email":"Ann@Example.com"}}""");
            await SendAsync(freshet, "track", """{"userId":"ann-77","event":"Order Completed","properties":{"revenue":"many"}}""");
            await SendAsync(freshet, "track", """{"userId":"bob","event":"Order Completed","properties":{"revenue":7}}""");
            // Bob on Ann's device: it stays Ann's, for bob has a user_id of his own.
            await SendAsync(freshet, "track", """{"userId":"bob","anonymousId":"anon-of-ann","event":"Order Completed","properties":{"revenue":8}}""");
            await SendAsync(freshet, "track", """{"userId":"ann-77","event":"Signed Up","properties":{}}""", 400);
            Assert.Equal(1, await freshet.CountAsync("SELECT COUNT(*) FROM events$rejected"));
            Assert.Equal(1, await freshet.CountAsync("SELECT COUNT(*) FROM bad$errors"));
            Assert.Equal(1, await freshet.CountAsync("SELECT COUNT(*) FROM identity_drops"));
            Assert.Equal(60, await freshet.CountAsync("SELECT most FROM total"));

            var done = await SendAsync(freshet, "/api/profiles/email:ann@example.com/erase", "{}");
            Assert.Equal("done", done["status"]!.GetValue<string>());
            receipt = done["receipt"]!.GetValue<string>();
            await CheckAsync(freshet, receipt);
            Assert.Equal(1, await freshet.CountAsync("SELECT COUNT(*) FROM segment_changes WHERE cause = 'erase'"));

            // A later event of a suppressed identifier is answered and not taken, whatever else is in its batch.
            await SendAsync(freshet, "batch", """{"batch":[{"type":"track","event":"Back","userId":"ann-77"},{"type":"track","event":"Order Completed","userId":"bob","properties":{"revenue":9}}]}""");
            await SendAsync(freshet, "track", """{"userId":"ann-77","event":"Signed Up","properties":{}}""");
            Assert.Equal(3, await freshet.CountAsync("SELECT n FROM total"));
            var status = await GetAsync(freshet, "/api/status");
            Assert.Equal(2, status["ingest"]!["suppressed"]!.GetValue<long>());
            await freshet.KillAsync();
        }

        Assert.Empty(FilesWith(folder.Data, "ann-77", "anon-of-ann", "nn@xample.com", "nn@Example.com", "nn@example.com"));
        await using var again = await FreshetProcess.RunAsync(folder.Project(Sql), folder.Data);
        await CheckAsync(again, receipt, more: 1);
        await SendAsync(again, "track", """{"anonymousId":"anon-of-ann","event":"Back"}""");
        Assert.Equal(3, await again.CountAsync("SELECT n FROM total"));
        await SendAsync(again, "track", """{"userId":"carl","event":"Order Completed","properties":{"revenue":1}}""");
        Assert.Equal(4, await again.CountAsync("SELECT n FROM total"));
    }

    [Fact]
    public async Task An_erasure_that_a_kill_stops_is_ended_at_the_next_start()
    {
        using var folder = new ScratchFolder();
        for (var round = 0; round < 3; round++)
        {
            await using (var freshet = await FreshetProcess.RunAsync(folder.Project(Sql), folder.Data))
            {
                Assert.Equal(round * 200, await freshet.CountAsync("SELECT COALESCE(MAX(n), 0) FROM total"));
                var events = string.Join(",", Enumerable.Range(0, 400).Select(i => $$"""{"type":"track","event":"Seen","userId":"{{(i % 2 == 0 ? "gone" : "stays")}}-{{round}}-x"}"""));
                await SendAsync(freshet, "batch", $$"""{"batch":[{{events}}]}""");
                var erase = SendAsync(freshet, $"/api/profiles/user_id:gone-{round}-x/erase", "{}");
                await Task.WhenAny(erase, Task.Delay(round * 15));
                await freshet.KillAsync();
                try
                {
                    await erase;
                }
                catch (HttpRequestException)
                {
                    // The order may not have come in; it then does below.
                }
            }

            await using var again = await FreshetProcess.RunAsync(folder.Project(Sql), folder.Data);
            await SendAsync(again, $"/api/profiles/user_id:gone-{round}-x/erase", "{}", null);
            Assert.Equal((round + 1) * 200, await again.CountAsync("SELECT n FROM total"));
            Assert.All((await GetAsync(again, "/api/erasures"))["erasures"]!.AsArray(), r => Assert.Equal("done", r!["status"]!.GetValue<string>()));
            await again.KillAsync();
            Assert.Empty(FilesWith(folder.Data, $"gone-{round}-x"));
        }
    }

    private static async Task CheckAsync(FreshetProcess freshet, string receipt, long more = 0)
    {
        Assert.Equal(2 + more, await freshet.CountAsync("SELECT n FROM total"));
        Assert.Equal(8 + more, await freshet.CountAsync("SELECT most FROM total"));
        Assert.Equal(1, await freshet.CountAsync("SELECT COUNT(*) FROM plain"));
        Assert.Equal(2 + more, await freshet.CountAsync("SELECT COUNT(*) FROM events WHERE type <> 'erase'"));
        foreach (var empty in (string[])["events$rejected", "bad$errors", "identity_drops", "profile_merges"]) Assert.Equal(0, await freshet.CountAsync($"SELECT COUNT(*) FROM {empty}"));
        Assert.Equal(1, await freshet.CountAsync("SELECT COUNT(*) FROM buyers"));
        Assert.Equal(1, await freshet.CountAsync("SELECT COUNT(*) FROM identifiers"));
        Assert.Equal("profile_erased", (await GetAsync(freshet, "/api/profiles/user_id:ann-77", 410))["code"]!.GetValue<string>());
        Assert.Equal("profile_erased", (await GetAsync(freshet, "/api/profiles/email:ANN@example.com", 410))["code"]!.GetValue<string>());
        var told = await GetAsync(freshet, $"/api/erasures/{receipt}");
        Assert.Equal(3, told["events"]!.GetValue<long>());
        Assert.Equal(1, told["rejected"]!.GetValue<long>());
        Assert.Equal(3, told["identifiers"]!.AsArray().Count);
        Assert.Equal(1, told["views"]!["total"]!.GetValue<long>() / 2);
    }

    private static IEnumerable<string> FilesWith(string folder, params string[] texts) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(f => texts.Any(t => Encoding.Latin1.GetString(File.ReadAllBytes(f)).Contains(t, StringComparison.Ordinal)));

    private static async Task<JsonNode> SendAsync(FreshetProcess freshet, string call, string json, int? status = 200)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, call.StartsWith('/') ? call : "/v1/" + call) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("test-key:"u8));
        using var response = await freshet.Http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(status is null || (int)response.StatusCode == status, body);
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
