using Freshet.Server.Configuration;
using Freshet.Server.Http;
using Freshet.Server.Ingest;
using Freshet.Customers.Profiles;
using Freshet.Server.Plans;
using Freshet.Server.Privacy;
using Freshet.Server.ProjectTests;
using Freshet.Server.WebConsole;

namespace Freshet.Server.Hosting;

/// <summary>
/// A project being served: the backend is open, the message ids of the log's tail are remembered, HTTP answers.
/// Owns the backend. Stops in the order in which events flow: no new requests, those in work end, then the log closes.
/// </summary>
internal sealed class FreshetServer : IAsyncDisposable
{
    private readonly IBackend _backend;
    private readonly HistorySampler _history;
    private readonly HttpServer _http;
    private readonly TestRun? _tests;

    private FreshetServer(IBackend backend, IngestService ingest, HistorySampler history, HttpServer http, TestRun? tests)
    {
        _tests = tests;
        _history = history;
        _backend = backend;
        Ingest = ingest;
        _http = http;
    }

    public string Url => _http.Url;

    public IngestService Ingest { get; }

    public IBackend Backend => _backend;

    /// <summary>Starts serving and takes over the backend, also when it fails.</summary>
    /// <param name="testCommand">The program and its arguments that run the project's tests; null where there is none.</param>
    public static async Task<FreshetServer> StartAsync(ProjectSettings settings, IBackend backend, RecentLines? lines = null, IReadOnlyList<string>? testCommand = null)
    {
        HistorySampler? history = null;
        try
        {
            var gate = PlanGate.Of(backend.Customers?.Plan.Events, settings.UnplannedEvents);
            var ingest = new IngestService(settings, backend.Log, TimeProvider.System, gate);
            var since = (DateTimeOffset.UtcNow - settings.DedupWindow).ToUnixTimeMilliseconds();
            backend.ReadEventsSince(since, ingest.Remember);
            if (gate is not null)
            {
                backend.Log.ReadRejected((record, rejectedAt) =>
                {
                    gate.Counters.Add(record);
                    if (rejectedAt >= since && RejectedRecord.BlockedEvent(record) is { } blocked) ingest.RememberBlocked(blocked, rejectedAt);
                });
            }

            if (backend is { Erasable: { } log, Views: { } views, Customers: { } customers } && views.Views.Any(v => v.Name == ProfileReads.Erased))
            {
                ingest.Erasures = new ErasureService(log, views, customers, new ReceiptStore(new Freshet.Storage.Posix.PosixDisk(), settings.DataDirectory));
                await ingest.Erasures.ResumeAsync();
            }

            history = new HistorySampler(backend, ingest);
            var tests = testCommand is null ? null : new TestRun(settings.Folder, testCommand, TimeProvider.System);
            var router = ServerRoutes.Build(settings, ingest, backend.Views, backend.Sections, () => backend.NotReady, backend.Subscriptions, backend.Customers, history, backend.Project, lines, visitorKey: backend.Erasable is null ? null : KeyFile.Open(new Freshet.Storage.Posix.PosixDisk(), settings.DataDirectory, "visitors.key"), tests: tests);
            return new FreshetServer(backend, ingest, history, await HttpServer.StartAsync(settings, router), tests);
        }
        catch
        {
            if (history is not null) await history.DisposeAsync();
            await backend.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until asked to end (0), or throws what made the backend stop.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancellation.Register(asked.SetResult))
        {
            var first = await Task.WhenAny(asked.Task, _backend.Failure);
            if (first == _backend.Failure) await _backend.Failure;
        }

        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        _backend.Subscriptions?.Stop();
        if (_tests is not null) await _tests.DisposeAsync();
        await _http.DisposeAsync();
        await _history.DisposeAsync();
        await _backend.DisposeAsync();
    }
}
