using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Freshet.Customers;
using Freshet.Engine;
using Freshet.Server.Api;
using Freshet.Server.Configuration;
using Freshet.Server.Hosting;
using Freshet.Server.Http;
using Freshet.Server.Ingest;
using Freshet.Server.Plans;
using Freshet.Server.Tests.Ingest;
using Freshet.Syntax.Text;

namespace Freshet.Server.Tests;

/// <summary>The real HTTP server on a free port, with a log in memory and a clock that the test holds.</summary>
internal sealed class ServerFixture : IAsyncDisposable
{
    public const string Key = "wk1";
    private readonly string _folder;
    private HttpServer _server = null!;

    private ServerFixture(string folder) => _folder = folder;

    public MemoryEventLog Log { get; } = new();

    public TestClock Clock { get; } = new();

    public IngestService Ingest { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public IReadOnlyList<Route> Routes { get; private set; } = [];

    public string? NotReady { get; set; }

    /// <param name="json">freshet.json; the default has one key.</param>
    /// <param name="plan">CREATE EVENTs; null for no tracking plan.</param>
    public static async Task<ServerFixture> StartAsync(string json = """{"keys":["wk1"]}""", IViewReader? views = null, string? plan = null)
    {
        var folder = Directory.CreateTempSubdirectory("freshet-test-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "freshet.json"), json);
        var fixture = new ServerFixture(folder);
        var settings = Project.Load(folder, _ => null, new Dictionary<string, string> { ["port"] = "0" });
        fixture.Ingest = new IngestService(settings, fixture.Log, fixture.Clock, plan is null ? null : GateOf(plan, settings.UnplannedEvents));
        var router = ServerRoutes.Build(settings, fixture.Ingest, views, [], () => fixture.NotReady, clock: fixture.Clock);
        fixture.Routes = router.Routes;
        fixture._server = await HttpServer.StartAsync(settings, router);
        fixture.Client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(fixture._server.Url) };
        return fixture;
    }

    /// <summary>The gate of these CREATE EVENTs.</summary>
    public static PlanGate? GateOf(string plan, UnplannedEvents unplanned)
    {
        var binder = Pipeline.Bind([new SourceText("plan.sql", plan)], new PipelineOptions { Layer = () => new CustomerLayer(10_000) });
        return PlanGate.Of(((CustomerLayer)binder.Layer!).Plan.Events, unplanned);
    }

    public Uri Url(string path) => new(Client.BaseAddress!, path);

    /// <summary>POST with the key as Basic user.</summary>
    public async Task<(int Status, string Body)> PostAsync(string path, string json, string? key = Key, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json)) };
        if (contentType.Length > 0) request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        if (key is not null) request.Headers.Authorization = Basic(key);
        return await SendAsync(request);
    }

    public async Task<(int Status, string Body)> SendAsync(HttpRequestMessage request)
    {
        using var response = await Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async Task<(int Status, string Body)> GetAsync(string path)
    {
        using var response = await Client.GetAsync(new Uri(path, UriKind.Relative));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>The value of the only record.</summary>
    public JsonElement Single() => JsonDocument.Parse(Assert.Single(Log.Records).Value).RootElement;

    public static AuthenticationHeaderValue Basic(string key) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(key + ":")));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>A clock that stands until it is moved: 2026-11-22T10:06:00.000Z.</summary>
internal sealed class TestClock : TimeProvider
{
    private DateTimeOffset _now = new(2026, 11, 22, 10, 6, 0, TimeSpan.Zero);
    private long _timestamp = 1;

    public override long TimestampFrequency => 1000;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _timestamp;

    public void Advance(TimeSpan by)
    {
        _now += by;
        _timestamp += (long)by.TotalMilliseconds;
    }
}
