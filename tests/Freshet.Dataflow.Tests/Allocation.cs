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
