using System.Diagnostics;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Engine.Nexmark;

namespace Freshet.Commands.Bench;

/// <summary>
/// The generator of Nexmark's events alone, one core, since it is part of every figure beside another engine: ns an event of the fastest
/// round of 64 K events, which other work on the machine disturbs least. Checks the number of events.
/// </summary>
internal sealed class GeneratorBenchmark : IBenchmark
{
    private const int BatchesOfRound = 16;

    private static readonly NexmarkField[] All = Enum.GetValues<NexmarkField>();
    private static readonly NexmarkField[] Bids = [.. All.Where(f => f == NexmarkField.EventType || f >= NexmarkField.BidAuction)];
    private static readonly NexmarkField[] Numbers = [.. Bids.Where(f => f is not (NexmarkField.BidPrice or NexmarkField.BidChannel or NexmarkField.BidUrl or NexmarkField.BidExtra))];

    public string Name => "generator";

    public string About => "events of Nexmark on one core";

    public Task<IReadOnlyList<Figure>> RunAsync(BenchOptions options, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<Figure>>(
    [
        new("allNanos", Measure(All, options.Duration, cancellation), "ns an event: every column"),
        new("bidsNanos", Measure(Bids, options.Duration, cancellation), "ns an event: bids with prices and texts"),
        new("numbersNanos", Measure(Numbers, options.Duration, cancellation), "ns an event: bids without prices and texts"),
    ]);

    private static double Measure(NexmarkField[] fields, TimeSpan duration, CancellationToken cancellation)
    {
        var generator = new NexmarkGenerator(42, 1_700_000_000_000, 1, 100_000, 1);
        var started = Stopwatch.GetTimestamp();
        var fastest = TimeSpan.MaxValue;
        var rounds = 0L;
        do
        {
            cancellation.ThrowIfCancellationRequested();
            var round = Stopwatch.GetTimestamp();
            for (var i = 0; i < BatchesOfRound; i++)
            {
                var memory = BatchMemory.Create();
                generator.Fill(NexmarkColumns.Allocate(fields, Batch.TypicalRows, memory), Batch.TypicalRows, memory);
                memory.Release();
            }

            var taken = Stopwatch.GetElapsedTime(round);
            if (taken < fastest) fastest = taken;
            rounds++;
        }
        while (Stopwatch.GetElapsedTime(started) < duration);
        if (generator.Count != rounds * BatchesOfRound * Batch.TypicalRows) throw new InvalidOperationException($"The generator made {generator.Count} events in {rounds} rounds.");
        return fastest.TotalNanoseconds / (BatchesOfRound * Batch.TypicalRows);
    }
}
