using Freshet.Columns;

namespace Freshet.Dataflow.Results;

/// <summary>
/// The end of a circuit: keeps a step's output of one share until the engine takes it, after the step.
/// State: none between steps. The engine's thread calls <see cref="Take"/> only when no worker runs.
/// </summary>
public sealed class CollectorOperator : Operator
{
    private readonly List<Batch> _batches = [];

    /// <summary>Bytes of the batches that wait to be taken.</summary>
    public long HeldBytes { get; private set; }

    public override bool RestsWithoutRows => true;

    public override void Accept(int port, Batch batch, StepContext step)
    {
        _batches.Add(batch);
        HeldBytes += batch.Memory.AllocatedBytes;
    }

    public override Batch? Produce(StepContext step) => null;

    /// <summary>Moves the step's batches to <paramref name="batches"/>, with their ownership, in the order in which they came.</summary>
    public void Take(List<Batch> batches)
    {
        batches.AddRange(_batches);
        _batches.Clear();
        HeldBytes = 0;
    }

    public override void Dispose()
    {
        foreach (var batch in _batches) batch.Release();
        _batches.Clear();
        base.Dispose();
    }
}
