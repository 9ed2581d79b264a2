using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Freshet.Engine.Graphs;
using Freshet.Load;
using Freshet.Server.Configuration;
using Freshet.Server.Hosting;
using Freshet.Server.Profiles;
using Microsoft.Win32.SafeHandles;

namespace Freshet.Commands.Bench;

/// <summary>
/// The customer layer with the rules, traits and segments of samples/shop, load generator included. Each profile is told who it is
/// and sends one event; then batches of the mix as fast as they go, until all is visible; single posts at 10,000 a second whose answer
/// carries the profile and its segments; reads of profiles, in process and over HTTP; a preview of a segment over all that was sent, with the log in
/// the page cache and after its pages have been given back.
/// Checks the number of profiles and of identifiers, and that every answer carries a profile.
/// </summary>
internal sealed partial class CustomersBenchmark : IBenchmark
{
    private const string Key = "bench";
    private const string Resource = "shop/";
    private const int BatchConnections = 8;
    private const int RateConnections = 64;
    private const int ReadConnections = 64;
    private const int ResponsesPerSecond = 10_000;
    private const double PreviewEvents = 10_000_000;
    private const string Preview = "CREATE SEGMENT preview AS SELECT profile_id FROM events WHERE event = 'Order Completed' GROUP BY profile_id HAVING COUNT(*) >= 2";
    private const int DontNeed = 4;

    public string Name => "customers";

    public string About => "identity, traits and segments of samples/shop";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchOptions options, CancellationToken cancellation)
    {
        var profiles = options.Profiles;
        await WriteProjectAsync(options.Directory, cancellation);
        var flags = new Dictionary<string, string> { ["port"] = "0", ["limits.eventsPerSecond"] = "1000000000", ["limits.queryTime"] = "10m", ["limits.queryBytes"] = "8GiB" };
        var settings = Project.Load(options.Directory, _ => null, flags, [Key]);
        var backend = (PipelineBackend)await PipelineBackend.OpenAsync(settings, TextWriter.Null, cancellation);
        await using var server = await FreshetServer.StartAsync(settings, backend);
        var traffic = new CustomerTraffic();
        var load = new CustomerLoad(new IPEndPoint(IPAddress.Loopback, new Uri(server.Url).Port), Key, traffic, profiles);
        var bytesBefore = backend.StateBytes;

        var started = Stopwatch.GetTimestamp();
        var loaded = await load.BatchesAsync(BatchConnections, (into, n, random, time) => n >= 2L * profiles ? 0 : n < profiles ? traffic.Identify(into, n, time) : traffic.Next(into, random, n - profiles, time, out _), cancellation);
        await VisibleAsync(backend, cancellation);
        var loadSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await CheckAsync(backend, profiles, cancellation);
        var (resident, bytes) = (Environment.WorkingSet, backend.StateBytes - bytesBefore);
        var atLoad = options.ShowsOperators ? backend.Graph() : null;

        var cpu = Environment.CpuUsage.TotalTime;
        started = Stopwatch.GetTimestamp();
        var sent = await load.BatchesAsync(BatchConnections, (into, n, random, time) => n >= 100 && Stopwatch.GetElapsedTime(started) > options.Duration ? 0 : traffic.Next(into, random, random.NextInt64(profiles), time, out _), cancellation);
        await VisibleAsync(backend, cancellation);
        var sentSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        cpu = Environment.CpuUsage.TotalTime - cpu;

        var (stepBefore, syncsBefore, syncBefore, busyBefore) = Now(backend);
        var response = await load.RateAsync(RateConnections, ResponsesPerSecond, "?return=profile,segments", "\"profile\":{\"profile_id\":", options.Duration, cancellation);
        await VisibleAsync(backend, cancellation);
        if (options.ShowsOperators)
        {
            var (step, syncs, sync, busy) = Now(backend);
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"responses: {(step - stepBefore) / options.Duration.TotalSeconds:0} steps/s of {response.Count / 0.8 / (step - stepBefore):0.0} events, operators {(busy - busyBefore) / (step - stepBefore):0} us a step, {(syncs - syncsBefore) / options.Duration.TotalSeconds:0} syncs/s of {(sync - syncBefore).TotalMilliseconds / (syncs - syncsBefore):0.00} ms"));
        }

        var readCpu = Environment.CpuUsage.TotalTime;
        var readMicros = await ReadAsync(backend, profiles, options.Duration, cancellation);
        readCpu = Environment.CpuUsage.TotalTime - readCpu;
        var reads = await load.ReadsAsync(ReadConnections, "?events=0", options.Duration, cancellation);
        var whole = await load.ReadsAsync(ReadConnections, "", options.Duration, cancellation);
        await CheckAsync(backend, profiles, cancellation);
        if (atLoad is not null) Show(atLoad, backend.Graph(), profiles, loaded, backend.Log.LastDurable + 1);
        await load.PreviewAsync(Preview, cancellation);
        var previewCpu = Environment.CpuUsage.TotalTime;
        var warm = await load.PreviewAsync(Preview, cancellation);
        previewCpu = Environment.CpuUsage.TotalTime - previewCpu;
        GiveBackPages(options.Directory);
        var cold = await load.PreviewAsync(Preview, cancellation);
        return
        [
            new("profiles", profiles, "profiles, three identifiers each"),
            new("loadEventsPerSecond", loaded / loadSeconds, "events/s while the profiles come"),
            new("eventsPerSecond", sent / sentSeconds, "events/s in batches of 100, visible"),
            new("eventCpuUs", cpu.TotalMicroseconds / sent, "µs of both cores an event, load generator included"),
            new("responseMsP50", response.PercentileMs(0.5), "ms to the answer with profile and segments"),
            new("responseMsP99", response.PercentileMs(0.99), "ms to the answer with profile and segments"),
            new("responsesPerSecond", response.Count / (options.Duration.TotalSeconds * 0.8), "answers/s, of 10,000 asked for"),
            new("profileReadUs", readMicros, "µs to read a profile in process"),
            new("profileReadCpuUs", readCpu / options.Duration * readMicros, "µs of CPU that it takes"),
            new("profileReadsPerSecond", reads, "reads/s over HTTP without events, 64 connections"),
            new("wholeReadsPerSecond", whole, "reads/s with the ten latest events, from the log"),
            new("bytesPerProfile", (double)bytes / profiles - CustomerTraffic.RawBytes, "bytes of state and views a profile, without its own texts"),
            new("previewSeconds", warm.Seconds * PreviewEvents / warm.Events, "s to preview a segment over 10 M events in the page cache, by the rate over what was sent"),
            new("previewColdSeconds", cold.Seconds * PreviewEvents / cold.Events, "s after the log's pages have been given back"),
            new("previewCpuUs", previewCpu.TotalMicroseconds / warm.Events, "µs of both cores an event of the preview"),
            new("previewEvents", warm.Events, "events that the preview read"),
            new("residentBytesPerProfile", (double)resident / profiles, "bytes of the whole process a profile, its code and all"),
        ];
    }

    private static async Task WriteProjectAsync(string directory, CancellationToken cancellation)
    {
        var assembly = typeof(CustomersBenchmark).Assembly;
        await File.WriteAllTextAsync(Path.Combine(directory, ProjectFile.Name), "{}", cancellation);
        var sql = Directory.CreateDirectory(Path.Combine(directory, "sql")).FullName;
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Resource, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            using var file = File.Create(Path.Combine(sql, name[Resource.Length..] + ".sql"));
            await stream.CopyToAsync(file, cancellation);
        }
    }

    /// <summary>What each operator has done since the profiles came, an event, and what it held then, a profile.</summary>
    private static void Show(CircuitGraph atLoad, CircuitGraph now, int profiles, long loaded, long events)
    {
        var before = atLoad.Nodes.ToDictionary(n => n.Id, n => n.Figures);
        var text = new StringBuilder("   rows in  rows out  us/event  bytes/profile\n");
        foreach (var node in now.Nodes)
        {
            var (was, figures) = (before[node.Id], node.Figures);
            var micros = TimeSpan.FromTicks((long)((figures.BusyTicks - was.BusyTicks) * (double)TimeSpan.TicksPerSecond / Stopwatch.Frequency)).TotalMicroseconds;
            double Each(long a, long b) => (double)(a - b) / (events - loaded);
            text.AppendLine(CultureInfo.InvariantCulture, $"{Each(figures.RowsIn, was.RowsIn),10:0.00}{Each(figures.RowsOut, was.RowsOut),10:0.00}{micros / (events - loaded),10:0.000}{(double)was.StateBytes / profiles,15:0}  {node.Id} <- {string.Join(',', node.Inputs)} {node.Kind} {node.Name}: {node.Title}");
        }

        Console.Error.Write(text);
    }

    private static (long Step, long Syncs, TimeSpan SyncTime, double BusyMicros) Now(PipelineBackend backend)
    {
        using var pin = backend.Views.Pin();
        return (pin.Step, backend.Syncs.Count, backend.Syncs.Time, backend.BusyMicros);
    }

    /// <summary>Takes the log's files out of the page cache, where the system does so.</summary>
    private static void GiveBackPages(string directory)
    {
        if (!OperatingSystem.IsLinux()) return;
        foreach (var path in Directory.EnumerateFiles(directory, "*.log", SearchOption.AllDirectories))
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _ = Advise(file, 0, 0, DontNeed);
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    private static async Task VisibleAsync(PipelineBackend backend, CancellationToken cancellation) =>
        await backend.Views.WhenVisibleAsync(backend.Log.LastDurable, cancellation);

    private static async Task CheckAsync(PipelineBackend backend, int profiles, CancellationToken cancellation)
    {
        await using var rows = await backend.Views.QueryAsync("SELECT COUNT(*), SUM(identifiers) FROM profiles", cancellation);
        var batch = await rows.NextAsync(cancellation) ?? throw new InvalidOperationException("There are no profiles.");
        long found, identifiers;
        unsafe
        {
            (found, identifiers) = (batch.Columns[0].As<long>()[batch.RowAt(0)], batch.Columns[1].As<long>()[batch.RowAt(0)]);
        }

        batch.Release();
        if (found != profiles || identifiers != 3L * profiles) throw new InvalidOperationException($"There are {found} profiles with {identifiers} identifiers, and {profiles} with three each were sent.");
    }

    /// <summary>What GET /api/profiles answers without its latest events, one thread, profiles at random.</summary>
    private static async Task<double> ReadAsync(PipelineBackend backend, int profiles, TimeSpan duration, CancellationToken cancellation)
    {
        var reader = ProfileReader.Of(backend.Views, backend.Customers, backend.Log)!;
        var random = new Random(1);
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        var reads = 0L;
        var started = Stopwatch.GetTimestamp();
        do
        {
            for (var i = 0; i < 100; i++, reads++)
            {
                buffer.ResetWrittenCount();
                json.Reset(buffer);
                using var snapshot = await reader.OpenAsync(cancellation);
                using var reading = new ProfileReading(reader, snapshot);
                var profile = reading.Find("user_id", CustomerTraffic.UserId(random.NextInt64(profiles))) ?? throw new InvalidOperationException("A profile is not found.");
                ProfileJson.Write(json, reader, reading, profile, events: -1);
            }
        }
        while (Stopwatch.GetElapsedTime(started) < duration);
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / reads;
    }
}
