using System.Diagnostics;
using Freshet.Server.Api;
using Freshet.Server.Hosting;
using Freshet.Server.Http;
using Freshet.Server.Ingest;

namespace Freshet.Server.WebConsole;

/// <summary>
/// The last 15 minutes of a server's figures, one sample every 2 s, kept in memory. Counters become rates a second.
/// Cost: a few reads of counters every 2 s and, where events come, at most 100 waits for a step a second. Read by any thread.
/// </summary>
internal sealed class HistorySampler : IAsyncDisposable
{
    public const int EverySeconds = 2;
    public const int SamplesMax = 15 * 60 / EverySeconds;

    private const int ProbeEveryMs = 10;

    private readonly IBackend _backend;
    private readonly IngestService _ingest;
    private readonly Lock _gate = new();
    private readonly List<Series> _series = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private readonly LatencyHistogram _visible = new();
    private readonly LatencyWindow[] _windows;
    private long[] _visibles;
    private long _nextProbe;
    private int _isProbing;
    private long[] _acks;
    private TimeSpan _cpu = Environment.CpuUsage.TotalTime;
    private long _last = Stopwatch.GetTimestamp();
    private int _next;

    public HistorySampler(IBackend backend, IngestService ingest)
    {
        _backend = backend;
        _ingest = ingest;
        _acks = ingest.Counters.Ack.Snapshot();
        _visibles = _visible.Snapshot();
        _windows = [new LatencyWindow("durable", ingest.Counters.Ack), new LatencyWindow("visible", _visible)];
        ingest.Acknowledged += Probe;
        AddAll();
        _running = Task.Run(RunAsync);
    }

    /// <summary>What the figures are, in the order in which they are shown.</summary>
    /// <param name="read">The value now; of a rate, the counter.</param>
    private sealed class Series(string name, string unit, bool isRate, Func<double, double> read)
    {
        private double _before = isRate ? read(0) : 0;

        public string Name => name;

        public string Unit => unit;

        public double[] Values { get; } = new double[SamplesMax];

        public void Sample(int at, double seconds)
        {
            var now = read(seconds);
            Values[at % SamplesMax] = isRate ? Math.Max(0, now - _before) / seconds : now;
            _before = now;
        }
    }

    /// <summary>Shows each series, oldest value first.</summary>
    public void Read(Action<string, string, IEnumerable<double>> show)
    {
        lock (_gate)
        {
            var first = Math.Max(0, _next - SamplesMax);
            foreach (var series in _series)
                show(series.Name, series.Unit, Enumerable.Range(first, _next - first).Select(i => series.Values[i % SamplesMax]));
        }
    }

    /// <summary>Writes the times of the last minute, from a request to durable and to visible, as an array.</summary>
    public void WriteLatencies(System.Text.Json.Utf8JsonWriter json)
    {
        lock (_gate)
        {
            foreach (var window in _windows) window.Write(json);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _ingest.Acknowledged -= Probe;
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private void AddAll()
    {
        var counters = _ingest.Counters;
        Add("accepted", "events/s", true, _ => Volatile.Read(ref counters.Accepted));
        Add("rejected", "events/s", true, _ => Volatile.Read(ref counters.Rejected));
        foreach (var source in _backend.Sources)
        {
            var name = source.Name;
            Add("source " + name, "rows/s", true, _ => _backend.Sources.First(s => s.Name == name).Rows);
        }

        Add("durable p50", "ms", false, _ => counters.Ack.PercentileMs(0.5, _acks));
        Add("durable p99", "ms", false, _ => counters.Ack.PercentileMs(0.99, _acks));
        Add("visible p50", "ms", false, _ => _visible.PercentileMs(0.5, _visibles));
        Add("visible p99", "ms", false, _ => _visible.PercentileMs(0.99, _visibles));
        Add("watermark lag", "s", false, _ => Math.Clamp(_backend.WatermarkLag?.TotalSeconds ?? 0, 0, 1e9));
        Add("backlog", "rows", false, _ => _backend.Sources.FirstOrDefault(s => s.Name == LogEventLog.Topic) is { } events ? Math.Max(0, _backend.Log.LastDurable + 1 - events.Position) : 0);
        Add("errors", "rows/s", true, _ => _backend.Sources.Sum(s => s.Errors));
        Add("processor", "cores", false, Processor);
        Add("memory", "bytes", false, _ => Environment.WorkingSet);
        Add("log", "bytes", false, _ => _backend.LogBytes);
    }

    private void Add(string name, string unit, bool isRate, Func<double, double> read) => _series.Add(new Series(name, unit, isRate, read));

    private double Processor(double seconds)
    {
        var now = Environment.CpuUsage.TotalTime;
        var used = (now - _cpu).TotalSeconds / seconds;
        _cpu = now;
        return used;
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(EverySeconds));
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                var seconds = Stopwatch.GetElapsedTime(_last).TotalSeconds;
                _last = Stopwatch.GetTimestamp();
                lock (_gate)
                {
                    foreach (var series in _series) series.Sample(_next, seconds);
                    _next++;
                    _acks = _ingest.Counters.Ack.Snapshot();
                    _visibles = _visible.Snapshot();
                    _windows[0].Sample(_acks);
                    _windows[1].Sample(_visibles);
                }

                if (_next % (EventVolumes.EverySeconds / EverySeconds) == 0) _ingest.Volumes.Sample();
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>
    /// From a request to its events' being part of the views: of one request at a time, and at most of one every 10 ms.
    /// Called by whoever answers requests, so it returns at once.
    /// </summary>
    private void Probe(Exchange exchange, long sequence)
    {
        var now = Environment.TickCount64;
        if (_backend.Views is not { } views || now < Volatile.Read(ref _nextProbe) || Interlocked.Exchange(ref _isProbing, 1) != 0) return;
        Volatile.Write(ref _nextProbe, now + ProbeEveryMs);
        _ = ProbeAsync(views, exchange.StartedAt, sequence);
    }

    private async Task ProbeAsync(IViewReader views, long startedAt, long sequence)
    {
        try
        {
            await views.WhenVisibleAsync(sequence, _stop.Token);
            _visible.RecordSince(startedAt);
        }
        catch (Exception e) when (e is InvalidOperationException or OperationCanceledException)
        {
            // The engine has stopped.
        }
        finally
        {
            Volatile.Write(ref _isProbing, 0);
        }
    }
}
