using Freshet.Columns;

namespace Freshet.Dataflow.Tests;

/// <summary>Holds operators to zero managed bytes a row: a batch may cost a small constant (the batch object and its column array).</summary>
internal static class Allocation
{
    private const int BytesPerBatch = 2048;
    private const int Steps = 200;

    /// <summary>Runs the same batch through many steps and counts what the calls allocate.</summary>
    public static void AssertSteady(Operator op, Func<Batch> make, int rows)
    {
        var step = new StepContext();
        var batch = make();
        for (var i = 0; i < Steps; i++) Run(op, batch, step);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var outputs = 0;
        for (var i = 0; i < Steps; i++) outputs += Run(op, batch, step);
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        batch.Release();
        Assert.True(bytes <= (Steps + outputs) * BytesPerBatch, $"{bytes} bytes for {Steps} batches of {rows} rows, {outputs} batches out");
    }

    /// <summary>
    /// Runs steps whose rows and watermarks move on, as event time does, and counts what the second half of the calls allocates.
    /// </summary>
    /// <param name="inputs">The batches of a step with their ports, made before anything is counted.</param>
    public static void AssertSteady(Operator op, Func<int, (int Port, Batch Batch)[]> inputs, Func<int, long> watermark)
    {
        var steps = Enumerable.Range(0, 2 * Steps).Select(inputs).ToArray();
        var step = new StepContext();
        for (var i = 0; i < Steps; i++) Run(op, steps[i], watermark(i), step);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var batches = 0;
        for (var i = Steps; i < 2 * Steps; i++) batches += steps[i].Length + Run(op, steps[i], watermark(i), step);
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        var rows = steps[Steps..].SelectMany(s => s).Sum(s => (long)s.Batch.Rows);
        op.Dispose();
        Assert.True(bytes <= (long)batches * BytesPerBatch, $"{bytes} bytes for {rows} rows in, {batches} batches in and out");
    }

    private static int Run(Operator op, (int Port, Batch Batch)[] inputs, long watermark, StepContext step)
    {
        step.Begin(step.Step + 1, step.Step * 1_000_000);
        var outputs = 0;
        foreach (var (port, batch) in inputs)
        {
            op.Accept(port, batch, step);
            outputs += Drain(op, step);
        }

        op.EndOfInput(step, watermark);
        outputs += Drain(op, step);
        op.EndOfStep();
        return outputs;
    }

    private static int Run(Operator op, Batch batch, StepContext step)
    {
        step.Begin(step.Step + 1, 0);
        batch.AddReference();
        op.Accept(0, batch, step);
        var outputs = Drain(op, step);
        op.EndOfInput(step, Operator.NoWatermark);
        outputs += Drain(op, step);
        op.EndOfStep();
        return outputs;
    }

    private static int Drain(Operator op, StepContext step)
    {
        var outputs = 0;
        while (op.Produce(step) is { } output)
        {
            output.Release();
            outputs++;
        }

        return outputs;
    }
}
