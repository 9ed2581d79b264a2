using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace Freshet.EndToEnd.Tests;

/// <summary>What a restart keeps, and what it says of SQL that has changed.</summary>
public sealed class RestartTests
{
    private const string Totals = "CREATE MATERIALIZED VIEW totals AS SELECT user_id, COUNT(*) AS n FROM events GROUP BY user_id;\n";
    private const string Copy = """
        CREATE TABLE copies (message_id STRING, kind STRING) WITH ('connector' = 'log');
        INSERT INTO copies SELECT message_id, 'KIND' FROM events;
        CREATE MATERIALIZED VIEW copied AS SELECT kind, COUNT(*) AS n FROM copies GROUP BY kind;
        """;

    [Fact]
    public async Task A_changed_view_is_built_anew_and_named()
    {
        using var folder = new ScratchFolder();
        await using (var first = await FreshetProcess.RunAsync(folder.Project(Totals), folder.Data))
        {
            await SendAsync(first, 30);
            await first.KillAsync();
        }

        await using var second = await FreshetProcess.RunAsync(folder.Project(Totals.Replace("COUNT(*)", "COUNT(*) * 10", StringComparison.Ordinal)), folder.Data);
        Assert.Contains("view totals has changed", second.Output, StringComparison.Ordinal);
        Assert.Equal(300, await second.CountAsync("SELECT SUM(n) FROM totals"));
    }

    [Fact]
    public async Task An_insert_writes_each_row_once_over_restarts_and_the_new_way_after_a_change()
    {
        using var folder = new ScratchFolder();
        await using (var first = await FreshetProcess.RunAsync(folder.Project(Copy.Replace("KIND", "old", StringComparison.Ordinal)), folder.Data))
        {
            await SendAsync(first, 20);
            await WaitAsync(first, "old", 20);
            await first.KillAsync();
        }

        await using (var again = await FreshetProcess.RunAsync(folder.Project(Copy.Replace("KIND", "old", StringComparison.Ordinal)), folder.Data))
        {
            await SendAsync(again, 5);
            await WaitAsync(again, "old", 25);
            await again.KillAsync();
        }

        await using var changed = await FreshetProcess.RunAsync(folder.Project(Copy.Replace("KIND", "new", StringComparison.Ordinal)), folder.Data);
        Assert.Contains("INSERT INTO copies#1 has changed", changed.Output, StringComparison.Ordinal);
        await SendAsync(changed, 3);
        await WaitAsync(changed, "new", 3);
        Assert.Equal(25, await changed.CountAsync("SELECT n FROM copied WHERE kind = 'old'"));
        Assert.Equal(28, await changed.CountAsync("SELECT COUNT(*) FROM copies"));
    }

    private static async Task SendAsync(FreshetProcess freshet, int events)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batch")
        {
            Content = JsonContent.Create(new { batch = Enumerable.Range(0, events).Select(n => new { type = "track", @event = "Restart Test", userId = $"u-{n % 7}" }) }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes("test-key:")));
        using var answer = await freshet.Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>A row that an INSERT writes takes a step of its own to reach a view of the topic.</summary>
    private static async Task WaitAsync(FreshetProcess freshet, string kind, long rows)
    {
        for (var i = 0; i < 500; i++)
        {
            var seen = (await freshet.QueryAsync($"SELECT n FROM copied WHERE kind = '{kind}'"))["rows"]!.AsArray();
            if (seen.Count == 1 && seen[0]![0]!.GetValue<long>() >= rows)
            {
                Assert.Equal(rows, seen[0]![0]!.GetValue<long>());
                return;
            }

            await Task.Delay(20);
        }

        Assert.Fail($"The view never counted {rows} rows of kind {kind}:\n{freshet.Output}");
    }
}
