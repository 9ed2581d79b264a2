using System.Diagnostics;
using Freshet.Aggregation;
using Freshet.Columns;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Dataflow.Circuits;
using Freshet.Dataflow.Projection;
using Freshet.Dataflow.Results;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;

namespace Freshet.Commands.Bench;

/// <summary>
/// The engine alone, one core, columns in and columns out: a filter with a projection; GROUP BY on a million keys; one event
/// through twenty operators. Input is made before the clock starts. Checks counts and sums.
/// </summary>
internal sealed class EngineBenchmark : IBenchmark
{
    private const int Keys = 1_000_000;
    private const int BatchRows = 4096;
    private const int Batches = 256;

    public string Name => "engine";

    public string About => "operators over columnar input, on one core";

    public Task<IReadOnlyList<Figure>> RunAsync(BenchOptions options, CancellationToken cancellation)
    {
        var input = Enumerable.Range(0, Batches).Select(Numbers).ToList();
        try
        {
            return Task.FromResult<IReadOnlyList<Figure>>(
            [
                new("filterProjectRowsPerSecond", FilterProject(input, options.Duration, cancellation), "rows/s: k > c; k, k + v"),
                new("groupByRowsPerSecond", GroupBy(input, options.Duration, cancellation), "rows/s: COUNT, SUM by 1,000,000 keys"),
                new("singleEventMicros", SingleEvent(options.Duration, cancellation), "µs: one event through 20 operators"),
            ]);
        }
        finally
        {
            foreach (var batch in input) batch.Release();
        }
    }

    private static double FilterProject(List<Batch> input, TimeSpan duration, CancellationToken cancellation)
    {
        VectorExpression key = new ColumnReference(0, SqlType.BigInt);
        VectorExpression value = new ColumnReference(1, SqlType.BigInt);
        var half = new LiteralExpression(SqlType.BigInt, false, Keys / 2, null);
        var spec = new FilterProjectSpec(
            new CallExpression(ComparisonKernel.Greater, [key, half], SqlType.Boolean),
            [new("k", key), new("sum", new CallExpression(ArithmeticKernel.Add, [key, value], SqlType.BigInt))],
            []);
        var step = new StepContext();
        var filter = new FilterProjectOperator(spec);
        long rows = 0, kept = 0;
        var started = Stopwatch.GetTimestamp();
        do
        {
            cancellation.ThrowIfCancellationRequested();
            foreach (var batch in input)
            {
                batch.AddReference();
                filter.Accept(0, batch, step);
                while (filter.Produce(step) is { } output)
                {
                    kept += output.Count;
                    output.Release();
                }

                rows += batch.Count;
            }
        }
        while (Stopwatch.GetElapsedTime(started) < duration);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (kept < rows * 0.45 || kept > rows * 0.55) throw new InvalidOperationException($"{kept} of {rows} rows passed a filter that passes half.");
        return rows / seconds;
    }

    private static double GroupBy(List<Batch> input, TimeSpan duration, CancellationToken cancellation)
    {
        AggregateOperator? aggregate = null;
        var spec = new AggregateSpec(
            [SqlType.BigInt, SqlType.BigInt], [0], [AggregateCall.CountStar("n"), new AggregateCall("sum", AggregateKind.Sum, 1, SqlType.BigInt)], IsAppendOnly: true);
        var collector = new CollectorOperator();
        using var circuit = new Circuit(
            new CircuitSpec([
                NodeSpec.Source("rows"),
                new NodeSpec("aggregate", "", share => aggregate = new AggregateOperator(spec, share, 1), [new InputSpec(0, EdgeSpec.Keyed(0, [0]))]),
                new NodeSpec("result", "", _ => collector, [new InputSpec(0, EdgeSpec.Local(1))]),
            ]),
            1,
            1);
        var step = new StepContext();
        var results = new List<Batch>();
        var batches = new SourceBatch[input.Count];
        long rows = 0, number = 0;
        var started = Stopwatch.GetTimestamp();
        do
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < batches.Length; i++)
            {
                input[i].AddReference();
                batches[i] = new SourceBatch(0, input[i]);
                rows += input[i].Count;
            }

            step.Begin(++number, 0);
            circuit.Run(step, batches);
            collector.Take(results);
            foreach (var batch in results) batch.Release();
            results.Clear();
        }
        while (Stopwatch.GetElapsedTime(started) < duration);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (aggregate!.StateRows is 0 or > Keys) throw new InvalidOperationException($"{aggregate.StateRows} groups of at most {Keys} keys.");
        return rows / seconds;
    }

    private static unsafe double SingleEvent(TimeSpan duration, CancellationToken cancellation)
    {
        var nodes = new List<NodeSpec> { NodeSpec.Source("rows") };
        var key = new ColumnReference(0, SqlType.BigInt);
        var add = new FilterProjectSpec(null, [new("k", key), new("v", new CallExpression(ArithmeticKernel.Add, [new ColumnReference(1, SqlType.BigInt), key], SqlType.BigInt))], []);
        for (var i = 0; i < 18; i++)
        {
            var from = i;
            nodes.Add(new NodeSpec("project", "", _ => new FilterProjectOperator(add), [new InputSpec(0, EdgeSpec.Local(from))]));
        }

        var sum = new AggregateSpec([SqlType.BigInt, SqlType.BigInt], [0], [new AggregateCall("sum", AggregateKind.Sum, 1, SqlType.BigInt)], IsAppendOnly: true);
        nodes.Add(new NodeSpec("aggregate", "", share => new AggregateOperator(sum, share, 1), [new InputSpec(0, EdgeSpec.Keyed(18, [0]))]));
        var collector = new CollectorOperator();
        nodes.Add(new NodeSpec("result", "", _ => collector, [new InputSpec(0, EdgeSpec.Single(19))]));
        using var circuit = new Circuit(new CircuitSpec([.. nodes]), 1, 1);
        var step = new StepContext();
        var results = new List<Batch>();
        long events = 0, produced = 0;
        var started = Stopwatch.GetTimestamp();
        do
        {
            cancellation.ThrowIfCancellationRequested();
            for (var i = 0; i < 1000; i++)
            {
                var memory = BatchMemory.Create();
                Column[] columns = [Column.Allocate(PhysicalKind.Int64, 1, memory), Column.Allocate(PhysicalKind.Int64, 1, memory)];
                columns[0].As<long>()[0] = events % 100;
                columns[1].As<long>()[0] = 1;
                step.Begin(++events, 0);
                circuit.Run(step, [new SourceBatch(0, new Batch(memory, columns, 1))]);
                collector.Take(results);
                foreach (var batch in results)
                {
                    produced += batch.Count;
                    batch.Release();
                }

                results.Clear();
            }
        }
        while (Stopwatch.GetElapsedTime(started) < duration);
        var micros = Stopwatch.GetElapsedTime(started).TotalMicroseconds / events;
        if (produced < events) throw new InvalidOperationException($"{events} events changed {produced} rows of a sum.");
        return micros;
    }

    private static unsafe Batch Numbers(int number)
    {
        var memory = BatchMemory.Create();
        Column[] columns = [Column.Allocate(PhysicalKind.Int64, BatchRows, memory), Column.Allocate(PhysicalKind.Int64, BatchRows, memory)];
        for (var i = 0; i < BatchRows; i++)
        {
            // A full cycle through the keys in an order without locality.
            var n = (ulong)(number * BatchRows + i);
            columns[0].As<long>()[i] = (long)(n * 2_654_435_761 % Keys);
            columns[1].As<long>()[i] = (long)n & 7;
        }

        return new Batch(memory, columns, BatchRows);
    }
}
