using System.Buffers;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Freshet.Engine;
using Freshet.Server;
using Freshet.Syntax;

namespace Freshet.Commands.Bench.Nexmark;

/// <summary>freshet bench nexmark: the queries of the Nexmark suite, timed one after another, one JSON object a line with --json.</summary>
internal static class NexmarkCommand
{
    public static Command Build()
    {
        var queries = new Option<string>("--queries") { Description = "Queries to run, with commas; all without it.", HelpName = "q0,q5" };
        var events = new Option<long>("--events") { Description = "Events of each query.", DefaultValueFactory = _ => 10_000_000, HelpName = "N" };
        var rate = new Option<long>("--tps") { Description = "Events in a second of event time.", DefaultValueFactory = _ => 100_000, HelpName = "N" };
        var warmUp = new Option<long>("--warmup-events") { Description = "Events of the untimed run before each query.", DefaultValueFactory = _ => 2_000_000, HelpName = "N" };
        var workers = new Option<int>("--workers") { Description = "Threads of the engine.", DefaultValueFactory = _ => Math.Min(2, Environment.ProcessorCount), HelpName = "N" };
        var source = new Option<string>("--source") { Description = "generator: events are made while the query runs; memory: before; json: decoded from --file.", DefaultValueFactory = _ => "generator" };
        source.OnlyAmong("generator", "memory", "json");
        var file = new Option<string>("--file") { Description = "JSON lines of events, .gz or not.", HelpName = "FILE" };
        var memory = MemoryOption.Build();
        var json = new Option<bool>("--json") { Description = "One JSON object a line." };
        var profile = new Option<bool>("--profile") { Description = "Show what each operator took." };
        var noDigest = new Option<bool>("--no-digest") { Description = "Leave out the second run that makes the result's digest." };
        var cpu = new Option<double>("--cpu-seconds-min") { Description = "Repeat the timed run until its runs have taken so much CPU time, and the warm-up until half of it.", HelpName = "S" };
        var full = new Option<bool>("--full") { Description = "Make every column of the events, those too that the query does not read." };
        var command = new Command("nexmark", "The queries of the Nexmark suite.") { queries, events, rate, warmUp, workers, source, file, memory, json, profile, noDigest, cpu, full };
        command.SetAction((parsed, cancellation) =>
        {
            var input = Enum.Parse<NexmarkInput>(parsed.GetValue(source)!, ignoreCase: true);
            if (input == NexmarkInput.Json && parsed.GetValue(file) is null) throw new UserException("usage", "--source json reads a file of events: name it with --file.");
            if (parsed.GetValue(events) <= 0 || parsed.GetValue(rate) <= 0 || parsed.GetValue(workers) <= 0) throw new UserException("usage", "--events, --tps and --workers must be above 0.");
            var names = parsed.GetValue(queries)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [.. NexmarkQuery.Names];
            var path = parsed.GetValue(file) is { } given ? Path.GetFullPath(given) : null;
            var of = new NexmarkEvents(input, parsed.GetValue(events), parsed.GetValue(rate), path) { IsFull = parsed.GetValue(full) };
            var budget = MemoryOption.Read(parsed, memory);
            var sideInput = Path.Combine(Path.GetTempPath(), $"freshet-nexmark-{Environment.ProcessId}.csv");
            NexmarkQuery.WriteSideInput(sideInput);
            try
            {
                var run = new NexmarkRun(of, parsed.GetValue(warmUp), parsed.GetValue(workers), sideInput, budget, parsed.GetValue(cpu));
                foreach (var name in names) Show(run, name, parsed.GetValue(json), parsed.GetValue(profile), !parsed.GetValue(noDigest), cancellation);
            }
            finally
            {
                File.Delete(sideInput);
            }

            return Task.FromResult(0);
        });
        ExamplesHelp.Attach(command, ["freshet bench nexmark --queries q0,q5 --events 1000000 --json", "freshet bench nexmark --source json --file events.jsonl.gz --profile"]);
        return command;
    }

    private static void Show(NexmarkRun run, string query, bool asJson, bool withProfile, bool withDigest, CancellationToken cancellation)
    {
        try
        {
            var figures = run.Measure(query, withDigest, cancellation);
            Console.WriteLine(asJson ? Json(figures) : Line(figures));
            if (withProfile) Profile(figures);
        }
        catch (Exception e) when (e is SqlException or EngineException)
        {
            Console.WriteLine(asJson ? JsonSerializer.Serialize(new Dictionary<string, string> { ["query"] = query, ["error"] = e.Message }) : $"{query,-5} {e.Message}");
        }
    }

    private static string Line(NexmarkFigures f) => string.Create(
        CultureInfo.InvariantCulture,
        $"{f.Query,-5} {f.Events / f.Seconds / 1e3,9:#,0} K/s {f.Events / f.CpuSeconds / 1e3,9:#,0} K/s/core {f.Seconds,7:0.00} s {f.CpuSeconds,7:0.00} cpu s {(double)f.AllocatedBytes / f.Events,7:0.00} B/event {f.StateBytes / 1e6,9:#,0.0} MB state {f.PeakRssBytes / 1e6,8:#,0} MB peak {f.OutputRows,11:#,0} rows {f.Digest}");

    private static string Json(NexmarkFigures f)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("query", f.Query);
            json.WriteNumber("events", f.Events);
            json.WriteNumber("seconds", Math.Round(f.Seconds, 3));
            json.WriteNumber("cpuSeconds", Math.Round(f.CpuSeconds, 3));
            json.WriteNumber("eventsPerSecond", Math.Round(f.Events / f.Seconds));
            json.WriteNumber("eventsPerSecondPerCore", Math.Round(f.Events / f.CpuSeconds));
            json.WriteNumber("allocatedBytesPerEvent", Math.Round((double)f.AllocatedBytes / f.Events, 3));
            json.WriteNumber("stateBytes", f.StateBytes);
            json.WriteNumber("peakRssBytes", f.PeakRssBytes);
            json.WriteNumber("outputRows", f.OutputRows);
            json.WriteString("digest", f.Digest);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Profile(NexmarkFigures f)
    {
        Console.WriteLine($"      {"operator",-28} {"rows in",12} {"rows out",12} {"ms",9} {"ns/row",8} {"state rows",11} {"state MB",9}");
        var busy = 0.0;
        foreach (var (name, o) in f.Operators)
        {
            var ms = o.BusyTicks * 1000.0 / Stopwatch.Frequency;
            busy += ms;
            if (o.RowsIn == 0 && o.RowsOut == 0) continue;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"      {name,-28} {o.RowsIn,12:#,0} {o.RowsOut,12:#,0} {ms,9:#,0.0} {ms * 1e6 / Math.Max(1, o.RowsIn),8:0.0} {o.StateRows,11:#,0} {o.StateBytes / 1e6,9:#,0.0}"));
        }

        var rest = f.CpuSeconds * 1000 - busy;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"      {"source, sink and the rest",-28} {f.Events,12:#,0} {"",12} {rest,9:#,0.0} {rest * 1e6 / f.Events,8:0.0}"));
    }
}
