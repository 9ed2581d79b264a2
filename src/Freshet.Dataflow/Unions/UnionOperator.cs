using Freshet.Columns;

namespace Freshet.Dataflow.Unions;

/// <summary>
/// UNION ALL: rows of all inputs, weights added where rows meet again later. Stateless; batches pass as they are, in the order
/// in which they come, so the order between inputs means nothing.
/// </summary>
public sealed class UnionOperator : Operator
{
    private Batch? _batch;

    public override bool RestsWithoutRows => true;

    public override void Accept(int port, Batch batch, StepContext step) => _batch = batch;

    public override Batch? Produce(StepContext step)
    {
        var batch = _batch;
        _batch = null;
        return batch;
    }

    public override void Dispose()
    {
        // Only a step that was broken off leaves it.
        _batch?.Release();
        base.Dispose();
    }
}
