using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace Freshet.EndToEnd.Tests;

/// <summary>
/// Kill -9 under load, restart, and compare with the client's own list of acknowledged events: none lost, none doubled in
/// views. FRESHET_CRASH_KILLS sets the number of kills.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const string Views = """
        CREATE MATERIALIZED VIEW per_user AS
        SELECT user_id, COUNT(*) AS events, SUM(CAST(properties['n'] AS BIGINT)) AS total
        FROM events GROUP BY user_id;

        CREATE MATERIALIZED VIEW all_events AS
        SELECT COUNT(*) AS events, COUNT(DISTINCT message_id) AS messages FROM events;
        """;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_doubled_by_kill_9()
    {
        var kills = int.Parse(Environment.GetEnvironmentVariable("FRESHET_CRASH_KILLS") ?? "6", System.Globalization.CultureInfo.InvariantCulture);
        var seed = Seeds.Next();
        var random = new Random(seed);
        output.WriteLine($"seed {seed}, {kills} kills");
        using var folder = new ScratchFolder();
        var project = folder.Project(Views);
        var acknowledged = new ConcurrentDictionary<string, (string User, int N)>();
        var attempted = new ConcurrentDictionary<string, (string User, int N)>();
        var next = 0;
        for (var kill = 0; kill <= kills; kill++)
        {
            await using var freshet = await FreshetProcess.RunAsync(project, folder.Data);
            await CompareAsync(freshet, acknowledged, attempted, $"seed {seed}, after kill {kill}");
            if (kill == kills) return;
            using var stop = new CancellationTokenSource();
            var clients = Enumerable.Range(0, 4).Select(c => LoadAsync(freshet, () => Interlocked.Increment(ref next), acknowledged, attempted, stop.Token)).ToArray();
            await Task.Delay(random.Next(20, 600));
            await freshet.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(clients);
        }
    }

    private static async Task LoadAsync(
        FreshetProcess freshet,
        Func<int> next,
        ConcurrentDictionary<string, (string User, int N)> acknowledged,
        ConcurrentDictionary<string, (string User, int N)> attempted,
        CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = freshet.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes("test-key:")));
        while (!stop.IsCancellationRequested)
        {
            var events = Enumerable.Range(0, 10).Select(_ => next()).Select(n => (Id: $"m-{n}", User: $"u-{n % 50}", N: n)).ToArray();
            foreach (var e in events) attempted[e.Id] = (e.User, e.N);
            try
            {
                using var answer = await http.PostAsJsonAsync(
                    "/v1/batch",
                    new { batch = events.Select(e => new { type = "track", @event = "Crash Test", messageId = e.Id, userId = e.User, properties = new { n = e.N } }) },
                    stop);
                if (!answer.IsSuccessStatusCode) continue;
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
            {
                return;
            }

            foreach (var e in events) acknowledged[e.Id] = (e.User, e.N);
        }
    }

    /// <summary>Every acknowledged event is there once; what was not acknowledged is there once or not at all.</summary>
    private static async Task CompareAsync(
        FreshetProcess freshet,
        ConcurrentDictionary<string, (string User, int N)> acknowledged,
        ConcurrentDictionary<string, (string User, int N)> attempted,
        string when)
    {
        var answer = await freshet.QueryAsync("SELECT message_id FROM events");
        var stored = answer["rows"]!.AsArray().Select(r => r![0]!.GetValue<string>()).ToList();
        var distinct = stored.ToHashSet();
        Assert.True(stored.Count == distinct.Count, $"{when}: {stored.Count - distinct.Count} events are in the log twice");
        var lost = acknowledged.Keys.Where(id => !distinct.Contains(id)).ToList();
        Assert.True(lost.Count == 0, $"{when}: {lost.Count} acknowledged events are lost, the first is {lost.FirstOrDefault()}");
        Assert.All(stored, id => Assert.True(attempted.ContainsKey(id), $"{when}: {id} was never sent"));

        var expected = stored.Select(id => attempted[id]).GroupBy(e => e.User).ToDictionary(g => g.Key, g => (Events: (long)g.Count(), Total: g.Sum(e => (long)e.N)));
        var view = await freshet.QueryAsync("SELECT user_id, events, total FROM per_user");
        var seen = view["rows"]!.AsArray().ToDictionary(r => r![0]!.GetValue<string>(), r => (Events: r![1]!.GetValue<long>(), Total: r[2]!.GetValue<long>()));
        Assert.Equal(expected.OrderBy(e => e.Key), seen.OrderBy(e => e.Key));
        Assert.Equal(stored.Count, await freshet.CountAsync("SELECT events FROM all_events"));
        Assert.Equal(stored.Count, await freshet.CountAsync("SELECT messages FROM all_events"));
    }
}
