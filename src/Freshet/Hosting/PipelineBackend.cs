using System.Text.Json;
using Freshet.Api;
using Freshet.Configuration;
using Freshet.Ingest;
using Freshet.Log;
using Freshet.Storage;

namespace Freshet.Hosting;

/// <summary>The log of a project's data directory, opened and owned.</summary>
internal sealed class PipelineBackend : IBackend, IStatusSection
{
    private readonly LogStore _log;
    private readonly Partition _events;
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private PipelineBackend(LogStore log)
    {
        _log = log;
        _events = log.OpenPartition(LogEventLog.Topic);
        Log = new LogEventLog(log, _events);
        log.Failed += e => _failure.TrySetException(new UserException("log_failed", $"The log has stopped: {e.Message}", UserException.Failed));
    }

    public IEventLog Log { get; }

    public IViewReader? Views => null;

    public IReadOnlyList<IStatusSection> Sections => [this];

    public string? NotReady => null;

    public TimeSpan? WatermarkLag => null;

    public Task Failure => _failure.Task;

    public string Name => "log";

    public static Task<IBackend> OpenAsync(ProjectSettings settings, TextWriter output, CancellationToken cancellation)
    {
        _ = output;
        cancellation.ThrowIfCancellationRequested();
        try
        {
            return Task.FromResult<IBackend>(new PipelineBackend(LogStore.Open(new Freshet.Storage.Posix.PosixDisk(), settings.DataDirectory, new LogOptions { PendingMaxBytes = settings.PendingBytesMax })));
        }
        catch (StorageException e)
        {
            throw new UserException("data_unavailable", e.Message);
        }
    }

    public void ReadEventsSince(long receivedAt, EventVisitor visit) => LogEventLog.Read(_events, receivedAt, visit);

    public void WriteStatus(Utf8JsonWriter json)
    {
        json.WriteNumber("events", _events.DurableOffset.Value);
        json.WriteNumber("bytes", _events.SizeBytes);
        json.WriteNumber("pendingBytes", _log.PendingBytes);
        json.WriteNumber("syncs", _log.Syncs);
    }

    public void WriteMetrics(MetricsText metrics)
    {
        metrics.Counter("freshet_log_events_total", "Records of the topic events.", _events.DurableOffset.Value);
        metrics.Gauge("freshet_log_bytes", "Bytes of the topic events.", _events.SizeBytes);
        metrics.Gauge("freshet_log_pending_bytes", "Bytes that wait for the disk.", _log.PendingBytes);
        metrics.Counter("freshet_log_syncs_total", "Syncs of the log.", _log.Syncs);
    }

    public ValueTask DisposeAsync()
    {
        _log.Dispose();
        return ValueTask.CompletedTask;
    }
}
