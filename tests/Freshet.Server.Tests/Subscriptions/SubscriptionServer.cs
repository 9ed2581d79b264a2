using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Freshet.Server.Configuration;
using Freshet.Server.Hosting;

namespace Freshet.Server.Tests.Subscriptions;

/// <summary>A whole server over a folder: events in over HTTP, subscriptions out.</summary>
internal sealed class SubscriptionServer : IAsyncDisposable
{
    private const string Sql = """
        CREATE MATERIALIZED VIEW totals AS SELECT user_id, COUNT(*) AS n, SUM(CAST(properties['v'] AS BIGINT)) AS s FROM events GROUP BY user_id;
        CREATE MATERIALIZED VIEW names AS SELECT event, COUNT(*) AS n FROM events GROUP BY event;
        CREATE MATERIALIZED VIEW kept AS SELECT user_id, event, JSON_VALUE(properties, '$.text') AS text FROM events;
        """;

    private readonly string _folder;
    private readonly bool _ownsFolder;
    private FreshetServer _server = null!;
    private bool _isStopped;

    private SubscriptionServer(string folder, bool ownsFolder)
    {
        _folder = folder;
        _ownsFolder = ownsFolder;
        Http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
    }

    public HttpClient Http { get; }

    public Uri Url => new(_server.Url);

    public static async Task<SubscriptionServer> StartAsync(string? folder = null)
    {
        var server = new SubscriptionServer(folder ?? Directory.CreateTempSubdirectory("freshet-test-").FullName, folder is null);
        Directory.CreateDirectory(Path.Combine(server._folder, "sql"));
        await File.WriteAllTextAsync(Path.Combine(server._folder, "sql", "views.sql"), Sql);
        await File.WriteAllTextAsync(Path.Combine(server._folder, "freshet.json"), """{"keys":["wk1"]}""");
        var settings = Project.Load(server._folder, _ => null, new Dictionary<string, string> { ["port"] = "0" });
        server._server = await FreshetServer.StartAsync(settings, await PipelineBackend.OpenAsync(settings, TextWriter.Null, CancellationToken.None));
        server.Http.BaseAddress = server.Url;
        return server;
    }

    /// <summary>Sends events in one batch and waits until they are durable.</summary>
    public async Task SendAsync(params (string User, string Event, int Value)[] events) =>
        await SendAsync(events.Select(e => (e.User, e.Event, (JsonNode)new JsonObject { ["v"] = e.Value })));

    public async Task SendAsync(IEnumerable<(string User, string Event, JsonNode Properties)> events)
    {
        var batch = new JsonArray([.. events.Select(e => (JsonNode)new JsonObject { ["type"] = "track", ["userId"] = e.User, ["event"] = e.Event, ["properties"] = e.Properties })]);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, "/v1/batch")) { Content = new StringContent(new JsonObject { ["batch"] = batch }.ToJsonString(), Encoding.UTF8, "application/json") };
        request.Headers.Authorization = ServerFixture.Basic("wk1");
        using var answer = await Http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>A view's rows, as texts in order, and the step.</summary>
    public async Task<(long Step, List<string> Rows)> ReadAsync(string view)
    {
        var answer = JsonNode.Parse(await Http.GetStringAsync(new Uri(Url, $"/api/views/{view}?limit=10000")))!;
        return (answer["step"]!.GetValue<long>(), [.. answer["rows"]!.AsArray().Select(r => new JsonArray([.. r!.AsObject().Select(p => p.Value?.DeepClone())]).ToJsonString()).Order(StringComparer.Ordinal)]);
    }

    public async Task<List<string>> QueryAsync(string sql)
    {
        using var answer = await Http.PostAsJsonAsync(new Uri(Url, "/api/sql"), new { sql });
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return [.. JsonNode.Parse(text)!["rows"]!.AsArray().Select(r => r!.ToJsonString()).Order(StringComparer.Ordinal)];
    }

    public async Task<Subscriber> SubscribeAsync(string sql, string query = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, "/api/sql" + query)) { Content = JsonContent.Create(new { sql }) };
        return await Subscriber.OpenAsync(Http, request);
    }

    public async Task<Subscriber> FollowAsync(string view, long? lastEventId = null, string query = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Url, $"/api/views/{view}/changes{query}"));
        if (lastEventId is { } id) request.Headers.Add("Last-Event-ID", id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return await Subscriber.OpenAsync(Http, request);
    }

    public async Task<long> MetricAsync(string name)
    {
        var line = (await Http.GetStringAsync(new Uri(Url, "/metrics"))).Split('\n').Single(l => l.StartsWith(name + " ", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    public async Task StopAsync()
    {
        if (_isStopped) return;
        _isStopped = true;
        await _server.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await StopAsync();
        if (_ownsFolder) Directory.Delete(_folder, recursive: true);
    }
}
