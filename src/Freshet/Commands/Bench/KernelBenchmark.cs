using System.Diagnostics;
using System.Text;
using Freshet.Columns;
using Freshet.Columns.Csv;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;

namespace Freshet.Commands.Bench;

/// <summary>
/// The loops under all operators, one at a time on one core, over batches that lie in the cache. Every round checks its result
/// against a sum that is known beforehand, so that a loop which does less is no faster one.
/// </summary>
internal sealed class KernelBenchmark : IBenchmark
{
    private const int Rows = Batch.TypicalRows;

    private static readonly VectorExpression First = new ColumnReference(0, SqlType.BigInt);
    private static readonly VectorExpression Second = new ColumnReference(1, SqlType.BigInt);

    public string Name => "kernels";

    public string About => "the loops under the operators, on one core";

    public Task<IReadOnlyList<Figure>> RunAsync(BenchOptions options, CancellationToken cancellation)
    {
        var input = Numbers();
        try
        {
            const long Sum = (long)Rows * (Rows - 1) / 2;
            Figure Rate(string name, string what, long expected, Func<long> round) => new(name, Measure(name, options.Duration, expected, round, cancellation), "rows/s: " + what);
            return Task.FromResult<IReadOnlyList<Figure>>(
            [
                Rate("addRowsPerSecond", "BIGINT + BIGINT, overflow checked", Sum + (Rows / 8 * 28), () => Evaluate(input, new CallExpression(ArithmeticKernel.Add, [First, Second], SqlType.BigInt))),
                Rate("compareRowsPerSecond", "BIGINT > BIGINT", Rows - 8, () => Evaluate(input, new CallExpression(ComparisonKernel.Greater, [First, Second], SqlType.Boolean))),
                Rate("hashRowsPerSecond", "hash of two BIGINT", Hash(input), () => Hash(input)),
                Rate("gatherRowsPerSecond", "every row of two BIGINT, in reverse", Sum, () => Gather(input)),
                Rate("consolidateRowsPerSecond", "rows of 8 values to one row each", 8 * (Rows / 8), () => Consolidate(input)),
                Rate("csvRowsPerSecond", "CSV lines of BIGINT, STRING, DOUBLE", Sum, Csv()),
            ]);
        }
        finally
        {
            input.Release();
        }
    }

    private static double Measure(string name, TimeSpan duration, long expected, Func<long> round, CancellationToken cancellation)
    {
        long rounds = 0;
        var started = Stopwatch.GetTimestamp();
        do
        {
            cancellation.ThrowIfCancellationRequested();
            var result = round();
            if (result != expected) throw new InvalidOperationException($"{name}: a round gave {result}, not {expected}.");
            rounds++;
        }
        while (Stopwatch.GetElapsedTime(started) < duration);
        return rounds * Rows / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>The sum of a BIGINT result; the number of rows where a BOOLEAN one is true.</summary>
    private static unsafe long Evaluate(Batch input, CallExpression expression)
    {
        var memory = BatchMemory.Create();
        var context = new EvaluationContext();
        context.Begin(input, memory);
        var result = expression.Evaluate(context);
        long sum = 0;
        if (expression.Type.Equals(SqlType.BigInt)) foreach (var value in new ReadOnlySpan<long>(result.As<long>(), Rows)) sum += value;
        else foreach (var value in new ReadOnlySpan<byte>(result.As<byte>(), Rows)) sum += value;
        memory.Release();
        return sum;
    }

    private static unsafe long Hash(Batch input)
    {
        var memory = BatchMemory.Create();
        var hashes = memory.Allocate<ulong>(Rows);
        HashKernel.Hash(input, [0, 1], 17, hashes);
        var all = 0UL;
        for (var i = 0; i < Rows; i++) all ^= hashes[i];
        memory.Release();
        return (long)all;
    }

    private static unsafe long Gather(Batch input)
    {
        var memory = BatchMemory.Create();
        var rows = memory.Allocate<int>(Rows);
        for (var i = 0; i < Rows; i++) rows[i] = Rows - 1 - i;
        var result = GatherKernel.Gather(input, rows, Rows, BatchMemory.Create());
        memory.Release();
        long sum = 0;
        foreach (var value in new ReadOnlySpan<long>(result.Columns[0].As<long>(), Rows)) sum += value;
        result.Release();
        return sum;
    }

    private static unsafe long Consolidate(Batch input)
    {
        var memory = BatchMemory.Create();
        memory.Retain(input.Memory);
        var result = ConsolidateKernel.Consolidate(new Batch(memory, [input.Columns[1]], Rows));
        long sum = 0;
        for (var i = 0; i < result.Count; i++) sum += result.WeightOf(i);
        if (result.Count != 8) sum = result.Count;
        result.Release();
        return sum;
    }

    private static unsafe Func<long> Csv()
    {
        var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, Rows).Select(i => FormattableString.Invariant($"{i},item {i % 100},{i * 0.25}\n"))));
        var schema = new Schema([new("id", SqlType.BigInt), new("name", SqlType.String), new("price", SqlType.Double)]);
        return () =>
        {
            using var decoder = new CsvRowDecoder(schema, [0, 1, 2], new CsvOptions());
            long sum = 0;
            var left = lines.AsSpan();
            while (left.Length > 0)
            {
                var room = decoder.GetBuffer();
                var count = Math.Min(room.Length, left.Length);
                left[..count].CopyTo(room);
                decoder.Commit(count);
                left = left[count..];
                if (left.Length == 0) decoder.Complete();
                while (decoder.TryRead() is { } batch)
                {
                    foreach (var value in new ReadOnlySpan<long>(batch.Columns[0].As<long>(), batch.Rows)) sum += value;
                    batch.Release();
                }
            }

            return sum;
        };
    }

    /// <summary>0, 1, 2 ... beside 0 to 7 in turn.</summary>
    private static unsafe Batch Numbers()
    {
        var memory = BatchMemory.Create();
        Column[] columns = [Column.Allocate(PhysicalKind.Int64, Rows, memory), Column.Allocate(PhysicalKind.Int64, Rows, memory)];
        for (var i = 0; i < Rows; i++)
        {
            columns[0].As<long>()[i] = i;
            columns[1].As<long>()[i] = i & 7;
        }

        return new Batch(memory, columns, Rows);
    }
}
