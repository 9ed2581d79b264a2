using System.Net.Http.Headers;
using System.Text;

namespace Freshet.EndToEnd.Tests;

/// <summary>The tracking plan in the program: what was blocked outlives it, and is taken once the plan is mended.</summary>
public sealed class TrackingPlanTests
{
    private const string Plan = """
        CREATE EVENT 'Order Completed' (revenue DECIMAL(12, 2) NOT NULL CHECK (revenue >= 0), products ARRAY<ROW<id STRING, quantity INT>>);
        CREATE MATERIALIZED VIEW revenue AS SELECT SUM(revenue) AS total, COUNT(*) AS n FROM order_completed;
        CREATE MATERIALIZED VIEW sold AS SELECT p.id, SUM(p.quantity) AS n FROM order_completed CROSS JOIN UNNEST(products) AS p(id, quantity) GROUP BY p.id;
        CREATE MATERIALIZED VIEW violations AS SELECT action, COUNT(*) AS n FROM events$rejected GROUP BY action;
        """;

    [Fact]
    public async Task Blocked_events_outlive_a_kill_and_are_taken_after_the_plan_is_mended()
    {
        using var folder = new ScratchFolder();
        await using (var first = await FreshetProcess.RunAsync(folder.Project(Plan), folder.Data))
        {
            Assert.Equal((200, true), await SendAsync(first, """{"batch":[{"type":"track","userId":"u","messageId":"m1","event":"Order Completed","properties":{"revenue":10,"products":[{"id":"a","quantity":2}]}},{"type":"track","userId":"u","messageId":"m2","event":"Order Completed","properties":{"revenue":-3}}]}"""));
            Assert.Equal((400, true), await SendAsync(first, """{"batch":[{"type":"track","userId":"u","messageId":"m3","event":"Order Completed","properties":{"revenue":"x"}}]}"""));
            Assert.Equal(2, await first.CountAsync("SELECT COUNT(*) FROM events$rejected WHERE action = 'block'"));
            await first.KillAsync();
        }

        await using (var again = await FreshetProcess.RunAsync(folder.Project(Plan), folder.Data))
        {
            Assert.Equal(1, await again.CountAsync("SELECT n FROM revenue"));
            Assert.Equal((400, true), await SendAsync(again, """{"batch":[{"type":"track","userId":"u","messageId":"m3","event":"Order Completed","properties":{"revenue":"x"}}]}"""));
            Assert.Equal(2, await again.CountAsync("SELECT n FROM violations WHERE action = 'block'"));
            Assert.Equal(2, await again.CountAsync("SELECT n FROM sold WHERE id = 'a'"));
            Assert.Contains("freshet_plan_violations_total{event=\"Order Completed\",action=\"block\"} 2", await again.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
            await again.KillAsync();
        }

        await using var mended = await FreshetProcess.RunAsync(folder.Project(Plan.Replace(" CHECK (revenue >= 0)", "", StringComparison.Ordinal)), folder.Data);
        var (code, output) = await FreshetProcess.ExecuteAsync("replay-rejected", "--url", mended.Url.ToString());
        Assert.Equal((0, "taken: 1, still rejected: 1"), (code, output.Trim()));
        Assert.Equal(2, await mended.CountAsync("SELECT n FROM revenue"));
        Assert.Equal(7, await mended.CountAsync("SELECT CAST(total AS BIGINT) FROM revenue"));
        Assert.Equal("taken: 0, still rejected: 1", (await FreshetProcess.ExecuteAsync("replay-rejected", "--url", mended.Url.ToString())).Output.Trim());
        Assert.Equal(2, await mended.CountAsync("SELECT COUNT(*) FROM order_completed"));
    }

    private static async Task<(int Status, bool HasRejected)> SendAsync(FreshetProcess freshet, string batch)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batch") { Content = new StringContent(batch, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("test-key:"u8));
        using var response = await freshet.Http.SendAsync(request);
        return ((int)response.StatusCode, (await response.Content.ReadAsStringAsync()).Contains("\"rejected\":[", StringComparison.Ordinal));
    }
}
