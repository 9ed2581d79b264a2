using System.Text.Json;
using Freshet.Customers;
using Freshet.Engine;
using Freshet.Engine.Graphs;
using Freshet.Log;
using Freshet.Server.Api;
using Freshet.Server.Configuration;
using Freshet.Server.Ingest;
using Freshet.Server.Privacy;
using Freshet.Server.Subscriptions;
using Freshet.Sql.Binding;
using Freshet.Storage;

namespace Freshet.Server.Hosting;

/// <summary>The log of a project's data directory and the engine over it, opened and owned.</summary>
internal sealed class PipelineBackend : IBackend, IStatusSection, IErasableLog
{
    private readonly LogStore _log;
    private readonly Partition _events;
    private readonly Pipeline _pipeline;
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private PipelineBackend(LogStore log, Pipeline pipeline)
    {
        _log = log;
        _pipeline = pipeline;

        _events = log.OpenPartition(LogEventLog.Topic);
        Log = new LogEventLog(log, _events);
        Views = new PipelineViews(pipeline, Log);
        Subscriptions = new SubscriptionHub(pipeline);
        pipeline.Failure.ContinueWith(f => _failure.TrySetException(new UserException("engine_failed", $"The engine has stopped: {f.Exception!.InnerException!.Message}", UserException.Failed)), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        log.Failed += e => _failure.TrySetException(new UserException("log_failed", $"The log has stopped: {e.Message}", UserException.Failed));
    }

    public IEventLog Log { get; }

    public IViewReader Views { get; }

    public IErasableLog? Erasable => this;

    public CustomerLayer? Customers => _pipeline.Catalog.Layer as CustomerLayer;

    public ScriptBinder? Project => _pipeline.Catalog;

    public SubscriptionHub? Subscriptions { get; }

    public IReadOnlyList<IStatusSection> Sections => [this, new PipelineStatus(_pipeline), Subscriptions!];

    public string? NotReady => null;

    public IReadOnlyList<SourceFigures> Sources => _pipeline.Sources;

    public long LogBytes => _log.Partitions.Sum(p => p.SizeBytes);

    /// <summary>Native bytes of operators and views.</summary>
    public long StateBytes => _pipeline.ViewBytes + _pipeline.Operators.Sum(o => o.Figures.StateBytes);

    /// <summary>Syncs of the log so far.</summary>
    public (long Count, TimeSpan Time) Syncs => (_log.Syncs, _log.SyncTime);

    /// <summary>Time that operators have taken so far, µs.</summary>
    public double BusyMicros => System.Diagnostics.Stopwatch.GetElapsedTime(0, _pipeline.Operators.Sum(o => o.Figures.BusyTicks)).TotalMicroseconds;

    /// <summary>The circuit with what each operator has done and holds.</summary>
    public CircuitGraph Graph() => _pipeline.Graph();

    public TimeSpan? WatermarkLag =>
        _pipeline.Sources.FirstOrDefault(s => s.Name == LogEventLog.Topic)?.WatermarkMicros is { } micros
            ? DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch.AddMicroseconds(micros)
            : null;

    public Task Failure => _failure.Task;

    public string Name => "log";

    public static Task<IBackend> OpenAsync(ProjectSettings settings, TextWriter output, CancellationToken cancellation)
    {
        LogStore? log = null;
        try
        {
            log = LogStore.Open(new Freshet.Storage.Posix.PosixDisk(), settings.DataDirectory, new LogOptions { PendingMaxBytes = settings.PendingBytesMax });
            log.OpenPartition(LogEventLog.Topic, 0, new TopicSettings { IsRelaxed = settings.EventsAreRelaxed, RetentionTime = settings.EventsRetention, RetentionBytes = settings.EventsRetentionBytes });
            var options = new PipelineOptions
            {
                Workers = settings.Workers,
                EventsAreCut = settings.EventsAreCut,
                EventsWatermarkDelayMs = (long)settings.WatermarkDelay.TotalMilliseconds,
                StateBytesMax = settings.StateBytesMax,
                QueryBytesMax = settings.QueryBytesMax,
                Folder = settings.Folder,
                Output = output,
                Layer = () => new CustomerLayer((long)settings.WatermarkDelay.TotalMilliseconds) { AnonymousTtl = settings.AnonymousTtl, HasAnonymised = Privacy.ReceiptStore.HasAnonymised(new Freshet.Storage.Posix.PosixDisk(), settings.DataDirectory) },
            };
            var files = ProjectSql.Load(settings, Environment.GetEnvironmentVariable);
            if (files.Count == 0) output.WriteLine(ProjectSql.NoFiles(settings));
            var pipeline = Pipeline.Start(log, files, options, Progress(output, cancellation));
            foreach (var change in pipeline.Changes) output.WriteLine(change);
            return Task.FromResult<IBackend>(new PipelineBackend(log, pipeline));
        }
        catch (StorageException e)
        {
            log?.Dispose();
            throw new UserException("data_unavailable", e.Message);
        }
        catch (EngineException e)
        {
            log?.Dispose();
            throw new UserException(e.Code, e.Place is null ? e.Message : $"{e.Place}: {e.Message}");
        }
        catch
        {
            log?.Dispose();
            throw;
        }
    }

    /// <summary>One line a second while a long replay runs, which ends where the start is broken off.</summary>
    private static Action<long, long> Progress(TextWriter output, CancellationToken cancellation)
    {
        var started = System.Diagnostics.Stopwatch.StartNew();
        var shown = 0L;
        return (done, total) =>
        {
            cancellation.ThrowIfCancellationRequested();
            if (started.ElapsedMilliseconds < shown + 1000 && (done < total || shown == 0)) return;
            shown = started.ElapsedMilliseconds;
            output.WriteLine($"replayed {done:N0} of {total:N0} rows, {done / Math.Max(0.001, started.Elapsed.TotalSeconds):N0} rows/s");
        };
    }

    public long EndOf(string topic) => _log.OpenPartition(topic).NextOffset.Value;

    public (long Records, int Segments) Rewrite(string topic, long end, RecordEditor edit) => _log.Rewrite(_log.OpenPartition(topic), new LogOffset(end), edit);

    public IReadOnlyDictionary<string, long> Rebuild() => _pipeline.Rebuild();

    public void ReadEventsSince(long receivedAt, EventVisitor visit) => LogEventLog.Read(_events, receivedAt, visit);

    public void WriteStatus(Utf8JsonWriter json)
    {
        json.WriteNumber("events", _events.DurableOffset.Value);
        json.WriteNumber("bytes", _events.SizeBytes);
        json.WriteNumber("pendingBytes", _log.PendingBytes);
        json.WriteNumber("syncs", _log.Syncs);
        json.WriteNumber("syncMsMean", Math.Round(_log.SyncTime.TotalMilliseconds / Math.Max(1, _log.Syncs), 3));
        json.WriteBoolean("diskFull", _log.IsDiskFull);
        json.WriteStartArray("topics");
        foreach (var topic in Topics())
        {
            json.WriteStartObject();
            json.WriteString("name", topic.Topic);
            json.WriteString("durability", DurabilityOf(topic));
            json.WriteNumber("start", topic.StartOffset.Value);
            json.WriteNumber("end", topic.NextOffset.Value);
            json.WriteNumber("bytes", topic.SizeBytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public void WriteMetrics(MetricsText metrics)
    {
        metrics.Gauge("freshet_log_disk_full", "1 while writes are refused because the disk is full.", _log.IsDiskFull ? 1 : 0);
        metrics.Counter("freshet_log_sync_seconds_total", "Time that syncs took.", _log.SyncTime.TotalSeconds);
        var first = true;
        foreach (var topic in Topics())
        {
            var labels = MetricsText.Label("topic", topic.Topic) + "," + MetricsText.Label("durability", DurabilityOf(topic));
            if (first) metrics.Gauge("freshet_log_topic_bytes", "Bytes of a topic.", topic.SizeBytes, labels);
            else metrics.Sample("freshet_log_topic_bytes", topic.SizeBytes, labels);
            first = false;
        }

        metrics.Counter("freshet_log_events_total", "Records of the topic events.", _events.DurableOffset.Value);
        metrics.Gauge("freshet_log_bytes", "Bytes of the topic events.", _events.SizeBytes);
        metrics.Gauge("freshet_log_pending_bytes", "Bytes that wait for the disk.", _log.PendingBytes);
        metrics.Counter("freshet_log_syncs_total", "Syncs of the log.", _log.Syncs);
    }

    private IEnumerable<Partition> Topics() => _log.Partitions.OrderBy(p => p.Topic, StringComparer.Ordinal);

    private static string DurabilityOf(Partition topic) => topic.Settings.IsRelaxed ? "relaxed" : "durable";

    public ValueTask DisposeAsync()
    {
        _pipeline.Dispose();
        _log.Dispose();
        return ValueTask.CompletedTask;
    }
}
