using Freshet.Columns;

namespace Freshet.Dataflow.Arrangements;

/// <summary>
/// Keeps a <see cref="SharedRelation"/> up to its input, and owns it. It gives nothing: those who look into the relation take its changes
/// from the same stream.
/// </summary>
public sealed class SharedRelationOperator(SharedRelation relation) : Operator
{
    public override long StateRows => relation.Rows;

    public override long StateBytes => relation.Bytes;

    public override bool RestsWithoutRows => true;

    public override void Accept(int port, Batch batch, StepContext step) => relation.Add(batch);

    public override Batch? Produce(StepContext step) => null;

    public override void EndOfStep() => relation.EndOfStep();

    public override void Dispose()
    {
        relation.Dispose();
        base.Dispose();
    }
}
