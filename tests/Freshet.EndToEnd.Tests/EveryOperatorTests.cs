using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Freshet.EndToEnd.Tests;

/// <summary>A view of every kind of operator in the real program: killed, restarted, with other workers, against queries over the whole history.</summary>
public sealed class EveryOperatorTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Every_kind_of_view_survives_a_kill_and_is_what_its_query_gives_over_the_history()
    {
        var seed = Seeds.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var folder = new ScratchFolder();
        var project = folder.Project(EveryOperator.Text);
        await using (var first = await FreshetProcess.RunAsync(project, folder.Data, "--workers", "1"))
        {
            for (var i = 0; i < 5; i++) await SendAsync(first, Events(random, i * 60, 60));
            await first.KillAsync();
        }

        SortedDictionary<string, string> before;
        await using (var second = await FreshetProcess.RunAsync(project, folder.Data, "--workers", "1"))
        {
            for (var i = 5; i < 8; i++) await SendAsync(second, Events(random, i * 60, 60));
            await SendAsync(second, [Event("end-1", "Order", "end", "end", 90_000), Event("end-2", "Add", "end", "end", 90_000)]);
            await WaitForHistoryAsync(second, seed);
            before = await ReadAsync(second);
            Assert.True(before.Where(v => !v.Key.Contains('$', StringComparison.Ordinal) && v.Key != "gone").All(v => v.Value.Length > 0), $"seed {seed}: a view is empty");
            Assert.NotEqual("", before["parsed$errors"]);
            Assert.NotEqual("", before["tumbled$late"]);
            await second.KillAsync();
        }

        foreach (var workers in new[] { "1", "2" })
        {
            await using var again = await FreshetProcess.RunAsync(project, folder.Data, "--workers", workers);
            foreach (var (view, rows) in await ReadAsync(again)) Assert.True(before[view] == rows, $"seed {seed}, {workers} workers, {view}:\n{before[view]}\nthen\n{rows}");
            await again.KillAsync();
        }
    }

    /// <summary>Waits until the topics that INSERTs write have come round, then until each view is what an ad-hoc query gives.</summary>
    private static async Task WaitForHistoryAsync(FreshetProcess freshet, int seed)
    {
        foreach (var (view, query) in EveryOperator.Views.Where(v => !EveryOperator.WithErrors.Contains(v.Key)))
        {
            var expected = "";
            var seen = "-";
            for (var i = 0; i < 100 && expected != seen; i++)
            {
                if (i > 0) await Task.Delay(20);
                expected = Rows(await freshet.QueryAsync(query));
                seen = Rows(await freshet.QueryAsync($"SELECT * FROM {view}"));
            }

            Assert.True(expected == seen, $"seed {seed}, {view}: the query gives\n{expected}\nthe view is\n{seen}");
        }
    }

    private static async Task<SortedDictionary<string, string>> ReadAsync(FreshetProcess freshet)
    {
        var views = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var view in EveryOperator.Views.Keys.Concat(["tumbled$late", "sessions$late", "parsed$errors"]))
            views.Add(view, Rows(await freshet.QueryAsync($"SELECT * FROM `{view}`")));
        return views;
    }

    private static string Rows(JsonNode answer) => string.Join('\n', answer["rows"]!.AsArray().Select(r => r!.ToJsonString()).Order(StringComparer.Ordinal));

    /// <summary>Events a second apart, some of them up to a minute late.</summary>
    private static IEnumerable<object> Events(Random random, int from, int count)
    {
        for (var n = from; n < from + count; n++)
        {
            var second = random.Next(6) == 0 ? Math.Max(0, n - random.Next(60)) : n;
            yield return Event($"m-{n}", random.Next(3) == 0 ? "Order" : "Add", $"u-{random.Next(9)}", $"p-{random.Next(12)}", second, random.Next(1, 10_000), random.Next(8) == 0 ? "XL" : "40");
        }
    }

    private static object Event(string id, string name, string user, string product, int second, int cents = 0, string size = "40") => new
    {
        type = "track",
        @event = name,
        messageId = id,
        userId = user,
        timestamp = DateTime.UnixEpoch.AddDays(20_000).AddSeconds(second).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        properties = new { product, revenue = cents / 100m, size },
    };

    private static async Task SendAsync(FreshetProcess freshet, IEnumerable<object> batch)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batch") { Content = JsonContent.Create(new { batch }) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes("test-key:")));
        using var answer = await freshet.Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }
}
