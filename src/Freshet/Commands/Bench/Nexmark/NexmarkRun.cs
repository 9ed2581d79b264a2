using System.Diagnostics;
using System.Globalization;
using Freshet.Dataflow.Circuits;
using Freshet.Engine;
using Freshet.Engine.Queries;

namespace Freshet.Commands.Bench.Nexmark;

/// <summary>What one query took.</summary>
internal sealed record NexmarkFigures(
    string Query,
    long Events,
    double Seconds,
    double CpuSeconds,
    long AllocatedBytes,
    long StateBytes,
    long PeakRssBytes,
    long OutputRows,
    string Digest,
    IReadOnlyList<(string Name, NodeFigures Figures)> Operators);

/// <summary>
/// Runs one query of the suite: warm-up over fewer events, the timed run in the same process with every output row counted, and a
/// second run for the digest of the result. Where CPU time is asked for, the timed run is repeated until its runs have taken that much, and the
/// warm-up until half of it: a run of 0.3 s is measured before its loops are compiled for good, and before its memory was ever touched.
/// </summary>
internal sealed class NexmarkRun(NexmarkEvents events, long warmUpEvents, int workers, string sideInput, long stateBytesMax = 0, double cpuSecondsMin = 0)
{
    private const int StepsBetweenLooks = 8;

    private readonly Process _process = Process.GetCurrentProcess();

    public NexmarkFigures Measure(string query, bool withDigest, CancellationToken cancellation)
    {
        var begun = CpuSeconds();
        while (warmUpEvents > 0)
        {
            using var warmUp = Start(query, events with { Events = Math.Min(warmUpEvents, events.Events) }, _ => new CountingSink());
            Complete(warmUp, cancellation);
            if (CpuSeconds() - begun >= cpuSecondsMin / 2) break;
        }

        ResetPeak();
        var figures = MeasureOnce(query, cancellation);
        while (figures.CpuSeconds < cpuSecondsMin) figures = Sum(figures, MeasureOnce(query, cancellation));
        var peak = PeakBytes();
        var digest = withDigest ? Result(query, keepsLines: false, cancellation).Digest : "";
        return figures with { PeakRssBytes = peak, Digest = digest };
    }

    private NexmarkFigures MeasureOnce(string query, CancellationToken cancellation)
    {
        var sink = new CountingSink();
        using var run = Start(query, events, _ => sink);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = CpuSeconds();
        var started = Stopwatch.GetTimestamp();
        var state = Complete(run, cancellation);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        cpu = CpuSeconds() - cpu;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        return new NexmarkFigures(query, run.RowsRead, seconds, cpu, allocated, state, 0, sink.Rows, "", run.Operators);
    }

    /// <summary>Two runs of a query as one; what each operator did is that of the last.</summary>
    private static NexmarkFigures Sum(NexmarkFigures first, NexmarkFigures second) => second with
    {
        Events = first.Events + second.Events,
        Seconds = first.Seconds + second.Seconds,
        CpuSeconds = first.CpuSeconds + second.CpuSeconds,
        AllocatedBytes = first.AllocatedBytes + second.AllocatedBytes,
        StateBytes = Math.Max(first.StateBytes, second.StateBytes),
        OutputRows = first.OutputRows + second.OutputRows,
    };

    private double CpuSeconds()
    {
        _process.Refresh();
        return _process.TotalProcessorTime.TotalSeconds;
    }

    /// <summary>A query's result.</summary>
    public ResultSink Result(string query, bool keepsLines, CancellationToken cancellation, int rowsAtOnce = 0)
    {
        ResultSink? sink = null;
        using var run = Start(query, events, schema => sink = new ResultSink(schema, keepsLines), rowsAtOnce);
        Complete(run, cancellation);
        return sink!;
    }

    private BoundedRun Start(string query, NexmarkEvents input, Func<Columns.Schema, Engine.Sinks.IRowSink> sink, int rowsAtOnce = 0)
    {
        // Processing time is an input: a second for each step, from the time at which the events begin.
        var clock = 1_700_000_000_000_000L;
        var options = new PipelineOptions { Workers = workers, Sink = sink, StateBytesMax = stateBytesMax, ClockMicros = () => clock += 1_000_000 };
        if (rowsAtOnce > 0) options = options with { Budget = options.Budget with { Rows = rowsAtOnce } };
        return Script.Start(NexmarkQuery.Text(query, input, sideInput), options).Run;
    }

    /// <summary>Runs to the end; gives the most bytes of state seen on the way.</summary>
    private static long Complete(BoundedRun run, CancellationToken cancellation)
    {
        long most = 0;
        var steps = 0;
        while (run.Step())
        {
            cancellation.ThrowIfCancellationRequested();
            if (steps++ % StepsBetweenLooks == 0) most = Math.Max(most, run.Operators.Sum(o => o.Figures.StateBytes));
        }

        return Math.Max(most, run.Operators.Sum(o => o.Figures.StateBytes));
    }

    /// <summary>Begins a new peak of resident memory, where the system lets a process do so.</summary>
    private static void ResetPeak()
    {
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The peak is then that of the whole process.
        }
    }

    private static long PeakBytes()
    {
        foreach (var line in File.Exists("/proc/self/status") ? File.ReadLines("/proc/self/status") : [])
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal)) return long.Parse(line.AsSpan(6).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture) * 1024;
        return Process.GetCurrentProcess().PeakWorkingSet64;
    }
}
